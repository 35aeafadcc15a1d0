"""Features of trees, rooted at vertex 1 or not rooted at all.

The type's own generator draws paths, stars, brooms and all between: no feature needs inputs of its own.
"""

import collections

from stepsmith.synth.grammar.domain import Domain, Type, integer, ints
from stepsmith.synth.grammar.feature import Feature, Params, Wrong


def vertex_depths(n: int, edges: list[list[int]]) -> list[int]:
    neighbours: list[list[int]] = [[] for _ in range(n + 1)]
    for u, v in edges:
        neighbours[u].append(v)
        neighbours[v].append(u)
    depth = [-1] * (n + 1)
    depth[1] = 0
    stack = [1]
    while stack:
        u = stack.pop()
        for v in neighbours[u]:
            if depth[v] == -1:
                depth[v] = depth[u] + 1
                stack.append(v)
    return depth[1:]


def vertex_depths_slow(n: int, edges: list[list[int]]) -> list[int]:
    depth = {1: 0}
    while len(depth) < n:
        for u, v in edges:
            if u in depth:
                depth.setdefault(v, depth[u] + 1)
            elif v in depth:
                depth[u] = depth[v] + 1
    return [depth[v] for v in range(1, n + 1)]


def vertex_depths_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return ints(x.size, (0, max(0, x.size[1] - 1)))


def subtree_sizes(n: int, edges: list[list[int]]) -> list[int]:
    neighbours: list[list[int]] = [[] for _ in range(n + 1)]
    for u, v in edges:
        neighbours[u].append(v)
        neighbours[v].append(u)
    parent = [0] * (n + 1)
    order = [1]
    for u in order:
        for v in neighbours[u]:
            if v != parent[u]:
                parent[v] = u
                order.append(v)
    size = [1] * (n + 1)
    for v in reversed(order):
        size[parent[v]] += size[v]
    return size[1:]


def subtree_sizes_slow(n: int, edges: list[list[int]]) -> list[int]:
    sizes = []
    for blocked in range(1, n + 1):
        reached = {1} - {blocked}  # vertices that can be reached from the root around the blocked one
        for _ in range(n):
            for u, v in edges:
                if blocked not in (u, v) and (u in reached or v in reached):
                    reached |= {u, v}
        sizes.append(n - len(reached))
    return sizes


def subtree_sizes_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return ints(x.size, (1, max(1, x.size[1])))


def tree_diameter(n: int, edges: list[list[int]]) -> int:
    neighbours: list[list[int]] = [[] for _ in range(n + 1)]
    for u, v in edges:
        neighbours[u].append(v)
        neighbours[v].append(u)

    def farthest(start: int) -> tuple[int, int]:
        distance = [-1] * (n + 1)
        distance[start] = 0
        queue = collections.deque([start])
        last = start
        while queue:
            last = queue.popleft()
            for v in neighbours[last]:
                if distance[v] == -1:
                    distance[v] = distance[last] + 1
                    queue.append(v)
        return last, distance[last]

    end, _ = farthest(1)
    return farthest(end)[1]


def tree_diameter_slow(n: int, edges: list[list[int]]) -> int:
    distance = [[0 if u == v else n for v in range(n)] for u in range(n)]
    for u, v in edges:
        distance[u - 1][v - 1] = distance[v - 1][u - 1] = 1
    for k in range(n):
        for i in range(n):
            for j in range(n):
                distance[i][j] = min(distance[i][j], distance[i][k] + distance[k][j])
    return max(max(row) for row in distance)


def tree_diameter_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return integer(min(2, x.size[0] - 1), max(0, x.size[1] - 1))


def distance_sums(n: int, edges: list[list[int]]) -> list[int]:
    neighbours: list[list[int]] = [[] for _ in range(n + 1)]
    for u, v in edges:
        neighbours[u].append(v)
        neighbours[v].append(u)
    parent = [0] * (n + 1)
    order = [1]
    for u in order:
        for v in neighbours[u]:
            if v != parent[u]:
                parent[v] = u
                order.append(v)
    size = [1] * (n + 1)
    total = [0] * (n + 1)
    for v in reversed(order[1:]):
        size[parent[v]] += size[v]
        total[parent[v]] += total[v] + size[v]
    for v in order[1:]:
        total[v] = total[parent[v]] + n - 2 * size[v]
    return total[1:]


def distance_sums_slow(n: int, edges: list[list[int]]) -> list[int]:
    distance = [[0 if u == v else n for v in range(n)] for u in range(n)]
    for u, v in edges:
        distance[u - 1][v - 1] = distance[v - 1][u - 1] = 1
    for k in range(n):
        for i in range(n):
            for j in range(n):
                distance[i][j] = min(distance[i][j], distance[i][k] + distance[k][j])
    return [sum(row) for row in distance]


def distance_sums_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    n = x.size[1]
    return ints(x.size, (x.size[0] - 1, max(0, n * (n - 1) // 2)))


def independent_vertices(n: int, edges: list[list[int]]) -> int:
    neighbours: list[list[int]] = [[] for _ in range(n + 1)]
    for u, v in edges:
        neighbours[u].append(v)
        neighbours[v].append(u)
    parent = [0] * (n + 1)
    order = [1]
    for u in order:
        for v in neighbours[u]:
            if v != parent[u]:
                parent[v] = u
                order.append(v)
    chosen = [1] * (n + 1)
    left_out = [0] * (n + 1)
    for v in reversed(order):
        chosen[parent[v]] += left_out[v]
        left_out[parent[v]] += max(chosen[v], left_out[v])
    return max(chosen[1], left_out[1])


def independent_vertices_slow(n: int, edges: list[list[int]]) -> int:
    near: dict[int, set[int]] = {v: {v} for v in range(1, n + 1)}
    for u, v in edges:
        near[u].add(v)
        near[v].add(u)

    def best(free: frozenset[int]) -> int:
        if not free:
            return 0
        busiest = max(free, key=lambda v: len(near[v] & free))
        taken = 1 + best(free - near[busiest])
        if len(near[busiest] & free) <= 1:
            return taken
        return max(taken, best(free - {busiest}))

    return best(frozenset(near))


def independent_vertices_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return integer((x.size[0] + 1) // 2, max(1, x.size[1] - 1))


FEATURES = (
    Feature(
        name="vertex_depths",
        category="algorithm/tree/traversal/depth",
        takes=(Type.TREE,),
        gives=Type.INTS,
        code=vertex_depths,
        slow=vertex_depths_slow,
        result=vertex_depths_result,
        let=(
            "Let {y} be the sequence that holds, for each vertex of {x} in increasing order of number, the number of "
            "edges on the path between it and vertex 1.",
            "Let {y} be the sequence of the depths of all vertices of {x}, in increasing order of vertex number, "
            "where the depth of a vertex is the number of edges that lie between it and vertex 1.",
        ),
        ask=(
            "for each vertex of {x} in increasing order of number, the number of edges on the path between it and "
            "vertex 1",
            "the depths of all vertices of {x} in increasing order of vertex number, where the depth of a vertex is "
            "the number of edges between it and vertex 1",
        ),
        wrong=(
            Wrong("vertex 1 has depth 1", "depth[1] = 0", "depth[1] = 1"),
            Wrong("edges are taken to lead away from the root", "        neighbours[v].append(u)\n", ""),
            Wrong("children of vertex 1 get depth 0", "depth[u] + 1", "depth[u] + (u != 1)"),
        ),
        growth="n",
        difficulty=-0.9,
        signals=("tree", "stack use", "recursion"),
    ),
    Feature(
        name="subtree_sizes",
        category="algorithm/tree/subtree/size",
        takes=(Type.TREE,),
        gives=Type.INTS,
        code=subtree_sizes,
        slow=subtree_sizes_slow,
        result=subtree_sizes_result,
        let=(
            "Root {x} at vertex 1. Let {y} be the sequence that holds, for each vertex in increasing order of number, "
            "the number of vertices in its subtree, the vertex itself included.",
            "Think of vertex 1 as the root of {x}: a vertex v lies below every vertex on the path between v and the "
            "root, and also below itself. Let {y} be the sequence that tells, for each vertex in increasing order of "
            "number, how many vertices lie below it.",
        ),
        ask=(
            "for each vertex of {x}, rooted at vertex 1, the number of vertices in its subtree (itself included), in "
            "increasing order of vertex number",
            "the subtree sizes of all vertices in increasing order of vertex number when {x} is rooted at vertex 1 and "
            "every vertex belongs to its own subtree",
        ),
        wrong=(
            Wrong("the vertex itself is not counted", "size = [1] * (n + 1)", "size = [0] * (n + 1)"),
            Wrong("only children are counted", "+= size[v]", "+= 1"),
            Wrong("parents are added up before their children", "in reversed(order)", "in order"),
        ),
        growth="n",
        difficulty=0.0,
        signals=("tree", "reversed order", "accumulation", "recursion"),
    ),
    Feature(
        name="tree_diameter",
        category="algorithm/tree/path/diameter",
        takes=(Type.TREE,),
        gives=Type.INT,
        code=tree_diameter,
        slow=tree_diameter_slow,
        result=tree_diameter_result,
        let=(
            "Let {y} be the largest number of edges on a path between two vertices of {x} (0 if there is only one "
            "vertex).",
            "Say that two vertices of {x} are as far apart as there are edges on the path between them. Let {y} be "
            "how far apart two vertices can be at most; it is 0 for a single vertex.",
        ),
        ask=(
            "the largest number of edges on a path between two vertices of {x}, or 0 if there is only one vertex",
            "the length, in edges, of a longest path in {x} that visits no vertex twice",
        ),
        wrong=(
            Wrong("the height seen from vertex 1", "farthest(end)[1]", "farthest(1)[1]"),
            Wrong("vertices are counted instead of edges", "distance[start] = 0", "distance[start] = 1"),
            Wrong("the vertex visited last need not be the farthest", "queue.popleft()", "queue.pop()"),
        ),
        growth="n",
        difficulty=0.5,
        signals=("tree", "queue use", "min/max", "graph"),
    ),
    Feature(
        name="distance_sums",
        category="algorithm/tree/path/rerooting",
        takes=(Type.TREE,),
        gives=Type.INTS,
        code=distance_sums,
        slow=distance_sums_slow,
        result=distance_sums_result,
        let=(
            "Let the distance of two vertices of {x} be the number of edges on the path between them. Let {y} be the "
            "sequence that holds, for each vertex in increasing order of number, the sum of its distances to all "
            "vertices.",
            "For each vertex v of {x}, in increasing order of number, walk from v to every vertex and add up the "
            "numbers of edges on these paths. Let {y} be the sequence of the sums.",
        ),
        ask=(
            "for each vertex of {x} in increasing order of number, the sum of its distances to all vertices, where "
            "the distance of two vertices is the number of edges on the path between them",
            "the sums of distances from each vertex of {x} to all others, in increasing order of vertex number, with "
            "distances measured in edges",
        ),
        wrong=(
            Wrong("only vertices of the subtree are summed", "for v in order[1:]:", "for v in order[n:]:"),
            Wrong("the subtree that comes nearer counts once", "n - 2 * size[v]", "n - size[v]"),
            Wrong("the edge to the parent is forgotten", "+= total[v] + size[v]", "+= total[v] + size[v] - 1"),
        ),
        growth="n",
        difficulty=1.8,
        signals=("tree", "accumulation", "reversed order", "arithmetic"),
    ),
    Feature(
        name="independent_vertices",
        category="algorithm/tree/dynamic programming/independent set",
        takes=(Type.TREE,),
        gives=Type.INT,
        code=independent_vertices,
        slow=independent_vertices_slow,
        result=independent_vertices_result,
        let=(
            "Let {y} be the largest number of vertices of {x} that can be chosen so that no edge joins two chosen "
            "vertices.",
            "Put lamps on vertices of {x}, at most one on each, and never on both endpoints of an edge. Let {y} be "
            "the largest possible number of lamps.",
        ),
        ask=(
            "the largest number of vertices of {x} that can be chosen so that no edge joins two chosen vertices",
            "the maximum size of a set of vertices of {x} that does not contain both endpoints of any edge",
        ),
        wrong=(
            Wrong("every second level is taken", "+= max(chosen[v], left_out[v])", "+= chosen[v]"),
            Wrong("vertex 1 is always chosen", "return max(chosen[1], left_out[1])", "return chosen[1]"),
            Wrong("endpoints of an edge may both be chosen", "+= left_out[v]", "+= chosen[v]"),
        ),
        growth="n",
        difficulty=1.3,
        signals=("tree", "recursion", "min/max", "memo"),
    ),
)
