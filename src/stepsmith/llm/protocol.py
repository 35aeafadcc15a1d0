"""The interface of a language model that all other packages use."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from stepsmith.core.model_outputs import ModelOutput
from stepsmith.llm.records import Message, Sampling


class LLM(Protocol):
    """A language model. Safe to call from several threads. The same request gets the same completions again."""

    def complete(
        self,
        messages: Sequence[Message],
        n: int = 1,
        sampling: Sampling | None = None,
        purpose: str = "",
        *,
        first: int = 0,
    ) -> list[ModelOutput]:
        """Return the completions number ``first`` to ``first + n - 1`` of a request.

        ``purpose`` names the stage under which the cost is booked.
        """
        ...


@runtime_checkable
class Witness(Protocol):
    """A model that wants to know what became of its replies, as in a rehearsal; ``ask`` tells it."""

    def understood(self, parsed: object) -> None:
        """Take note of what the last reply was read as, or of the ``ParseFailure``."""
        ...
