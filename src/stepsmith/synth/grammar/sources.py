"""Which inputs a problem may start from: the source domains of each type, at any scale."""

import math

from stepsmith.synth.grammar.domain import Domain, Type, integer, ints, string

LOWERCASE = "abcdefghijklmnopqrstuvwxyz"

# Upper bounds for the number of elements, largest first; a composition takes the largest that its steps can carry.
MOST_EDGES = 4_000  # a line each: larger graphs make files, not harder problems
LADDER = (10_000, 5_000, 2_000, 1_000, 500, 300, 200, 100, 60, 50, 40, 30, 25, 20, 18, 16, 15, 12, 10, 8, 6)

_RANGES = (
    (1, 10**9), (1, 10**6), (1, 10**4), (1, 1000), (1, 100), (0, 1000), (0, 100), (1, 20), (1, 10), (0, 9), (0, 1),
    (-100, 100), (-1000, 1000), (-(10**6), 10**6), (-(10**9), 10**9),
)  # fmt: skip
_ALPHABETS = (
    LOWERCASE, LOWERCASE, "ab", "abc", "01", "0123456789", "()", "()[]{}", "AB", "ACGT", "LRUD", "0123456789+-",
    "abc01234",
)  # fmt: skip

# How often a problem starts from each type, before the seed's signals change these weights.
TYPE_WEIGHT: dict[Type, float] = {
    Type.INTS: 32, Type.STR: 16, Type.WORDS: 6, Type.PAIRS: 8, Type.GRID: 8, Type.MATRIX: 5, Type.INT: 4,
    Type.TREE: 6, Type.GRAPH: 6, Type.DIGRAPH: 4, Type.WGRAPH: 4,
}  # fmt: skip

_MENU: dict[Type, tuple[Domain, ...]] = {
    Type.INT: tuple(integer(1, 10**power) for power in (2, 3, 4, 5, 6, 9, 12)),
    Type.INTS: (
        *(ints((1, 1), values) for values in _RANGES),
        *(ints((2, 2), values) for values in _RANGES[:6]),
        *(ints((1, 1), values, "distinct") for values in ((1, 10**9), (1, 10**6), (-(10**6), 10**6))),
        *(ints((1, 1), values, "sorted") for values in ((1, 10**9), (1, 1000), (-1000, 1000))),
        *(ints((1, 1), values, "sorted", "distinct") for values in ((1, 10**9), (1, 10**6))),
    ),
    Type.STR: tuple(string((1, 1), alphabet) for alphabet in _ALPHABETS),
    Type.WORDS: tuple(
        Domain(Type.WORDS, size=(1, 1), second=(1, longest), alphabet=alphabet)
        for alphabet, longest in ((LOWERCASE, 10), (LOWERCASE, 20), ("abc", 5), ("ab", 8), ("01", 6))
    ),
    Type.PAIRS: tuple(
        Domain(Type.PAIRS, size=(1, 1), values=values)
        for values in ((1, 10**9), (0, 10**6), (1, 1000), (0, 100), (-1000, 1000))
    ),
    Type.GRID: tuple(
        Domain(Type.GRID, size=(1, 1), second=(1, 1), alphabet=alphabet)
        for alphabet in (".#", ".#", ".#", "01", "abc", "RGB", "0123456789")
    ),
    Type.MATRIX: tuple(
        Domain(Type.MATRIX, size=(1, 1), second=(1, 1), values=values)
        for values in ((1, 100), (0, 9), (-100, 100), (1, 10**6), (-(10**6), 10**6), (0, 1))
    ),
    Type.TREE: (Domain(Type.TREE, size=(1, 1)), Domain(Type.TREE, size=(2, 2))),
    Type.GRAPH: (
        Domain(Type.GRAPH, size=(1, 1)),
        Domain(Type.GRAPH, size=(2, 2), second=(1, 1)),
        Domain(Type.GRAPH, size=(2, 2), second=(1, 1), tags=frozenset({"connected"})),
    ),
    Type.DIGRAPH: (
        Domain(Type.DIGRAPH, size=(1, 1)),
        Domain(Type.DIGRAPH, size=(2, 2), second=(1, 1)),
        Domain(Type.DIGRAPH, size=(1, 1), tags=frozenset({"acyclic"})),
    ),
    Type.WGRAPH: tuple(
        Domain(Type.WGRAPH, size=(2, 2), second=(1, 1), values=(1, top), tags=tags)
        for top in (10, 1000, 10**6, 10**9)
        for tags in (frozenset({"connected"}), frozenset())
    ),
}

MICRO_SOURCES = (
    ints((0, 10), (-20, 20)),
    string((0, 10), LOWERCASE[:6]),
)


def menu(type_: Type) -> tuple[Domain, ...]:
    """Return the source domains of a type; upper size bounds are still to be set by ``scaled``."""
    return _MENU[type_]


def scaled(domain: Domain, n: int) -> Domain:
    """Return ``domain`` with about ``n`` elements, cells or edges as its upper size bound."""
    low = domain.size[0]
    if domain.type in (Type.GRID, Type.MATRIX):
        side = max(low, _round(math.isqrt(n)))
        return domain.with_(size=(low, side), second=(domain.second[0], side))
    if domain.type is Type.WORDS:
        return domain.with_(size=(low, max(low, _round(max(6, n // domain.second[1])))))
    if domain.type in (Type.GRAPH, Type.DIGRAPH, Type.WGRAPH):
        n = min(n, MOST_EDGES)
        vertices = max(low, _round(n // 2) if n > 40 else n)
        most = vertices * (vertices - 1) // 2
        return domain.with_(size=(low, vertices), second=(domain.second[0], max(1, min(n, most))))
    if domain.type is Type.INT:
        return domain
    if "distinct" in domain.tags:
        n = min(n, domain.values[1] - domain.values[0] + 1)
    return domain.with_(size=(low, max(low, n)))


def _round(n: int) -> int:
    """Round down to one significant digit and a half (70, 100, 150, 2000): the bounds that statements have."""
    power = 10 ** max(0, len(str(n)) - 2)
    return n // (5 * power) * 5 * power if n >= 10 else n
