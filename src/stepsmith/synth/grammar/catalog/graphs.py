"""Features of undirected graphs without weights."""

import collections
import random

from stepsmith.synth.grammar.catalog.graph_shapes import Edges, graph
from stepsmith.synth.grammar.domain import Domain, Size, Type, boolean, ints
from stepsmith.synth.grammar.feature import Feature, Params, Wrong


def bfs_distances(n: int, edges: list[list[int]]) -> list[int]:
    neighbours: list[list[int]] = [[] for _ in range(n + 1)]
    for u, v in edges:
        neighbours[u].append(v)
        neighbours[v].append(u)
    distance = [-1] * (n + 1)
    distance[1] = 0
    queue = collections.deque([1])
    while queue:
        u = queue.popleft()
        for v in neighbours[u]:
            if distance[v] == -1:
                distance[v] = distance[u] + 1
                queue.append(v)
    return distance[1:]


def bfs_distances_slow(n: int, edges: list[list[int]]) -> list[int]:
    distance = [0] + [n] * (n - 1)  # n stands for "not reached": a path has fewer edges
    for _ in range(n):
        for u, v in edges:
            distance[u - 1] = min(distance[u - 1], distance[v - 1] + 1)
            distance[v - 1] = min(distance[v - 1], distance[u - 1] + 1)
    return [d if d < n else -1 for d in distance]


def bfs_distances_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return ints(x.size, (-1, x.size[1] - 1)) if x.size[0] >= 1 else None


def bfs_distances_inputs(rng: random.Random, domain: Domain, size: Size, _: Params) -> tuple[int, Edges]:
    """Long ways round with short cuts, and vertices out of reach."""
    return graph(rng, domain, size, ("path", "cycle", "ladder", "two-sided", "clusters", "loose"))


def component_sizes(n: int, edges: list[list[int]]) -> list[int]:
    neighbours: list[list[int]] = [[] for _ in range(n + 1)]
    for u, v in edges:
        neighbours[u].append(v)
        neighbours[v].append(u)
    component = [0] * (n + 1)
    sizes = [0]
    for start in range(1, n + 1):
        if component[start] == 0:
            component[start] = len(sizes)
            stack = [start]
            count = 0
            while stack:
                u = stack.pop()
                count += 1
                for v in neighbours[u]:
                    if component[v] == 0:
                        component[v] = len(sizes)
                        stack.append(v)
            sizes.append(count)
    return [sizes[c] for c in component[1:]]


def component_sizes_slow(n: int, edges: list[list[int]]) -> list[int]:
    groups = [{v} for v in range(1, n + 1)]
    for u, v in edges:
        touched = [group for group in groups if u in group or v in group]
        groups = [group for group in groups if group not in touched] + [set().union(*touched)]
    return [len(group) for v in range(1, n + 1) for group in groups if v in group]


def component_sizes_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return ints(x.size, (1, max(1, x.size[1]))) if "connected" not in x.tags else None


def component_sizes_inputs(rng: random.Random, domain: Domain, size: Size, _: Params) -> tuple[int, Edges]:
    """Several pieces of uneven size."""
    return graph(rng, domain, size, ("clusters", "clusters", "loose", "tree"))


def vertex_degrees(n: int, edges: list[list[int]]) -> list[int]:
    degree = [0] * n
    for u, v in edges:
        degree[u - 1] += 1
        degree[v - 1] += 1
    return degree


def vertex_degrees_slow(n: int, edges: list[list[int]]) -> list[int]:
    return [sum(v in edge for edge in edges) for v in range(1, n + 1)]


def vertex_degrees_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return ints(x.size, (0, min(x.second[1], max(0, x.size[1] - 1))))


def vertex_degrees_inputs(rng: random.Random, domain: Domain, size: Size, _: Params) -> tuple[int, Edges]:
    """Hubs, and vertices without edges."""
    return graph(rng, domain, size, ("star", "tree", "loose", "clusters"))


def two_colourable(n: int, edges: list[list[int]]) -> bool:
    neighbours: list[list[int]] = [[] for _ in range(n + 1)]
    for u, v in edges:
        neighbours[u].append(v)
        neighbours[v].append(u)
    colour = [-1] * (n + 1)
    for start in range(1, n + 1):
        if colour[start] != -1:
            continue
        colour[start] = 0
        stack = [start]
        while stack:
            u = stack.pop()
            for v in neighbours[u]:
                if colour[v] == -1:
                    colour[v] = 1 - colour[u]
                    stack.append(v)
                elif colour[v] == colour[u]:
                    return False
    return True


def two_colourable_slow(n: int, edges: list[list[int]]) -> bool:
    odd_walks = {(u, v) for u, v in edges} | {(v, u) for u, v in edges}
    even_walks = {(v, v) for v in range(1, n + 1)}
    for _ in range(2 * n):  # walks of every length up to 4n, by parity
        even_walks |= {(s, w) for s, t in odd_walks for u, v in edges for t2, w in ((u, v), (v, u)) if t == t2}
        odd_walks |= {(s, w) for s, t in even_walks for u, v in edges for t2, w in ((u, v), (v, u)) if t == t2}
    return all((v, v) not in odd_walks for v in range(1, n + 1))


def two_colourable_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return boolean() if x.second[1] >= 3 else None


def two_colourable_inputs(rng: random.Random, domain: Domain, size: Size, _: Params) -> tuple[int, Edges]:
    """Two-sided graphs, some spoilt by one edge, and odd cycles away from vertex 1."""
    return graph(rng, domain, size, ("two-sided", "two-sided", "cycle", "clusters", "apart", "apart"))


def components_after_edges(n: int, edges: list[list[int]]) -> list[int]:
    leader = list(range(n + 1))

    def find(v: int) -> int:
        while leader[v] != v:
            leader[v] = leader[leader[v]]
            v = leader[v]
        return v

    components = n
    result = []
    for u, v in edges:
        a, b = find(u), find(v)
        if a != b:
            leader[a] = b
            components -= 1
        result.append(components)
    return result


def components_after_edges_slow(n: int, edges: list[list[int]]) -> list[int]:
    group = {v: {v} for v in range(1, n + 1)}
    result = []
    for u, v in edges:
        union = group[u] | group[v]
        for w in union:
            group[w] = union
        result.append(len({min(members) for members in group.values()}))
    return result


def components_after_edges_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return ints(x.second, (1, max(1, x.size[1] - 1)))


def components_after_edges_inputs(rng: random.Random, domain: Domain, size: Size, _: Params) -> tuple[int, Edges]:
    """Many edges that close a cycle, among few that join two parts."""
    return graph(rng, domain, size, ("cycle", "ladder", "clusters", "loose"))


FEATURES = (
    Feature(
        name="bfs_distances",
        category="algorithm/graph/shortest path/unweighted",
        takes=(Type.GRAPH,),
        gives=Type.INTS,
        code=bfs_distances,
        slow=bfs_distances_slow,
        result=bfs_distances_result,
        inputs=bfs_distances_inputs,
        let=(
            "Let {y} be the sequence that holds, for each vertex of {x} in increasing order of number, the smallest "
            "number of edges on a path from vertex 1 to it, or -1 if there is no such path.",
            "Let {y} be the sequence of the distances of all vertices of {x}, in increasing order of vertex number. "
            "The distance of a vertex is the smallest number of edges that one has to walk along to get to it from "
            "vertex 1, or -1 if it cannot be reached.",
        ),
        ask=(
            "for each vertex of {x} in increasing order of number, the smallest number of edges on a path from "
            "vertex 1 to it, or -1 if there is no such path",
            "the distances from vertex 1 to all vertices of {x}, in increasing order of vertex number, where a "
            "distance is the smallest number of edges on a path, or -1 if no path exists",
        ),
        wrong=(
            Wrong("the newest vertex is visited first", "queue.popleft()", "queue.pop()"),
            Wrong("edges are followed one way only", "        neighbours[v].append(u)\n", ""),
            Wrong("unreachable vertices get 0", "return distance[1:]", "return [max(d, 0) for d in distance[1:]]"),
        ),
        growth="n",
        difficulty=-0.2,
        signals=("graph", "queue use", "while loop", "search"),
    ),
    Feature(
        name="component_sizes",
        category="algorithm/graph/connectivity/components",
        takes=(Type.GRAPH,),
        gives=Type.INTS,
        code=component_sizes,
        slow=component_sizes_slow,
        result=component_sizes_result,
        inputs=component_sizes_inputs,
        let=(
            "Let {y} be the sequence that holds, for each vertex of {x} in increasing order of number, how many "
            "vertices can be reached from it along edges, the vertex itself included.",
            "Say that two vertices of {x} belong together if a path joins them, and that every vertex belongs "
            "together with itself. Let {y} be the sequence that tells, for each vertex in increasing order of "
            "number, how many vertices belong together with it, itself included.",
        ),
        ask=(
            "for each vertex of {x} in increasing order of number, the number of vertices that can be reached from "
            "it along edges, the vertex itself included",
            "for each vertex in increasing order of number, the size of the connected component of {x} that "
            "contains it",
        ),
        wrong=(
            Wrong("the vertex itself is not counted", "count = 0", "count = -1"),
            Wrong("only direct neighbours are gathered", "stack.append(v)", "count += 1"),
            Wrong("edges are followed one way only", "        neighbours[v].append(u)\n", ""),
        ),
        growth="n",
        difficulty=-0.3,
        signals=("graph", "stack use", "counting", "recursion"),
    ),
    Feature(
        name="vertex_degrees",
        category="algorithm/graph/local structure/degree",
        takes=(Type.GRAPH,),
        gives=Type.INTS,
        code=vertex_degrees,
        slow=vertex_degrees_slow,
        result=vertex_degrees_result,
        inputs=vertex_degrees_inputs,
        let=(
            "Let {y} be the sequence that holds, for each vertex of {x} in increasing order of number, the number of "
            "edges that have it as an endpoint.",
            "Let {y} be the sequence of the degrees of all vertices of {x}, in increasing order of vertex number, "
            "where the degree of a vertex is the number of edges that touch it.",
        ),
        ask=(
            "for each vertex of {x} in increasing order of number, the number of edges that have it as an endpoint",
            "the degrees of the vertices of {x} (for each, the number of edges that touch it), in increasing order "
            "of vertex number",
        ),
        wrong=(
            Wrong("only the first endpoint of an edge counts", "        degree[v - 1] += 1\n", ""),
            Wrong("only the second endpoint of an edge counts", "        degree[u - 1] += 1\n", ""),
        ),
        growth="n",
        difficulty=-2.1,
        signals=("graph", "counting", "pairs"),
    ),
    Feature(
        name="two_colourable",
        category="algorithm/graph/traversal/bipartite check",
        takes=(Type.GRAPH,),
        gives=Type.BOOL,
        code=two_colourable,
        slow=two_colourable_slow,
        result=two_colourable_result,
        inputs=two_colourable_inputs,
        let=(
            "Let {y} be true if every vertex of {x} can be painted black or white so that the two endpoints of each "
            "edge get different colours, and false otherwise.",
            "Suppose the vertices of {x} are to be split into two teams, either of which may be empty, with no edge "
            "between two members of the same team. Let {y} be true if this is possible, and false otherwise.",
        ),
        ask=(
            "the vertices of {x} can be painted black and white so that the two endpoints of each edge get different "
            "colours",
            "the vertices of {x} can be split into two teams, either of which may be empty, so that no edge joins "
            "two members of the same team",
        ),
        wrong=(
            Wrong(
                "only the part around vertex 1 is looked at", "range(1, n + 1):\n        if", "range(1, 2):\n        if"
            ),
            Wrong("the vertices reached are not followed further", "stack.append(v)", "pass"),
            Wrong("edges are followed one way only", "        neighbours[v].append(u)\n", ""),
        ),
        growth="n",
        difficulty=0.3,
        signals=("graph", "boolean logic", "stack use", "early exit"),
    ),
    Feature(
        name="components_after_edges",
        category="algorithm/graph/connectivity/union-find",
        takes=(Type.GRAPH,),
        gives=Type.INTS,
        code=components_after_edges,
        slow=components_after_edges_slow,
        result=components_after_edges_result,
        inputs=components_after_edges_inputs,
        let=(
            "Start with the vertices of {x} and no edges, and add the edges of {x} one at a time in the given order. "
            "Let {y} be the sequence of the numbers of connected components right after each addition. It is empty "
            "if there are no edges.",
            "Draw the edges of {x} one after another in the given order, on a sheet that shows only the vertices at "
            "first, and write down the number of connected components after each edge. Let {y} be the sequence of "
            "the written numbers, which is empty if there are no edges.",
        ),
        ask=(
            "the numbers of connected components after each edge of {x} if one starts with the vertices alone and adds "
            "the edges one at a time in the given order",
            "for each edge of {x} in the given order, the number of connected components of the graph that consists "
            "of all the vertices, this edge and the edges before it",
        ),
        wrong=(
            Wrong("every edge is taken to join two components", "if a != b:", "if True:"),
            Wrong("endpoints are joined instead of their leaders", "leader[a] = b", "leader[u] = v"),
            Wrong(
                "the components are counted before the edge is added",
                "result.append(components)",
                "result.append(components + (a != b))",
            ),
        ),
        growth="n log n",
        difficulty=0.5,
        signals=("graph", "pairs", "counting", "set use"),
    ),
)
