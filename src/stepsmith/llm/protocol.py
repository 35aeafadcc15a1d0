"""What every layer above asks of a language model."""

from collections.abc import Sequence
from typing import Protocol

from stepsmith.core.model_outputs import ModelOutput
from stepsmith.llm.records import Message, Sampling


class LLM(Protocol):
    """A language model. Safe to call from several threads; the same question gets the same answers again."""

    def complete(
        self, messages: Sequence[Message], n: int = 1, sampling: Sampling | None = None, purpose: str = ""
    ) -> list[ModelOutput]:
        """Return ``n`` samples of the answer; ``purpose`` names the stage in the books."""
        ...
