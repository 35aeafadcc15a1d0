"""The form of stdio inputs, learned from known ones: how many lines, how many tokens on each, and what they count.

A form is believed only if every known input has it. Inputs of several forms (test cases with a varying number of lines,
trees, grammars) are not understood, and then nothing is known to be legal.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from stepsmith.audit.search.shapes import Shape

_NUMBER = re.compile(r"-?\d{1,18}\Z")


class TokenCount(NamedTuple):
    """A number of lines or tokens: a constant, or the header's token at ``place`` plus ``extra``."""

    place: tuple[int, int] | None
    extra: int

    def of(self, lines: Sequence[Sequence[object]]) -> int | None:
        """Return the number that an input must have."""
        if self.place is None:
            return self.extra
        line, token = self.place
        value = lines[line][token] if line < len(lines) and token < len(lines[line]) else None
        return value + self.extra if isinstance(value, int) else None


class TextForm:
    """The form of stdio inputs. ``understood`` is False where the known ones have no common form."""

    def __init__(self, known: Sequence[str]) -> None:
        parsed = [tokens_of(text) for text in known]
        self.understood = len(parsed) > 1 and all(parsed)
        if not self.understood:
            return
        self.headers = min(2, min(map(len, parsed)))
        lines = _count([len(p) for p in parsed], parsed, self.headers)
        self.understood = lines is not None
        if lines is None:
            return
        self.lines = lines
        fixed = lines.extra if lines.place is None else self.headers
        self.widths: list[TokenCount] = []
        self.rows: list[list[list[object]]] = []
        for k in range(fixed):
            self._add(parsed, [[p[k]] for p in parsed])
        if lines.place is not None:
            self._add(parsed, [p[fixed:] for p in parsed])
        if self.understood:
            self.shapes = [Shape([token for row in rows for token in row]) for rows in self.rows]
            self.columns = [_columns(rows) for rows in self.rows]

    def _add(self, parsed: list[list[list[object]]], rows: list[list[list[object]]]) -> None:
        """Learn the number of tokens of one line, or of all lines of the body."""
        pairs = [(len(row), p) for p, group in zip(parsed, rows, strict=True) for row in group]
        width = _count([n for n, _ in pairs], [p for _, p in pairs], self.headers) if pairs else TokenCount(None, 0)
        if width is None:
            self.understood = False
            return
        self.widths.append(width)
        self.rows.append([row for group in rows for row in group])

    def why_not(self, text: str) -> str:
        """Return how an input differs from all known ones, or ""."""
        if not self.understood:
            return "the form of the inputs is not understood"
        lines = tokens_of(text)
        if not lines or self.lines.of(lines) != len(lines):
            return "it has another number of lines"
        for k, line in enumerate(lines):
            group = min(k, len(self.widths) - 1)
            if self.widths[group].of(lines) != len(line):
                return f"line {k + 1} has another number of tokens"
            columns = self.columns[group]
            for token, shape in zip(line, columns or [self.shapes[group]] * len(line), strict=False):
                if why := shape.why_not(token):
                    return f"line {k + 1}: {why}"
        return ""


def tokens_of(text: str) -> list[list[object]]:
    """Return the tokens of each line, integers as such; [] for an input with blank lines inside."""
    lines = [line.split() for line in text.rstrip("\n").split("\n")]
    if not all(lines):
        return []
    return [[int(token) if _NUMBER.match(token) else token for token in line] for line in lines]


def _count(numbers: Sequence[int], parsed: Sequence[list[list[object]]], headers: int) -> TokenCount | None:
    """Return what gives ``numbers`` for the inputs, a header's token rather than a constant; None if nothing does."""
    places = [(i, j) for i in range(headers) for j in range(min(len(p[i]) if i < len(p) else 0 for p in parsed))]
    for place in places:
        values = [p[place[0]][place[1]] for p in parsed]
        if not all(isinstance(value, int) for value in values):
            continue
        extras = {n - value for n, value in zip(numbers, values, strict=True) if isinstance(value, int)}
        if len(extras) == 1 and len(set(numbers)) > 1 and 0 <= min(extras) <= 3:
            return TokenCount(place, extras.pop())
    return TokenCount(None, numbers[0]) if len(set(numbers)) == 1 else None


def _columns(rows: Sequence[Sequence[object]]) -> list[Shape]:
    """Return a shape for each column where all rows have a few tokens; [] where a row is a list."""
    widths = {len(row) for row in rows}
    if len(widths) != 1 or not 0 < max(widths) <= 6:
        return []
    return [Shape([row[k] for row in rows]) for k in range(max(widths))]
