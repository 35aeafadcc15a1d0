"""Simple graphs of named shapes, within a domain; they test a feature harder than the type's own generator does.

Vertices are numbered from 1. Shapes are drawn on the numbers 1..n in their natural order and then, half of the time,
renumbered at random, so that vertex 1 may be an end, a hub or any vertex. Edges come in random order; those of
undirected graphs also in random direction.
"""

import random
from collections.abc import Callable
from itertools import combinations
from typing import Literal

from stepsmith.synth.grammar.domain import Domain, Size, Type, pick_length

Edges = list[list[int]]
Shape = Literal["loose", "tree", "path", "star", "cycle", "ladder", "two-sided", "clusters", "apart"]


def graph(rng: random.Random, domain: Domain, size: Size, shapes: tuple[Shape, ...]) -> tuple[int, Edges]:
    """A simple graph, digraph or weighted graph of one of the shapes, as (n, edges); keeps the domain's tags.

    A digraph is acyclic if its domain says so; it never has arcs both ways between two vertices.
    """
    connected = "connected" in domain.tags
    n = pick_length(rng, domain.size, size)
    if connected:
        n = min(n, domain.second[1] + 1)
    while n * (n - 1) // 2 < domain.second[0] and n < domain.size[1]:
        n += 1
    fitting = [shape for shape in shapes if not connected or shape not in ("loose", "clusters", "apart")]
    shape: Shape = rng.choice(fitting) if fitting else "tree"
    pairs = _pairs(rng, n, shape, domain.second)
    names = _names(rng, n)
    if domain.type is Type.DIGRAPH and "acyclic" in domain.tags:
        edges = [[names[u], names[v]] for u, v in pairs]
    else:
        edges = [_either_way(rng, names[u], names[v]) for u, v in pairs]
    rng.shuffle(edges)
    if domain.type is Type.WGRAPH:
        weights = _weights(rng, domain.values, len(edges))
        edges = [[*edge, weight] for edge, weight in zip(edges, weights, strict=True)]
    return n, edges


def _pairs(rng: random.Random, n: int, shape: Shape, count: tuple[int, int]) -> list[tuple[int, int]]:
    """Distinct pairs u < v: the shape's skeleton and some extra ones, ``count`` in all."""
    group = list(range(n + 1))  # extra pairs stay within a cluster, or go from one side to the other
    skeleton: list[tuple[int, int]] = []
    if shape in ("path", "cycle", "ladder"):
        skeleton = [(v - 1, v) for v in range(2, n + 1)]
        if shape == "cycle" and n > 2:
            skeleton.append((1, n))
        if shape == "ladder":
            skeleton += [(v - 2, v) for v in range(3, n + 1)]
    elif shape == "star":
        skeleton = [(1, v) for v in range(2, n + 1)]
    elif shape == "tree":
        skeleton = [(rng.randint(1, v - 1), v) for v in range(2, n + 1)]
    elif shape == "two-sided":
        group = [v % 2 for v in range(n + 1)]
        skeleton = [(v - rng.choice([1, min(3, v - 1 - v % 2)]), v) for v in range(2, n + 1)]
    elif shape == "clusters":
        width = rng.randint(2, max(2, n // 2))
        group = [v // width for v in range(n + 1)]
        skeleton = [(v - 1, v) for v in range(2, n + 1) if group[v] == group[v - 1]]
    elif shape == "apart":  # a path, and an odd cycle that it does not touch
        first = max(1, n - rng.choice([2, 2, 4]))
        skeleton = [(v - 1, v) for v in range(2, n + 1) if v != first]
        skeleton += [(first, n)] if n - first > 1 else []

    def welcome(u: int, v: int) -> bool:
        if shape == "two-sided":
            return group[u] != group[v]
        return shape != "clusters" or group[u] == group[v]

    most = min(count[1], n * (n - 1) // 2)
    extra = rng.choice([0, 1, n // 8, n // 2]) if skeleton else rng.randint(0, 2 * n)
    if shape == "apart":
        extra = 0
    pairs = _extended(rng, n, skeleton[:most], min(most, len(skeleton) + extra), welcome)
    return _extended(rng, n, pairs, min(most, count[0]), lambda _, __: True)


def _extended(
    rng: random.Random, n: int, pairs: list[tuple[int, int]], target: int, welcome: Callable[[int, int], bool]
) -> list[tuple[int, int]]:
    """Add random welcome pairs until there are ``target`` (where they are rare, until they are hard to find)."""
    chosen = set(pairs)
    if 3 * target > n * (n - 1) // 2:  # dense: draw from the list of all others
        others = [pair for pair in combinations(range(1, n + 1), 2) if pair not in chosen and welcome(*pair)]
        return pairs + rng.sample(others, min(len(others), max(0, target - len(pairs))))
    longer = list(pairs)
    for _ in range(20 * target):
        if len(longer) >= target:
            break
        u, v = sorted((rng.randint(1, n), rng.randint(1, n)))
        if u != v and (u, v) not in chosen and welcome(u, v):
            chosen.add((u, v))
            longer.append((u, v))
    return longer


def _names(rng: random.Random, n: int) -> list[int]:
    """New numbers by old ones (index 0 unused): the same, or shuffled."""
    names = list(range(1, n + 1))
    if rng.random() < 0.5:
        rng.shuffle(names)
    return [0, *names]


def _either_way(rng: random.Random, u: int, v: int) -> list[int]:
    return [u, v] if rng.random() < 0.5 else [v, u]


def _weights(rng: random.Random, values: tuple[int, int], count: int) -> list[int]:
    """Weights that are all equal, of two kinds, close together, or anywhere."""
    low, high = values
    style = rng.choice(["equal", "two", "close", "wide", "wide"])
    if style == "equal":
        return [rng.randint(low, high)] * count
    if style == "two":
        return [rng.choice([low, high]) for _ in range(count)]
    top = min(high, low + 5) if style == "close" else high
    return [rng.randint(low, top) for _ in range(count)]
