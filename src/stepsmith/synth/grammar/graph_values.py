"""Random trees and graphs by size class, and what a graph domain admits.

Graphs are simple: no loops, no repeated edges; a digraph may hold both u→v and v→u unless it is acyclic.
"""

import random
from collections.abc import Iterator
from typing import TypeVar, cast

from stepsmith.synth.grammar.domain import Domain, Size, Type, Value, pick_length

Edges = list[list[int]]
_T = TypeVar("_T")


def generate(rng: random.Random, domain: Domain, size: Size) -> tuple[int, Edges]:
    """Draw (n, edges) of a graph type, with shuffled vertex numbers and edge order."""
    n = pick_length(rng, domain.size, size)
    if domain.type is Type.TREE:
        return n, _relabelled(rng, n, _tree_edges(rng, n))
    directed = domain.type is Type.DIGRAPH
    acyclic = "acyclic" in domain.tags
    most = n * (n - 1) // (1 if directed and not acyclic else 2)
    fewest = max(domain.second[0], n - 1 if "connected" in domain.tags else 0)
    m = pick_length(rng, (fewest, max(fewest, min(domain.second[1], most))), size)
    edges = _tree_edges(rng, n) if "connected" in domain.tags else []
    edges += _extra_edges(rng, n, m - len(edges), edges, directed and not acyclic)
    if acyclic:
        order = shuffled(rng, list(range(1, n + 1)))
        return n, shuffled(rng, [[order[u - 1], order[v - 1]] for u, v in edges])  # u < v in hidden order
    edges = _relabelled(rng, n, edges, keep_direction=directed)
    if domain.type is Type.WGRAPH:
        low, high = domain.values
        if rng.random() < 0.3:
            high = min(high, low + 2)  # ties
        weights = rng.choices(range(low, high + 1), k=len(edges))
        edges = [[u, v, weight] for (u, v), weight in zip(edges, weights, strict=True)]
    return n, edges


def _tree_edges(rng: random.Random, n: int) -> Edges:
    """Return the edges [parent, child] of a path, star, caterpillar, broom, binary or random tree on 1..n."""
    shape = rng.choice(["path", "star", "caterpillar", "broom", "binary", "random", "random", "deep"])
    edges = []
    for v in range(2, n + 1):
        if shape == "path":
            parent = v - 1
        elif shape == "star":
            parent = 1
        elif shape == "caterpillar":
            parent = v - 1 if v % 2 == 0 and v > 2 else max(1, v - 2)
        elif shape == "broom":
            parent = v - 1 if v <= n // 2 else max(1, n // 2)
        elif shape == "binary":
            parent = v // 2
        elif shape == "deep":
            parent = rng.randint(max(1, v - 3), v - 1)
        else:
            parent = rng.randint(1, v - 1)
        edges.append([parent, v])
    return edges


def _extra_edges(rng: random.Random, n: int, count: int, taken: Edges, directed: bool) -> Edges:
    """Return ``count`` new edges [u, v]; undirected ones (and arcs of a hidden order) have u < v."""
    present = {(u, v) for u, v in taken}
    most = n * (n - 1) // (1 if directed else 2)
    if count + len(present) > most // 2:  # dense: choose among all that are free
        free = [[u, v] for u in range(1, n + 1) for v in range(1, n + 1) if _fits(u, v, directed, present)]
        return rng.sample(free, min(count, len(free)))
    hubs = rng.choice([n, n, max(2, n // 3)])  # a third of the vertices may hold all extra edges
    if count > hubs * (hubs - 1) // 4:
        hubs = n
    edges: Edges = []
    while len(edges) < count:
        missing = count - len(edges) + 4
        tails, heads = rng.choices(range(1, hubs + 1), k=missing), rng.choices(range(1, n + 1), k=missing)
        for u, v in zip(tails, heads, strict=True):
            if not directed and u > v:
                u, v = v, u
            if u != v and (u, v) not in present and len(edges) < count:
                present.add((u, v))
                edges.append([u, v])
    return edges


def _fits(u: int, v: int, directed: bool, present: set[tuple[int, int]]) -> bool:
    return (u != v if directed else u < v) and (u, v) not in present


def _relabelled(rng: random.Random, n: int, edges: Edges, *, keep_direction: bool = False) -> Edges:
    labels = list(range(1, n + 1))
    if rng.random() < 0.8:
        labels = shuffled(rng, labels)
    renamed = [[labels[u - 1], labels[v - 1]] for u, v in edges]
    if not keep_direction:
        renamed = [
            edge if coin < 0.5 else [edge[1], edge[0]]
            for edge, coin in zip(renamed, _coins(rng, len(renamed)), strict=True)
        ]
    return shuffled(rng, renamed)


def shuffled(rng: random.Random, items: list[_T]) -> list[_T]:
    """Return the items in random order; two times as fast as ``random.shuffle`` on long lists."""
    keys = _coins(rng, len(items))
    return [items[i] for i in sorted(range(len(items)), key=keys.__getitem__)]


def _coins(rng: random.Random, count: int) -> list[float]:
    return [rng.random() for _ in range(count)]


def contains(domain: Domain, value: Value) -> bool:
    """Return whether ``value`` is an (n, edges) pair with the bounds and tags of ``domain``."""
    if not (type(value) is tuple and len(value) == 2):
        return False
    n, edges = cast(tuple[int, Edges], value)
    if type(n) is not int or not domain.size[0] <= n <= domain.size[1] or type(edges) is not list:
        return False
    width = 3 if domain.type is Type.WGRAPH else 2
    for edge in edges:
        if type(edge) is not list or len(edge) != width or any(type(part) is not int for part in edge):
            return False
        if not (1 <= edge[0] <= n and 1 <= edge[1] <= n and edge[0] != edge[1]):
            return False
        if width == 3 and not domain.values[0] <= edge[2] <= domain.values[1]:
            return False
    ends = [(edge[0], edge[1]) for edge in edges]
    directed = domain.type is Type.DIGRAPH
    if len(set(ends if directed else [(min(pair), max(pair)) for pair in ends])) < len(ends):
        return False
    if domain.type is Type.TREE:
        return len(edges) == n - 1 and is_connected(n, ends)
    if not domain.second[0] <= len(edges) <= domain.second[1]:
        return False
    if "connected" in domain.tags and not is_connected(n, ends):
        return False
    return "acyclic" not in domain.tags or is_acyclic(n, ends)


def is_connected(n: int, edges: list[tuple[int, int]]) -> bool:
    """Return whether the undirected graph on 1..n has one component."""
    around = _neighbours(n, [*edges, *((v, u) for u, v in edges)])
    return len(list(_reach(around, 1))) == n


def is_acyclic(n: int, edges: list[tuple[int, int]]) -> bool:
    """Return whether the digraph on 1..n has no directed cycle."""
    after = _neighbours(n, edges)
    waiting = [0] * (n + 1)
    for _, v in edges:
        waiting[v] += 1
    free = [v for v in range(1, n + 1) if waiting[v] == 0]
    for u in free:  # grows while it is read
        for v in after[u]:
            waiting[v] -= 1
            if waiting[v] == 0:
                free.append(v)
    return len(free) == n


def _neighbours(n: int, edges: list[tuple[int, int]]) -> list[list[int]]:
    around: list[list[int]] = [[] for _ in range(n + 1)]
    for u, v in edges:
        around[u].append(v)
    return around


def _reach(around: list[list[int]], start: int) -> Iterator[int]:
    seen, waiting = {start}, [start]
    while waiting:
        u = waiting.pop()
        yield u
        for v in around[u]:
            if v not in seen:
                seen.add(v)
                waiting.append(v)
