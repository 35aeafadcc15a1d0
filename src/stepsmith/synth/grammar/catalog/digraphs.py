"""Features of directed graphs."""

import random
from itertools import pairwise

from stepsmith.synth.grammar.catalog.graph_shapes import Edges, graph
from stepsmith.synth.grammar.domain import Domain, Size, Type, integer, ints, pick_length
from stepsmith.synth.grammar.feature import Feature, Params, Wrong


def longest_arc_paths(n: int, edges: list[list[int]]) -> list[int]:
    following: list[list[int]] = [[] for _ in range(n + 1)]
    incoming = [0] * (n + 1)
    for u, v in edges:
        following[u].append(v)
        incoming[v] += 1
    longest = [0] * (n + 1)
    order = [v for v in range(1, n + 1) if incoming[v] == 0]
    for u in order:
        for v in following[u]:
            longest[v] = max(longest[v], longest[u] + 1)
            incoming[v] -= 1
            if incoming[v] == 0:
                order.append(v)
    return longest[1:]


def longest_arc_paths_slow(n: int, edges: list[list[int]]) -> list[int]:
    longest = [0] * (n + 1)
    ends = set(range(1, n + 1))  # the ends of all walks with so many arcs
    for arcs in range(n):
        for v in ends:
            longest[v] = arcs
        ends = {v for u, v in edges if u in ends}
    return longest[1:]


def longest_arc_paths_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return ints(x.size, (0, max(0, x.size[1] - 1))) if "acyclic" in x.tags else None


def longest_arc_paths_inputs(rng: random.Random, domain: Domain, size: Size, _: Params) -> tuple[int, Edges]:
    """Long chains with short cuts."""
    return graph(rng, domain, size, ("path", "ladder", "tree", "clusters", "loose"))


def path_counts(n: int, edges: list[list[int]]) -> list[int]:
    following: list[list[int]] = [[] for _ in range(n + 1)]
    incoming = [0] * (n + 1)
    for u, v in edges:
        following[u].append(v)
        incoming[v] += 1
    count = [0] * (n + 1)
    count[1] = 1
    order = [v for v in range(1, n + 1) if incoming[v] == 0]
    for u in order:
        for v in following[u]:
            count[v] = (count[v] + count[u]) % 1_000_000_007
            incoming[v] -= 1
            if incoming[v] == 0:
                order.append(v)
    return count[1:]


def path_counts_slow(n: int, edges: list[list[int]]) -> list[int]:
    count = [0] * (n + 1)
    walks = {1: 1}  # how many walks of so many arcs lead from vertex 1 to each end
    while walks:
        longer: dict[int, int] = {}
        for v, ways in walks.items():
            count[v] += ways
            for u, w in edges:
                if u == v:
                    longer[w] = longer.get(w, 0) + ways
        walks = longer
    return [ways % 1_000_000_007 for ways in count[1:]]


def path_counts_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return ints(x.size, (0, 1_000_000_006)) if "acyclic" in x.tags else None


def path_counts_inputs(rng: random.Random, domain: Domain, size: Size, _: Params) -> tuple[int, Edges]:
    """Graphs with many paths, often from vertex 1."""
    return graph(rng, domain, size, ("ladder", "ladder", "cycle", "two-sided"))


def stuck_vertices(n: int, edges: list[list[int]]) -> int:
    preceding: list[list[int]] = [[] for _ in range(n + 1)]
    outgoing = [0] * (n + 1)
    for u, v in edges:
        preceding[v].append(u)
        outgoing[u] += 1
    finished = [v for v in range(1, n + 1) if outgoing[v] == 0]
    for v in finished:
        for u in preceding[v]:
            outgoing[u] -= 1
            if outgoing[u] == 0:
                finished.append(u)
    return n - len(finished)


def stuck_vertices_slow(n: int, edges: list[list[int]]) -> int:
    starts = set(range(1, n + 1))  # where walks of so many arcs can start
    for _ in range(n):
        starts = {u for u, v in edges if v in starts}
    return len(starts)


def stuck_vertices_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return integer(0, x.size[1]) if "acyclic" not in x.tags else None


def chain_with_cycle(rng: random.Random, domain: Domain, size: Size) -> tuple[int, Edges]:
    """A chain through the vertices, and an arc that leads back, as far as so many arcs are allowed."""
    n = min(domain.size[1], max(2, pick_length(rng, domain.size, size)))
    order = rng.sample(range(1, n + 1), n)
    most = domain.second[1]
    arcs = [list(arc) for arc in pairwise(order)][: max(1, most - 1)][:most]
    if arcs and len(arcs) < most:
        first, last = sorted(rng.sample(range(len(arcs) + 1), 2))
        arcs.append([order[last], order[first]])
    rng.shuffle(arcs)
    return n, arcs


def stuck_vertices_inputs(rng: random.Random, domain: Domain, size: Size, _: Params) -> tuple[int, Edges]:
    """Few cycles, with chains that lead into them and out of them."""
    if rng.random() < 0.7:
        return chain_with_cycle(rng, domain, size)
    n, edges = graph(rng, domain, size, ("cycle", "cycle", "path", "tree", "clusters"))
    turned = rng.random() * 0.4  # most arcs lead upwards: long chains, and a cycle here and there
    return n, [[max(arc), min(arc)] if rng.random() < turned else [min(arc), max(arc)] for arc in edges]


FEATURES = (
    Feature(
        name="longest_arc_paths",
        category="algorithm/graph/topological order/longest path",
        takes=(Type.DIGRAPH,),
        gives=Type.INTS,
        code=longest_arc_paths,
        slow=longest_arc_paths_slow,
        result=longest_arc_paths_result,
        inputs=longest_arc_paths_inputs,
        let=(
            "Let {y} be the sequence that holds, for each vertex of {x} in increasing order of number, the largest "
            "number of arcs on a path that ends at this vertex (0 if no arc ends there).",
            "Give rank 0 to every vertex of {x} to which no arc leads, and to any other vertex a rank that is one "
            "higher than the highest rank among the vertices from which an arc leads to it. Let {y} be the sequence "
            "of the ranks of all vertices, listed in increasing order of vertex number.",
        ),
        ask=(
            "for each vertex of {x} in increasing order of number, the largest number of arcs on a path that ends at "
            "this vertex, or 0 if no arc ends there",
            "for each vertex of {x} in increasing order of number, the length, in arcs, of the longest path that ends "
            "at it, where a vertex alone is a path of length 0",
        ),
        wrong=(
            Wrong("the first length found is kept", "max(longest[v], longest[u] + 1)", "longest[v] or longest[u] + 1"),
            Wrong("paths that start at the vertex", "for u, v in edges:", "for v, u in edges:"),
            Wrong("vertices are counted instead of arcs", "longest = [0] * (n + 1)", "longest = [1] * (n + 1)"),
        ),
        growth="n",
        difficulty=0.6,
        signals=("graph", "counting", "min/max", "queue use"),
    ),
    Feature(
        name="path_counts",
        category="algorithm/graph/topological order/counting paths",
        takes=(Type.DIGRAPH,),
        gives=Type.INTS,
        code=path_counts,
        slow=path_counts_slow,
        result=path_counts_result,
        inputs=path_counts_inputs,
        let=(
            "Let {y} be the sequence that holds, for each vertex of {x} in increasing order of number, the number of "
            "different paths from vertex 1 to it, modulo 1000000007. There is one path from vertex 1 to itself: the "
            "one without arcs.",
            "For each vertex of {x}, in increasing order of number, count the paths that start at vertex 1 and end at "
            "this vertex (the path without arcs counts for vertex 1). Let {y} be the sequence of the counts, each "
            "taken modulo 1000000007.",
        ),
        ask=(
            "for each vertex of {x} in increasing order of number, the number of different paths from vertex 1 to it, "
            "modulo 1000000007, where the path without arcs counts for vertex 1",
            "the numbers of paths from vertex 1 to each vertex of {x}, in increasing order of vertex number and modulo "
            "1000000007, with one path, that without arcs, to vertex 1 itself",
        ),
        wrong=(
            Wrong("paths from any source are counted", "count[1] = 1", "count = [int(d == 0) for d in incoming]"),
            Wrong("a vertex counts as soon as it is reached", "if incoming[v] == 0:", "if incoming[v] >= 0:"),
            Wrong("paths are not added up", "(count[v] + count[u])", "max(count[v], count[u])"),
        ),
        growth="n",
        difficulty=0.9,
        signals=("graph", "modular arithmetic", "accumulation", "memo"),
    ),
    Feature(
        name="stuck_vertices",
        category="algorithm/graph/topological order/cycles",
        takes=(Type.DIGRAPH,),
        gives=Type.INT,
        code=stuck_vertices,
        slow=stuck_vertices_slow,
        result=stuck_vertices_result,
        inputs=stuck_vertices_inputs,
        let=(
            "Let {y} be the number of vertices of {x} from which one can walk along arcs without ever having to stop.",
            "Consider walks in {x}, which follow arcs in their direction and may visit a vertex or an arc any number "
            "of times. Let {y} be the number of vertices at which a walk of any desired number of arcs can start.",
        ),
        ask=(
            "the number of vertices of {x} from which one can walk along arcs without ever having to stop",
            "the number of vertices of {x} at which arbitrarily long walks along arcs can start, where a walk may "
            "repeat vertices and arcs",
        ),
        wrong=(
            Wrong("walks against the arcs", "for u, v in edges:", "for v, u in edges:"),
            Wrong("only vertices without arcs are left out", "finished.append(u)", "pass"),
            Wrong("one arc out of a vertex is enough to end there", "outgoing[u] += 1", "outgoing[u] = 1"),
        ),
        growth="n",
        difficulty=1.0,
        signals=("graph", "while loop", "search", "simulation"),
    ),
)
