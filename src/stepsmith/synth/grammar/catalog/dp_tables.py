"""Features that are computed by a recurrence over two indices."""

import functools
import itertools
import random

from stepsmith.synth.grammar.catalog.shapes import any_of, few_letters, few_values, letter_runs, periodic, short_range
from stepsmith.synth.grammar.domain import Domain, Size, Type, integer, pick_length
from stepsmith.synth.grammar.feature import Feature, Param, Params, Wrong


def grid_paths(x: list[str]) -> int:
    ways = [0] * len(x[0])
    ways[0] = 1
    for row in x:
        for j, cell in enumerate(row):
            if cell == "#":
                ways[j] = 0
            elif j > 0:
                ways[j] = (ways[j] + ways[j - 1]) % 1_000_000_007
    return ways[-1]


def grid_paths_slow(x: list[str]) -> int:
    height, width = len(x), len(x[0])

    @functools.cache
    def ways_to_end(i: int, j: int) -> int:
        if i == height or j == width or x[i][j] == "#":
            return 0
        if (i, j) == (height - 1, width - 1):
            return 1
        return ways_to_end(i + 1, j) + ways_to_end(i, j + 1)

    return ways_to_end(0, 0) % 1_000_000_007


def grid_paths_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    if "#" not in x.alphabet or len(x.alphabet) < 2 or min(x.size[0], x.second[0]) < 1:
        return None
    return integer(0, 1_000_000_006)


def grid_paths_inputs(rng: random.Random, domain: Domain, size: Size, _: Params) -> list[str]:
    """Few blocked cells, corners mostly free, at times a wall with one gap."""
    height, width = pick_length(rng, domain.size, size), pick_length(rng, domain.second, size)
    free = [cell for cell in domain.alphabet if cell != "#"]
    share = rng.choice([0.0, 0.05, 0.15])
    rows = [["#" if rng.random() < share else rng.choice(free) for _ in range(width)] for _ in range(height)]
    if rng.random() < 0.3:
        gap = rng.randrange(width)
        rows[rng.randrange(height)] = [rng.choice(free) if j == gap else "#" for j in range(width)]
    if rng.random() < 0.9:
        rows[0][0] = rows[-1][-1] = rng.choice(free)
    return ["".join(row) for row in rows]


def common_subsequence(x: str, z: str) -> int:
    best = [0] * (len(z) + 1)
    for a in x:
        diagonal = 0
        for j, b in enumerate(z, start=1):
            above = best[j]
            best[j] = diagonal + 1 if a == b else max(above, best[j - 1])
            diagonal = above
    return best[len(z)]


def common_subsequence_slow(x: str, z: str) -> int:
    def occurs(letters: tuple[str, ...]) -> bool:
        rest = iter(z)
        return all(letter in rest for letter in letters)

    for length in range(len(x), 0, -1):
        if any(occurs(letters) for letters in itertools.combinations(x, length)):
            return length
    return 0


def common_subsequence_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    x, z = domains
    if not x.overlaps(z):
        return None
    return integer(0, min(x.size[1], z.size[1]))


def edit_distance(x: str, z: str) -> int:
    distance = list(range(len(z) + 1))
    for i, a in enumerate(x, start=1):
        diagonal, distance[0] = distance[0], i
        for j, b in enumerate(z, start=1):
            above = distance[j]
            distance[j] = min(above + 1, distance[j - 1] + 1, diagonal + (a != b))
            diagonal = above
    return distance[len(z)]


def edit_distance_slow(x: str, z: str) -> int:
    @functools.cache
    def cost(i: int, j: int) -> int:
        if i == len(x) or j == len(z):
            return len(x) - i + len(z) - j
        if x[i] == z[j]:
            return cost(i + 1, j + 1)
        return 1 + min(cost(i + 1, j), cost(i, j + 1), cost(i + 1, j + 1))

    return cost(0, 0)


def edit_distance_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    x, z = domains
    nearest = max(0, x.size[0] - z.size[1], z.size[0] - x.size[1])
    return integer(nearest, max(x.size[1], z.size[1]))


def best_subset_sum(x: list[int], k: int) -> int:
    allowed = (1 << (k + 1)) - 1  # bit s stands for the sum s
    reachable = 1
    for value in x:
        if value <= k:
            reachable |= (reachable << value) & allowed
    return reachable.bit_length() - 1


def best_subset_sum_slow(x: list[int], k: int) -> int:
    sums = {0}
    for value in x:
        sums |= {total + value for total in sums}
    return max(total for total in sums if total <= k)


def best_subset_sum_result(domains: tuple[Domain, ...], params: Params) -> Domain | None:
    (x,) = domains
    if not 0 <= x.values[0] < x.values[1] <= 10_000:
        return None
    return integer(0, min(params["k"], x.size[1] * x.values[1]))


def best_subset_sum_inputs(rng: random.Random, domain: Domain, size: Size, params: Params) -> list[int]:
    """Elements around a half and a third of the limit, and multiples of one number: sums that just miss it."""
    low, high = domain.values
    n = pick_length(rng, domain.size, size)
    part = max(1, params["k"] // rng.choice([2, 3, 4]))
    stride = rng.randint(2, 7)
    if rng.random() < 0.5:
        return [min(high, max(low, part + rng.randint(-3, 3))) for _ in range(n)]
    return [min(high, max(low, stride * rng.randint(1, 1 + part // stride))) for _ in range(n)]


def merge_cost(x: list[int]) -> int:
    n = len(x)
    prefix = [0, *itertools.accumulate(x)]
    cost = [[0] * n for _ in range(n)]
    for length in range(2, n + 1):
        for left in range(n - length + 1):
            right = left + length - 1
            best = min(cost[left][middle] + cost[middle + 1][right] for middle in range(left, right))
            cost[left][right] = best + prefix[right + 1] - prefix[left]
    return cost[0][-1] if x else 0


def merge_cost_slow(x: list[int]) -> int:
    @functools.cache
    def cost(row: tuple[int, ...]) -> int:
        merged = [(row[i] + row[i + 1], (*row[:i], row[i] + row[i + 1], *row[i + 2 :])) for i in range(len(row) - 1)]
        return min((paid + cost(rest) for paid, rest in merged), default=0)

    return cost(tuple(x))


def merge_cost_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    if x.values[0] < 0 or x.values[1] > 10**9:
        return None
    return integer(0, max(0, x.size[1] - 1) * x.size[1] * x.values[1])


FEATURES = (
    Feature(
        name="grid_paths",
        category="algorithm/dynamic programming/grid/counting paths",
        takes=(Type.GRID,),
        gives=Type.INT,
        code=grid_paths,
        slow=grid_paths_slow,
        result=grid_paths_result,
        inputs=grid_paths_inputs,
        let=(
            "Move a token from the top left to the bottom right cell of {x}. Each move takes it one cell to the "
            "right or one cell down, and it must never be in a cell '#'. Let {y} be the number of different ways to "
            "do so, modulo 1000000007. It is 0 if one of these two cells is '#', and 1 if they are one and the same "
            "cell, which is not '#'.",
            "Let {y} be the number of paths, modulo 1000000007, from the top left to the bottom right cell of {x} "
            "that go only right and down, cell by cell, and visit no cell '#', including the first and the last one. "
            "A path may consist of a single cell.",
        ),
        ask=(
            "the number of paths, modulo 1000000007, from the top left to the bottom right cell of {x} that go only "
            "right and down, cell by cell, and visit no cell '#', including the first and the last one",
            "the number of ways, modulo 1000000007, to get from the top left to the bottom right cell of {x} by moves "
            "of one cell right or down that avoid all cells '#' (0 if the first or the last cell is '#')",
        ),
        wrong=(
            Wrong("a blocked cell can be passed on the way down", "ways[j] = 0", "pass"),
            Wrong("paths are not added up", "(ways[j] + ways[j - 1])", "max(ways[j], ways[j - 1])"),
            Wrong("blocked cells are not avoided in the first column", 'if cell == "#":', 'if cell == "#" and j > 0:'),
        ),
        growth="n",
        difficulty=-0.2,
        signals=("grid", "nested loops", "modular arithmetic", "memo"),
    ),
    Feature(
        name="common_subsequence",
        category="algorithm/dynamic programming/two strings/longest common subsequence",
        takes=(Type.STR, Type.STR),
        gives=Type.INT,
        code=common_subsequence,
        slow=common_subsequence_slow,
        result=common_subsequence_result,
        inputs=any_of(few_letters, periodic, letter_runs),
        let=(
            "Let {y} be the length of the longest string that can be obtained both from {x} and from {z} by deleting "
            "characters (any number of them, also none or all, anywhere).",
            "Let {y} be the largest length of a string that is a subsequence of both {x} and {z}, where a "
            "subsequence of a string is what remains after deleting some of its characters, possibly none or all.",
        ),
        ask=(
            "the length of the longest string that can be obtained both from {x} and from {z} by deleting any number "
            "of characters",
            "the length of the longest common subsequence of {x} and {z}, where a subsequence is what remains after "
            "deleting any number of characters",
        ),
        wrong=(
            Wrong("a mismatch starts over from nothing", "max(above, best[j - 1])", "0"),
            Wrong("a character may be matched more than once", "diagonal + 1 if", "max(diagonal, above) + 1 if"),
            Wrong("characters of the second string are never skipped", "max(above, best[j - 1])", "above"),
        ),
        growth="n^2",
        difficulty=0.6,
        signals=("string scanning", "nested loops", "min/max", "memo"),
    ),
    Feature(
        name="edit_distance",
        category="algorithm/dynamic programming/two strings/edit distance",
        takes=(Type.STR, Type.STR),
        gives=Type.INT,
        code=edit_distance,
        slow=edit_distance_slow,
        result=edit_distance_result,
        inputs=any_of(few_letters, periodic, letter_runs),
        let=(
            "Turn {x} into {z} step by step, where each step inserts one character anywhere, deletes one character, "
            "or replaces one character by another. Let {y} be the smallest number of steps that is enough.",
            "Let {y} be the least number of single-character edits that make {x} equal to {z}, where an edit inserts "
            "one character at any place, removes one character or changes one character.",
        ),
        ask=(
            "the smallest number of steps that turn {x} into {z} if each step inserts, deletes or replaces one "
            "character",
            "the least number of insertions, deletions and replacements of single characters, taken together, that "
            "make {x} equal to {z}",
        ),
        wrong=(
            Wrong("a replacement counts twice", "diagonal + (a != b)", "diagonal + 2 * (a != b)"),
            Wrong("equal characters cost a step too", "diagonal + (a != b)", "diagonal + 1"),
            Wrong("deleting a beginning is free", "distance[0] = distance[0], i", "distance[0] = distance[0], 0"),
        ),
        growth="n^2",
        difficulty=1.0,
        signals=("string scanning", "nested loops", "min/max", "memo"),
    ),
    Feature(
        name="best_subset_sum",
        category="algorithm/dynamic programming/knapsack/subset sum",
        takes=(Type.INTS,),
        gives=Type.INT,
        code=best_subset_sum,
        slow=best_subset_sum_slow,
        result=best_subset_sum_result,
        inputs=any_of(best_subset_sum_inputs),
        let=(
            "Let {y} be the largest sum of a selection of elements of {x} that does not exceed {k}. Each element can "
            "be selected at most once, and selecting nothing gives the sum 0.",
            "Imagine a bag that carries a load of at most {k}, and take the elements of {x} as the weights of things "
            "that can each be put into it once or left behind. Let {y} be the largest possible load, where an empty "
            "bag has load 0.",
        ),
        ask=(
            "the largest sum not greater than {k} of a selection of elements of {x}, each used at most once, where the "
            "empty selection has sum 0",
            "the largest total of at most {k} that can be reached by adding up elements of {x}, none of them more than "
            "once (0 if all are too large)",
        ),
        params=(Param("k", 20, 400, given=(1, 5000)),),
        wrong=(
            Wrong(
                "elements are taken whenever they still fit",
                "|= (reachable << value) & allowed",
                "= (reachable << value) & allowed or reachable",
            ),
            Wrong("the limit itself is not allowed", "(1 << (k + 1)) - 1", "(1 << k) - 1"),
            Wrong(
                "each element may be used twice",
                "(reachable << value)",
                "(reachable << value | reachable << 2 * value)",
            ),
        ),
        growth="n",
        difficulty=0.8,
        signals=("bit operations", "memo", "accumulation", "set use"),
    ),
    Feature(
        name="merge_cost",
        category="algorithm/dynamic programming/interval/merging neighbours",
        takes=(Type.INTS,),
        gives=Type.INT,
        code=merge_cost,
        slow=merge_cost_slow,
        result=merge_cost_result,
        inputs=any_of(few_values, short_range),
        let=(
            "As long as {x} has more than one element, replace two adjacent elements by their sum, which costs as "
            "much as this sum. Let {y} be the smallest possible total cost to get down to one element. It is 0 if "
            "there is at most one element to begin with.",
            "Imagine heaps of stones in a row, whose weights are the elements of {x}. Two neighbouring heaps can be "
            "put together into one, for an effort equal to their total weight. Let {y} be the least total effort "
            "that leaves at most one heap.",
        ),
        ask=(
            "the smallest total cost to turn {x} into a single element by repeatedly replacing two adjacent elements "
            "by their sum at a cost equal to this sum, or 0 if it has at most one element to begin with",
            "the least total effort to unite neighbouring heaps, whose weights in a row are the elements of {x}, until "
            "at most one is left, if uniting two heaps takes an effort equal to their total weight",
        ),
        wrong=(
            Wrong("elements are added from the left one by one", "range(left, right))", "range(right - 1, right))"),
            Wrong("the dearest order is paid for", "best = min(", "best = max("),
            Wrong("the last merge is not paid for", "return cost[0][-1] if x", "return cost[0][-1] - sum(x) if n > 1"),
        ),
        growth="n^3",
        difficulty=1.7,
        signals=("nested loops", "min/max", "recursion", "memo"),
    ),
)
