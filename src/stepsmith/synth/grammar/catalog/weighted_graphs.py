"""Features of undirected graphs with weights."""

import heapq
import random

from stepsmith.synth.grammar.catalog.graph_shapes import Edges, graph
from stepsmith.synth.grammar.domain import Domain, Size, Type, integer, ints
from stepsmith.synth.grammar.feature import Feature, Param, Params, Wrong


def cheapest_routes(n: int, edges: list[list[int]]) -> list[int]:
    neighbours: list[list[tuple[int, int]]] = [[] for _ in range(n + 1)]
    for u, v, weight in edges:
        neighbours[u].append((v, weight))
        neighbours[v].append((u, weight))
    cost = [-1] * (n + 1)
    heap = [(0, 1)]
    while heap:
        paid, u = heapq.heappop(heap)
        if cost[u] != -1:
            continue
        cost[u] = paid
        for v, weight in neighbours[u]:
            if cost[v] == -1:
                heapq.heappush(heap, (paid + weight, v))
    return cost[1:]


def cheapest_routes_slow(n: int, edges: list[list[int]]) -> list[int]:
    cost = {1: 0}
    for _ in range(n):
        for a, b, weight in edges:
            for u, v in ((a, b), (b, a)):
                if u in cost and cost[u] + weight < cost.get(v, cost[u] + weight + 1):
                    cost[v] = cost[u] + weight
    return [cost.get(v, -1) for v in range(1, n + 1)]


def cheapest_routes_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    if x.values[0] < 0:
        return None
    return ints(x.size, (-1, max(0, x.size[1] - 1) * x.values[1]))


def cheapest_routes_inputs(rng: random.Random, domain: Domain, size: Size, _: Params) -> tuple[int, Edges]:
    """Direct edges that cost more than a detour, and vertices out of reach."""
    n, edges = graph(rng, domain, size, ("cycle", "ladder", "star", "clusters", "loose"))
    low, high = domain.values
    middle = (low + high) // 2
    dear = rng.randint(1, n)  # edges at this vertex cost more than others
    return n, [[u, v, max(w, middle) if dear in (u, v) else min(w, middle)] for u, v, w in edges]


def spanning_weight(n: int, edges: list[list[int]]) -> int:
    leader = list(range(n + 1))

    def find(v: int) -> int:
        while leader[v] != v:
            leader[v] = leader[leader[v]]
            v = leader[v]
        return v

    total = 0
    for u, v, weight in sorted(edges, key=lambda edge: edge[2]):
        a, b = find(u), find(v)
        if a != b:
            leader[a] = b
            total += weight
    return total


def spanning_weight_slow(n: int, edges: list[list[int]]) -> int:
    def parts(kept: list[list[int]]) -> list[int]:
        label = list(range(n + 1))
        for _ in range(n):
            for u, v, _weight in kept:
                label[u] = label[v] = min(label[u], label[v])
        return label

    kept = sorted(edges, key=lambda edge: -edge[2])
    for edge in list(kept):  # drop the heaviest edges whose loss separates nothing
        rest = [other for other in kept if other is not edge]
        if parts(rest) == parts(edges):
            kept = rest
    return sum(weight for _, _, weight in kept)


def spanning_weight_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    if x.values[0] < 0:
        return None
    return integer(0, max(0, x.size[1] - 1) * x.values[1])


def spanning_weight_inputs(rng: random.Random, domain: Domain, size: Size, _: Params) -> tuple[int, Edges]:
    """Many cycles, and several parts."""
    return graph(rng, domain, size, ("ladder", "cycle", "clusters", "loose"))


def bottleneck_routes(n: int, edges: list[list[int]]) -> list[int]:
    neighbours: list[list[tuple[int, int]]] = [[] for _ in range(n + 1)]
    for u, v, weight in edges:
        neighbours[u].append((v, weight))
        neighbours[v].append((u, weight))
    need = [-1] * (n + 1)
    heap = [(0, 1)]
    while heap:
        heaviest, u = heapq.heappop(heap)
        if need[u] != -1:
            continue
        need[u] = heaviest
        for v, weight in neighbours[u]:
            if need[v] == -1:
                heapq.heappush(heap, (max(heaviest, weight), v))
    return need[1:]


def bottleneck_routes_slow(n: int, edges: list[list[int]]) -> list[int]:
    need = {1: 0}
    for limit in sorted({weight for _, _, weight in edges}):
        for _ in range(n):
            for u, v, weight in edges:
                if weight <= limit and (u in need or v in need):
                    need.setdefault(u, limit)
                    need.setdefault(v, limit)
    return [need.get(v, -1) for v in range(1, n + 1)]


def bottleneck_routes_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return ints(x.size, (-1, x.values[1])) if x.values[0] >= 0 else None


def light_edges(n: int, edges: list[list[int]], k: int) -> tuple[int, list[list[int]]]:
    return n, [[u, v] for u, v, weight in edges if weight <= k]


def light_edges_slow(n: int, edges: list[list[int]], k: int) -> tuple[int, list[list[int]]]:
    kept = [edge[:] for edge in edges]
    for edge in edges:
        if edge[2] > k:
            kept.remove(edge)
    return n, [edge[:2] for edge in kept]


def light_edges_result(domains: tuple[Domain, ...], params: Params) -> Domain | None:
    (x,) = domains
    if params["k"] == x.values[1] or not x.splits(params["k"]):  # else all edges go, or all stay
        return None
    return Domain(Type.GRAPH, size=x.size, second=(0, x.second[1]))


def light_edges_inputs(rng: random.Random, domain: Domain, size: Size, params: Params) -> tuple[int, Edges]:
    """Weights around the limit, many of them equal to it."""
    n, edges = graph(rng, domain, size, ("ladder", "cycle", "tree", "clusters", "loose"))
    low, high = domain.values
    near = [min(high, max(low, params["k"] + change)) for change in (-3, -1, 0, 0, 1, 1, 4)]
    return n, [[u, v, rng.choice(near)] for u, v, _ in edges]


FEATURES = (
    Feature(
        name="cheapest_routes",
        category="algorithm/graph/shortest path/weighted",
        takes=(Type.WGRAPH,),
        gives=Type.INTS,
        code=cheapest_routes,
        slow=cheapest_routes_slow,
        result=cheapest_routes_result,
        inputs=cheapest_routes_inputs,
        let=(
            "Let the cost of a path be the sum of the weights of its edges. Let {y} be the sequence that holds, for "
            "each vertex of {x} in increasing order of number, the smallest cost of a path from vertex 1 to it, or "
            "-1 if there is no such path. Vertex 1 itself has cost 0.",
            "Imagine that walking along an edge of {x} costs its weight. Let {y} be the sequence that tells, for "
            "each vertex in increasing order of number, the least that one has to pay to get there from vertex 1 "
            "(nothing for vertex 1 itself), or -1 if one cannot get there.",
        ),
        ask=(
            "for each vertex of {x} in increasing order of number, the smallest possible sum of weights on a path from "
            "vertex 1 to it (0 for vertex 1 itself), or -1 if there is no such path",
            "the distances from vertex 1 to all vertices of {x} in increasing order of vertex number, where a distance "
            "is the smallest total weight of a path, or -1 if no path exists",
        ),
        wrong=(
            Wrong("the path found last is extended first", "heapq.heappop(heap)", "heap.pop()"),
            Wrong("edges are counted instead of weights", "paid + weight", "paid + 1"),
            Wrong("edges are followed one way only", "        neighbours[v].append((u, weight))\n", ""),
            Wrong("the heaviest edge is taken as the cost", "paid + weight", "max(paid, weight)"),
        ),
        growth="n log n",
        difficulty=0.7,
        signals=("graph", "heap use", "while loop", "min/max"),
    ),
    Feature(
        name="spanning_weight",
        category="algorithm/graph/connectivity/spanning tree",
        takes=(Type.WGRAPH,),
        gives=Type.INT,
        code=spanning_weight,
        slow=spanning_weight_slow,
        result=spanning_weight_result,
        inputs=spanning_weight_inputs,
        let=(
            "Keep some of the edges of {x}, so that any two vertices that are joined by a path in {x} are still "
            "joined by a path of kept edges. Let {y} be the smallest possible sum of the weights of the kept edges "
            "(0 if no edge has to be kept).",
            "Remove edges of {x} in such a way that no two vertices that were joined by a path become separated. Let "
            "{y} be the least total weight that the remaining edges can have; it is 0 if none remain.",
        ),
        ask=(
            "the smallest possible total weight of a set of edges of {x} such that any two vertices joined by a path "
            "in {x} are also joined by a path of edges of the set",
            "the least total weight that can remain after removing edges of {x} so that no two vertices that were "
            "joined by a path become separated",
        ),
        wrong=(
            Wrong("edges are tried in the given order", "sorted(edges, key=lambda edge: edge[2])", "edges"),
            Wrong("heavy edges are tried first", "key=lambda edge: edge[2]", "key=lambda edge: -edge[2]"),
            Wrong("endpoints are joined instead of their leaders", "leader[a] = b", "leader[u] = v"),
            Wrong("only the heaviest kept edge counts", "total += weight", "total = max(total, weight)"),
        ),
        growth="n log n",
        difficulty=0.8,
        signals=("graph", "sorted call", "accumulation", "set use"),
    ),
    Feature(
        name="bottleneck_routes",
        category="algorithm/graph/shortest path/bottleneck",
        takes=(Type.WGRAPH,),
        gives=Type.INTS,
        code=bottleneck_routes,
        slow=bottleneck_routes_slow,
        result=bottleneck_routes_result,
        inputs=cheapest_routes_inputs,
        let=(
            "Let a path be as hard as the largest weight among its edges. Let {y} be the sequence that holds, for "
            "each vertex of {x} in increasing order of number, how hard an easiest path from vertex 1 to it is, or "
            "-1 if there is no path. For vertex 1 itself, the entry is 0.",
            "Imagine a traveller with strength s, who can use exactly the edges of {x} whose weight is at most s. "
            "Let {y} be the sequence that tells, for each vertex in increasing order of number, the smallest integer "
            "s >= 0 that is enough to get there from vertex 1, or -1 if no strength is enough.",
        ),
        ask=(
            "for each vertex of {x} in increasing order of number, the smallest integer s >= 0 such that it can be "
            "reached from vertex 1 along edges of weight at most s, or -1 if it cannot be reached at all",
            "for each vertex of {x} in increasing order of number, the smallest possible value of the largest weight "
            "on a path from vertex 1 to it (0 for vertex 1 itself), or -1 if there is no path",
        ),
        wrong=(
            Wrong("weights are summed up", "max(heaviest, weight)", "heaviest + weight"),
            Wrong("the path found last is extended first", "heapq.heappop(heap)", "heap.pop()"),
            Wrong("only the last edge counts", "max(heaviest, weight)", "weight"),
            Wrong("unreachable vertices get 0", "return need[1:]", "return [max(s, 0) for s in need[1:]]"),
        ),
        growth="n log n",
        difficulty=1.1,
        signals=("graph", "heap use", "min/max", "comparison"),
    ),
    Feature(
        name="light_edges",
        category="algorithm/graph/construction/filter edges",
        takes=(Type.WGRAPH,),
        gives=Type.GRAPH,
        code=light_edges,
        slow=light_edges_slow,
        result=light_edges_result,
        inputs=light_edges_inputs,
        let=(
            "Let {y} be the graph that has all vertices of {x} and exactly those of its edges, in the same order, "
            "whose weight is at most {k}.",
            "Remove from {x} every edge that weighs more than {k}, and forget the weights of the others. Let {y} be "
            "the graph that remains, with all its vertices and with the edges in their old order.",
        ),
        ask=(
            "the graph that has all vertices of {x} and exactly those of its edges, in the same order, whose weight "
            "is at most {k}",
            "the graph that remains, with all its vertices, when every edge of {x} that weighs more than {k} is "
            "removed and the order of the others is kept",
        ),
        params=(Param("k", 2, 500, given=(8, 992)),),
        wrong=(
            Wrong("edges of exactly the limit are dropped", "weight <= k", "weight < k"),
            Wrong("heavy edges are kept instead", "weight <= k", "weight > k"),
        ),
        growth="n",
        difficulty=-1.8,
        signals=("graph", "list comprehension", "comparison"),
    ),
)
