"""Features that count arrangements and selections, modulo 1000000007."""

import bisect
import collections
import itertools

from stepsmith.synth.grammar.catalog.shapes import (
    any_of,
    few_values,
    mixed_signs,
    runs,
    short_range,
    uniform,
)
from stepsmith.synth.grammar.domain import Domain, Type, integer
from stepsmith.synth.grammar.feature import Feature, Param, Params, Wrong

RESIDUE = integer(0, 1_000_000_006)


def divisible_subsets(x: list[int], k: int) -> int:
    ways = [1] + [0] * (k - 1)
    for value in x:
        ways = [(ways[rest] + ways[(rest - value) % k]) % 1_000_000_007 for rest in range(k)]
    return ways[0]


def divisible_subsets_slow(x: list[int], k: int) -> int:
    chosen = itertools.product([False, True], repeat=len(x))
    return sum(sum(itertools.compress(x, choice)) % k == 0 for choice in chosen) % 1_000_000_007


def divisible_subsets_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return RESIDUE if x.values[0] < x.values[1] else None


def distinct_orders(x: list[int]) -> int:
    factorial = [1]
    for number in range(1, len(x) + 1):
        factorial.append(factorial[-1] * number % 1_000_000_007)
    orders = factorial[-1]
    for copies in collections.Counter(x).values():
        orders = orders * pow(factorial[copies], -1, 1_000_000_007) % 1_000_000_007
    return orders


def distinct_orders_slow(x: list[int]) -> int:
    return len(set(itertools.permutations(x))) % 1_000_000_007


def distinct_orders_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return RESIDUE if "distinct" not in x.tags and x.values[0] < x.values[1] else None


def permutation_rank(x: list[int]) -> int:
    rank = 0
    orders = 1  # of the elements behind the current one
    behind: list[int] = []
    for value in reversed(x):
        rank = (rank + bisect.bisect_left(behind, value) * orders) % 1_000_000_007
        bisect.insort(behind, value)
        orders = orders * len(behind) % 1_000_000_007
    return rank


def permutation_rank_slow(x: list[int]) -> int:
    return sum(list(order) < x for order in itertools.permutations(x)) % 1_000_000_007


def permutation_rank_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return RESIDUE if "distinct" in x.tags and "sorted" not in x.tags else None


def shallow_brackets(x: int, k: int) -> int:
    by_depth = [1] + [0] * k
    for _ in range(2 * x):
        around = [0, *by_depth, 0]
        by_depth = [(around[d] + around[d + 2]) % 1_000_000_007 for d in range(len(by_depth))]
    return by_depth[0]


def shallow_brackets_slow(x: int, k: int) -> int:
    ways = {(0, 0): 1}  # by the numbers of brackets opened and closed so far
    for opened in range(1, x + 1):
        for closed in range(max(0, opened - k), opened + 1):
            ways[opened, closed] = ways.get((opened - 1, closed), 0) + ways.get((opened, closed - 1), 0)
    return ways[x, x] % 1_000_000_007


def shallow_brackets_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return RESIDUE if x.values[0] >= 0 and 2 <= x.values[1] <= 1000 else None


FEATURES = (
    Feature(
        name="divisible_subsets",
        category="mathematics/combinatorics/selections/sum modulo a number",
        takes=(Type.INTS,),
        gives=Type.INT,
        code=divisible_subsets,
        slow=divisible_subsets_slow,
        result=divisible_subsets_result,
        inputs=any_of(few_values, mixed_signs, short_range, uniform),
        let=(
            "Let {y} be the number of ways to choose elements of {x} so that their sum is divisible by {k}, modulo "
            "1000000007. Two ways differ if they choose different positions; choosing nothing, with sum 0, is one "
            "way.",
            "Take or leave each element of {x}. Let {y} be the number of the possible outcomes, modulo 1000000007, "
            "in which the sum of all elements taken is a multiple of {k}. The sum of no elements is 0, which is a "
            "multiple.",
        ),
        ask=(
            "the number of ways, modulo 1000000007, to choose a possibly empty set of positions in {x} so that the sum "
            "of the elements there is divisible by {k}",
            "the number of subsequences of {x}, modulo 1000000007, whose sum is a multiple of {k}, where subsequences "
            "at different positions count separately and the empty one, with sum 0, counts too",
        ),
        params=(Param("k", 2, 30, given=(1, 40)),),
        wrong=(
            Wrong("the empty choice is not counted", "return ways[0]", "return (ways[0] - 1) % 1_000_000_007"),
            Wrong("equal elements are taken for one", "for value in x:", "for value in set(x):"),
            Wrong(
                "ways are not added up",
                "(ways[rest] + ways[(rest - value) % k])",
                "max(ways[rest], ways[(rest - value) % k])",
            ),
        ),
        growth="n",
        difficulty=0.7,
        signals=("combinatorics", "modular arithmetic", "memo", "list comprehension"),
    ),
    Feature(
        name="distinct_orders",
        category="mathematics/combinatorics/arrangements/with repetition",
        takes=(Type.INTS,),
        gives=Type.INT,
        code=distinct_orders,
        slow=distinct_orders_slow,
        result=distinct_orders_result,
        inputs=any_of(few_values, runs, short_range),
        let=(
            "Let {y} be the number of different sequences that can be obtained by reordering the elements of {x}, "
            "modulo 1000000007. The sequence {x} itself is one of them.",
            "Write the elements of {x} on cards, one on each, and lay the cards out in a row. Let {y} be the number "
            "of different rows of numbers that can be seen in this way, modulo 1000000007. Without any cards, there "
            "is one row, the empty one.",
        ),
        ask=(
            "the number of different sequences, modulo 1000000007, that can be obtained by reordering the elements of "
            "{x}, including {x} itself",
            "the number of distinguishable orders of the elements of {x}, modulo 1000000007, where swapping equal "
            "elements makes no difference and the empty sequence has one order",
        ),
        wrong=(
            Wrong(
                "swapping equal elements makes a difference",
                "orders * pow(factorial[copies], -1, 1_000_000_007)",
                "orders",
            ),
            Wrong("each repetition is divided out once", "factorial[copies]", "copies"),
            Wrong("repeated values are left out", "factorial[-1]\n    for", "factorial[len(set(x))]\n    for"),
        ),
        growth="n",
        difficulty=0.4,
        signals=("combinatorics", "dict use", "counting", "modular arithmetic"),
    ),
    Feature(
        name="permutation_rank",
        category="mathematics/combinatorics/arrangements/rank",
        takes=(Type.INTS,),
        gives=Type.INT,
        code=permutation_rank,
        slow=permutation_rank_slow,
        result=permutation_rank_result,
        let=(
            "Say that one order of the elements of {x} comes before another if, at the first position where they "
            "differ, it has the smaller element. Let {y} be the number of orders of the elements of {x} that come "
            "before {x} itself, modulo 1000000007.",
            "List all sequences that consist of the elements of {x}, each used once, in lexicographic order. Let {y} "
            "be the number of sequences listed before {x}, modulo 1000000007.",
        ),
        ask=(
            "the number of orders of the elements of {x}, modulo 1000000007, that are lexicographically smaller than "
            "{x} itself",
            "the number of rearrangements of {x}, modulo 1000000007, that have the smaller element at the first "
            "position where they differ from {x}",
        ),
        wrong=(
            Wrong("the sequence itself is counted", "rank = 0", "rank = 1"),
            Wrong(
                "every inversion counts the same",
                "bisect.bisect_left(behind, value) * orders",
                "bisect.bisect_left(behind, value)",
            ),
            Wrong("the orders of one element too many", "orders * len(behind)", "orders * (len(behind) + 1)"),
        ),
        growth="n log n",
        difficulty=1.5,
        signals=("combinatorics", "bisect", "reversed order", "modular arithmetic"),
    ),
    Feature(
        name="shallow_brackets",
        category="mathematics/combinatorics/lattice paths/bracket strings",
        takes=(Type.INT,),
        gives=Type.INT,
        code=shallow_brackets,
        slow=shallow_brackets_slow,
        result=shallow_brackets_result,
        let=(
            "Call a bracket string balanced if it has as many opening as closing brackets and no beginning of it has "
            "more closing than opening ones. Let {y} be the number of balanced bracket strings with {x} opening "
            "brackets, modulo 1000000007, of which no beginning has more than {k} opening brackets in excess of the "
            "closing ones. For 0 opening brackets, the empty string is the only one.",
            "Imagine a walker who makes {x} steps up and as many steps down, all of the same height, in an order "
            "that never leads below the start nor more than {k} steps above it. Let {y} be the number of such "
            "orders, modulo 1000000007; for no steps at all, it is 1.",
        ),
        ask=(
            "the number of sequences of {x} steps +1 and as many steps -1, modulo 1000000007, such that the sum of the "
            "first few steps is never negative and never greater than {k} (1 if there are no steps)",
            "the number of balanced strings, modulo 1000000007, of {x} opening and as many closing brackets of one "
            "kind in which at most {k} brackets are open at any time (1 for the empty string)",
        ),
        params=(Param("k", 2, 12),),
        wrong=(
            Wrong("one level too many is allowed", "[0] * k", "[0] * (k + 1)"),
            Wrong("the deepest level is not allowed", "[0] * k", "[0] * (k - 1)"),
            Wrong("brackets may stay open", "return by_depth[0]", "return sum(by_depth) % 1_000_000_007"),
        ),
        growth="n",
        difficulty=1.0,
        signals=("combinatorics", "memo", "modular arithmetic", "nested loops"),
    ),
)
