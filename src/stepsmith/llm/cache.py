"""The completion cache: what a client expects of it, the key of an entry, and a cache that ends with the process."""

import threading
from collections.abc import Mapping, Sequence
from typing import Protocol

from stepsmith.core.ids import content_id
from stepsmith.core.model_outputs import Charge, ModelOutput
from stepsmith.llm.records import Message, ModelSpec, Sampling


class Cache(Protocol):
    """Keeps completions and what they cost. Safe to call from several threads."""

    def lookup(self, key: str, samples: Sequence[int]) -> dict[int, ModelOutput]:
        """Return those of ``samples`` that are kept under ``key``."""
        ...

    def reserve(self, charge: Charge) -> None:
        """Write down the worst case of a request that is about to be sent, so that a killed run cannot forget it."""
        ...

    def settle(self, ref: str, charge: Charge | None, kept: Mapping[str, Sequence[ModelOutput]]) -> None:
        """Replace the reserved charge ``ref`` (None: nothing billed) and keep completions by key, in one go."""
        ...


def completion_key(spec: ModelSpec, messages: Sequence[Message], sampling: Sampling) -> str:
    """Return the content id of everything that shapes the answers to a request, save the sample's index.

    The address is not part of it, nor is the way of asking (streaming, n at once, batch): the same weights asked the
    same way are the same distribution.
    """
    return content_id("cmp", spec.weights, tuple(messages), sampling)


class InMemoryCache:
    """A ``Cache`` that ends with the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, int], ModelOutput] = {}

    def lookup(self, key: str, samples: Sequence[int]) -> dict[int, ModelOutput]:
        """See ``Cache``."""
        with self._lock:
            return {sample: self._kept[key, sample] for sample in samples if (key, sample) in self._kept}

    def reserve(self, charge: Charge) -> None:
        """Nothing outlives the process, so there is nothing to write down."""

    def settle(self, _ref: str, _charge: Charge | None, kept: Mapping[str, Sequence[ModelOutput]]) -> None:
        """See ``Cache``."""
        with self._lock:
            for key, completions in kept.items():
                self._kept.update({(key, completion.sample): completion for completion in completions})
