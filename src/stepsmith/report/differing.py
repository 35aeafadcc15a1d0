"""Where two outputs differ: the lines around the first difference, side by side."""

from itertools import zip_longest
from typing import NamedTuple

CONTEXT = 3  # equal lines shown before the first difference
SHOWN_LINES = 12


class LinePair(NamedTuple):
    """A line of the expected and of the actual output; None after its end. ``same`` ignores white space."""

    number: int
    expected: str | None
    actual: str | None
    same: bool


def differing_lines(expected: str, actual: str) -> tuple[list[LinePair], int]:
    """Return the lines around the first difference, and how many lines come after them."""
    want, got = expected.splitlines(), actual.splitlines()
    first = next((i for i, (a, b) in enumerate(zip_longest(want, got)) if _words(a) != _words(b)), 0)
    start, longest = max(0, first - CONTEXT), max(len(want), len(got))
    pairs = []
    for number in range(start, min(longest, start + SHOWN_LINES)):
        left = want[number] if number < len(want) else None
        right = got[number] if number < len(got) else None
        pairs.append(LinePair(number + 1, left, right, _words(left) == _words(right)))
    return pairs, max(0, longest - start - SHOWN_LINES)


def around_difference(expected: str, actual: str, width: int) -> tuple[str, str]:
    """Return the parts of two long lines around their first difference, at most ``width`` characters each."""
    first = next((k for k, (a, b) in enumerate(zip(expected, actual, strict=False)) if a != b), 0)
    start = max(0, first - width // 3) if max(len(expected), len(actual)) > width else 0
    return _part(expected, start, width), _part(actual, start, width)


def _part(line: str, start: int, width: int) -> str:
    return ("…" if start else "") + line[start : start + width] + ("…" if len(line) > start + width else "")


def _words(line: str | None) -> list[str]:
    return (line or "").split()
