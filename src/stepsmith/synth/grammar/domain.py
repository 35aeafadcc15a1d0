"""What is known of a value at a point of a composition: its type and its bounds.

Python representation of each type (function interface; the same inside composed programs):

    INT      int                          TREE     n: int, edges: list[list[int]]  (n-1 edges [u, v], root 1)
    BOOL     bool                         GRAPH    n: int, edges: list[list[int]]  (undirected [u, v])
    INTS     list[int]                    DIGRAPH  n: int, edges: list[list[int]]  (arcs [u, v])
    STR      str                          WGRAPH   n: int, edges: list[list[int]]  (undirected [u, v, w])
    WORDS    list[str]
    PAIRS    list[list[int]]  (intervals [l, r], l <= r)
    GRID     list[str]  (equal-length rows)      MATRIX   list[list[int]]  (equal-length rows)

Vertices are numbered from 1. A value of a graph type has two components, every other type one.
"""

import math
import random
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

Size = Literal["edge", "small", "random", "large", "stress"]
SMALL = 8  # the longest value of class "small"
Value = object  # one of the representations above; a (n, edges) tuple for graph types


class Type(StrEnum):
    """The sorts of the grammar."""

    INT = "int"
    BOOL = "bool"
    INTS = "ints"
    STR = "str"
    WORDS = "words"
    PAIRS = "pairs"
    GRID = "grid"
    MATRIX = "matrix"
    TREE = "tree"
    GRAPH = "graph"
    DIGRAPH = "digraph"
    WGRAPH = "wgraph"


GRAPH_TYPES = frozenset({Type.TREE, Type.GRAPH, Type.DIGRAPH, Type.WGRAPH})


@dataclass(frozen=True, slots=True)
class Domain:
    """Type and inclusive bounds of a value.

    ``size`` bounds the number of elements (INTS, WORDS, PAIRS), characters (STR), rows (GRID, MATRIX) or vertices;
    ``values`` bounds an INT, the elements, interval ends, matrix entries or edge weights; ``second`` bounds columns
    (GRID, MATRIX), the length of each word (WORDS) or the number of edges; ``alphabet`` holds the characters of
    STR, WORDS and GRID. ``tags``: "distinct", "sorted" (INTS), "acyclic" (DIGRAPH), "connected" (GRAPH, WGRAPH).
    """

    type: Type
    size: tuple[int, int] = (1, 1)
    values: tuple[int, int] = (0, 0)
    second: tuple[int, int] = (0, 0)
    alphabet: str = ""
    tags: frozenset[str] = frozenset()

    @property
    def width(self) -> int:
        """The distance between the bounds of the values."""
        return self.values[1] - self.values[0]

    def splits(self, k: int) -> bool:
        """Return whether ``k`` lies in the range of the values, with at least 1/128 of the range on either side of it.

        Where it does not, almost every value is on the same side of ``k``.
        """
        low, high = self.values
        return 128 * min(k - low + 1, high - k + 1) >= self.width and low <= k <= high

    def overlaps(self, other: "Domain") -> bool:
        """Return whether most values are possible in both: at least half of the wider range, and of all characters."""
        shared = min(self.values[1], other.values[1]) - max(self.values[0], other.values[0])
        common, all_ = set(self.alphabet) & set(other.alphabet), set(self.alphabet) | set(other.alphabet)
        return 2 * shared >= max(self.width, other.width) and 2 * len(common) >= len(all_)

    def with_(self, **changes: object) -> "Domain":
        """Return a copy with some fields replaced."""
        return replace(self, **changes)  # type: ignore[arg-type]


def hull(a: Domain, b: Domain) -> Domain:
    """Return the smallest domain that holds the values of two domains of the same type."""
    return Domain(
        a.type,
        size=(min(a.size[0], b.size[0]), max(a.size[1], b.size[1])),
        values=(min(a.values[0], b.values[0]), max(a.values[1], b.values[1])),
        second=(min(a.second[0], b.second[0]), max(a.second[1], b.second[1])),
        alphabet="".join(sorted(set(a.alphabet) | set(b.alphabet))) if a.alphabet != b.alphabet else a.alphabet,
        tags=a.tags & b.tags,
    )


def ints(size: tuple[int, int], values: tuple[int, int], *tags: str) -> Domain:
    """Domain of an integer list."""
    return Domain(Type.INTS, size=size, values=values, tags=frozenset(tags))


def integer(lo: int, hi: int) -> Domain:
    """Domain of one integer."""
    return Domain(Type.INT, values=(lo, hi))


def boolean() -> Domain:
    """Domain of a truth value."""
    return Domain(Type.BOOL, values=(0, 1))


def string(size: tuple[int, int], alphabet: str) -> Domain:
    """Domain of a string."""
    return Domain(Type.STR, size=size, alphabet=alphabet)


def pick_length(rng: random.Random, bounds: tuple[int, int], size: Size) -> int:
    """Pick a length within ``bounds`` (inclusive).

    ``edge`` is near the lower end, ``small`` at most 8, ``large`` in the upper half, ``stress`` at the upper end;
    ``random`` is log-uniform, so that short and middling lengths are as likely as long ones.
    """
    low, high = bounds
    if size == "edge":
        return rng.choice([low, min(high, low + 1)])
    if size == "small":
        return rng.randint(low, max(low, min(high, SMALL)))
    if size == "large":
        return rng.randint((low + high) // 2, high)
    if size == "stress":
        return high
    return min(high, low - 1 + int(math.exp(rng.uniform(0, math.log(high - low + 2)))))
