"""The completion cache: its interface, the key of an entry, and an implementation in memory."""

import threading
from collections.abc import Mapping, Sequence
from typing import Protocol

from stepsmith.core.ids import content_id
from stepsmith.core.model_outputs import Charge, ModelOutput
from stepsmith.llm.records import Message, ModelSpec, Sampling


class Cache(Protocol):
    """Keeps completions and what they cost. Safe to call from several threads."""

    def lookup(self, key: str, samples: Sequence[int]) -> dict[int, ModelOutput]:
        """Return the cached completions of ``key``, by sample; of ``samples`` only."""
        ...

    def reserve(self, charge: Charge) -> None:
        """Store the worst case of a request before it is sent, so that it is known even if the run is killed."""
        ...

    def settle(self, ref: str, charge: Charge | None, kept: Mapping[str, Sequence[ModelOutput]]) -> None:
        """Replace the reserved charge ``ref`` (None: nothing billed) and store completions by key, in one step."""
        ...


def completion_key(spec: ModelSpec, messages: Sequence[Message], sampling: Sampling) -> str:
    """Return the hash of everything that the completions of a request depend on, except the index of the sample.

    The address is not part of it, nor is the form of the request (streamed, several samples at once, in a batch),
    because these do not change the distribution of the completions.
    """
    return content_id("cmp", spec.weights, tuple(messages), sampling)


class InMemoryCache:
    """A ``Cache`` in memory, which is lost when the process ends."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, int], ModelOutput] = {}

    def lookup(self, key: str, samples: Sequence[int]) -> dict[int, ModelOutput]:
        """See ``Cache``."""
        with self._lock:
            return {sample: self._kept[key, sample] for sample in samples if (key, sample) in self._kept}

    def reserve(self, charge: Charge) -> None:
        """Do nothing: nothing is kept after the process ends."""

    def settle(self, _ref: str, _charge: Charge | None, kept: Mapping[str, Sequence[ModelOutput]]) -> None:
        """See ``Cache``."""
        with self._lock:
            for key, completions in kept.items():
                self._kept.update({(key, completion.sample): completion for completion in completions})
