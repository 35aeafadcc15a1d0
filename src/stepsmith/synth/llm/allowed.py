"""Which further inputs a problem allows, given the teacher's five inputs and, from some teachers, ``pre_test_f``.

A further input must be like the five: in types, lengths, ranges and letters. Where all lists of a place are ascending,
or have distinct members, its list must be so, too. Then ``pre_test_f`` decides. Without ``pre_test_f``, a further input
is one of the teacher's inputs with members of its lists left out, repeated or moved; nothing else may change, so that
arguments still fit each other. The program defines the outputs of the inputs that are allowed.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from stepsmith.core.integers import literal_text, read_literal
from stepsmith.judge.protocol import Judge
from stepsmith.synth.llm.gates import well_formed


@dataclass(slots=True)
class SeenValues:
    """The values seen at one place of the arguments, merged over all inputs; elements of a list share one place."""

    types: set[type] = field(default_factory=set)
    numbers: list[float] = field(default_factory=list)  # [least, greatest]
    lengths: list[int] = field(default_factory=list)
    letters: set[str] = field(default_factory=set)
    unordered: bool = False  # a list that is not ascending was seen
    repeating: bool = False  # a list with equal members was seen
    members: dict[str, "SeenValues"] = field(default_factory=dict)

    def see(self, value: object) -> None:
        """Widen the range so that it covers ``value``."""
        self.types.add(type(value))
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            self.numbers = [min([*self.numbers, value]), max([*self.numbers, value])]
        elif isinstance(value, (str, bytes, list, tuple, set, dict)):
            self.lengths = [min([*self.lengths, len(value)]), max([*self.lengths, len(value)])]
        if isinstance(value, str):
            self.letters |= set(value)
        elif isinstance(value, list):
            self.unordered |= not _ascending(value)
            self.repeating |= not _distinct(value)
        for name, member in _members(value):
            self.members.setdefault(name, SeenValues()).see(member)

    def covers(self, value: object) -> bool:
        """Say whether ``value`` is like what was seen."""
        if type(value) not in self.types:
            return False
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return self.numbers[0] <= value <= self.numbers[1]
        if isinstance(value, (str, bytes, list, tuple, set, dict)) and not (
            self.lengths[0] <= len(value) <= self.lengths[1]
        ):
            return False
        if isinstance(value, str):
            return set(value) <= self.letters
        if isinstance(value, list) and not (
            (self.unordered or _ascending(value)) and (self.repeating or _distinct(value))
        ):
            return False
        return all(name in self.members and self.members[name].covers(member) for name, member in _members(value))


def rearranged(value: object, known: object) -> bool:
    """Say whether ``value`` is ``known`` with members of its lists left out, repeated or moved."""
    if isinstance(value, list) and isinstance(known, list):
        return all(any(rearranged(member, other) for other in known) for member in value)
    if isinstance(value, tuple) and isinstance(known, tuple) and len(value) == len(known):
        return all(map(rearranged, value, known))
    return type(value) is type(known) and value == known


def _ascending(values: list[object]) -> bool:
    try:
        return all(first <= second for first, second in pairwise(values))  # type: ignore[operator]
    except TypeError:
        return False


def _distinct(values: list[object]) -> bool:
    return len({literal_text(value) for value in values}) == len(values)


def _members(value: object) -> list[tuple[str, object]]:
    """Return (place, member) of a value's members: those of a tuple each have a place, those of others share one."""
    if isinstance(value, tuple):
        return [(str(place), member) for place, member in enumerate(value)]
    if isinstance(value, dict):
        return [("key", key) for key in value] + [("value", member) for member in value.values()]
    if isinstance(value, (list, set)):
        return [("member", member) for member in value]
    return []


class AllowedInputs:
    """Implements ``InputSupply`` for a teacher's problem: it draws known inputs, and says which others are allowed.

    ``form`` is a program that defines ``pre_test_f``, or "".
    """

    def __init__(self, judge: Judge, form: str, inputs: Sequence[str]) -> None:
        self._judge = judge
        self._form = form
        self._inputs = tuple(inputs)
        self._values = [read_literal(text) for text in inputs]
        self._seen = SeenValues()
        for value in self._values:
            self._seen.see(value)

    def draw(self, rng: random.Random) -> str:
        """Return one of the teacher's inputs."""
        return rng.choice(self._inputs)

    def allows(self, text: str) -> bool:
        """Say whether an input is like the teacher's and ``pre_test_f``, if there is one, returns True for it."""
        try:
            value = read_literal(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return False
        if not self._seen.covers(value):
            return False
        if not self._form:
            return any(rearranged(value, known) for known in self._values)
        return well_formed(self._judge, self._form, [text])[0]
