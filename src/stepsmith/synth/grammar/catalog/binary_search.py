"""Features that are computed by binary search."""

import bisect
import itertools

from stepsmith.synth.grammar.catalog.shapes import (
    any_of,
    extremes,
    few_values,
    rising,
    runs,
    short_range,
    uniform,
    waves,
)
from stepsmith.synth.grammar.domain import Domain, Type, integer, ints
from stepsmith.synth.grammar.feature import Feature, Param, Params, Wrong


def count_below(x: list[int], z: list[int]) -> list[int]:
    ordered = sorted(z)
    return [bisect.bisect_left(ordered, value) for value in x]


def count_below_slow(x: list[int], z: list[int]) -> list[int]:
    return [sum(other < value for other in z) for value in x]


def count_below_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    x, z = domains
    if x.values[1] <= z.values[0] or z.values[1] < x.values[0]:
        return None
    return ints(x.size, (0, z.size[1]), *(x.tags & {"sorted"}))


def lightest_load(x: list[int], k: int) -> int:
    low, high = max(x, default=0), sum(x)
    while low < high:
        load = (low + high) // 2
        parts, current = 1, 0
        for value in x:
            if current + value > load:
                parts += 1
                current = 0
            current += value
        if parts <= k:
            high = load
        else:
            low = load + 1
    return low


def lightest_load_slow(x: list[int], k: int) -> int:
    best = sum(x)
    for cuts in range(min(k, len(x))):
        for places in itertools.combinations(range(1, len(x)), cuts):
            ends = [0, *places, len(x)]
            best = min(best, max(sum(x[i:j]) for i, j in itertools.pairwise(ends)))
    return best


def lightest_load_result(domains: tuple[Domain, ...], params: Params) -> Domain | None:
    (x,) = domains
    if x.values[0] < 0 or x.values[1] == 0 or params["k"] >= x.size[1]:
        return None
    return integer(x.values[0] if x.size[0] else 0, x.values[1] * x.size[1])


def widest_spread(x: list[int], k: int) -> int:
    if len(x) < k:
        return -1
    ordered = sorted(x)
    low, high = 0, ordered[-1] - ordered[0]
    while low < high:
        distance = (low + high + 1) // 2
        chosen, last = 1, ordered[0]
        for value in ordered:
            if value - last >= distance:
                chosen += 1
                last = value
        if chosen >= k:
            low = distance
        else:
            high = distance - 1
    return low


def widest_spread_slow(x: list[int], k: int) -> int:
    best = -1
    for choice in itertools.combinations(sorted(x), k):
        best = max(best, min(w - v for v, w in itertools.pairwise(choice)))
    return best


def widest_spread_result(domains: tuple[Domain, ...], params: Params) -> Domain | None:
    (x,) = domains
    if params["k"] > x.size[1] or x.width < 2:
        return None
    return integer(-1 if x.size[0] < params["k"] else 0, x.values[1] - x.values[0])


def kth_difference(x: list[int], k: int) -> int:
    if len(x) * (len(x) - 1) // 2 < k:
        return -1
    ordered = sorted(x)
    low, high = 0, ordered[-1] - ordered[0]
    while low < high:
        limit = (low + high) // 2
        pairs = left = 0
        for right, value in enumerate(ordered):
            while value - ordered[left] > limit:
                left += 1
            pairs += right - left
        if pairs >= k:
            high = limit
        else:
            low = limit + 1
    return low


def kth_difference_slow(x: list[int], k: int) -> int:
    differences = sorted(abs(x[i] - x[j]) for j in range(len(x)) for i in range(j))
    return differences[k - 1] if k <= len(differences) else -1


def kth_difference_result(domains: tuple[Domain, ...], params: Params) -> Domain | None:
    (x,) = domains
    if params["k"] > x.size[1] * (x.size[1] - 1) // 2:
        return None
    enough = params["k"] <= x.size[0] * (x.size[0] - 1) // 2
    return integer(0 if enough else -1, x.values[1] - x.values[0])


FEATURES = (
    Feature(
        name="count_below",
        category="algorithm/searching/binary search/two sequences",
        takes=(Type.INTS, Type.INTS),
        gives=Type.INTS,
        code=count_below,
        slow=count_below_slow,
        result=count_below_result,
        let=(
            "For every position i of {x}, let {y[i]} be the number of elements of {z} that are strictly less than "
            "{x[i]}, repetitions included.",
            "Let {y} be the sequence that results from {x} when every element is replaced by the number of elements of "
            "{z}, counted with repetitions, that are strictly smaller than it.",
        ),
        ask=(
            "for every element of {x}, the number of elements of {z} that are strictly less than it (repetitions "
            "included)",
            "for every position i of {x}, how many elements of {z}, counted with repetitions, are strictly smaller "
            "than {x[i]}",
        ),
        wrong=(
            Wrong("equal elements count as well", "bisect_left", "bisect_right"),
            Wrong("repetitions are not counted", "sorted(z)", "sorted(set(z))"),
            Wrong("does not sort", "sorted(z)", "z"),
            Wrong(
                "counts the larger elements",
                "bisect.bisect_left(ordered, value)",
                "len(z) - bisect.bisect_right(ordered, value)",
            ),
        ),
        inputs=any_of(uniform, few_values, short_range),
        growth="n log n",
        difficulty=-0.5,
        signals=("bisect", "sorted call", "nested loops", "comparison"),
    ),
    Feature(
        name="lightest_load",
        category="algorithm/searching/binary search on the answer/partition",
        takes=(Type.INTS,),
        gives=Type.INT,
        code=lightest_load,
        slow=lightest_load_slow,
        result=lightest_load_result,
        let=(
            "Cut {x} into at most {k} contiguous parts so that the largest sum of a part is as small as possible, and "
            "let {y} be this largest sum (0 if {x} is empty).",
            "Imagine that the elements of {x} are weights on a belt, which are packed in this order into at most {k} "
            "boxes, so that each box takes some consecutive weights. Let {y} be the smallest possible total weight of "
            "the heaviest box (0 if {x} is empty).",
        ),
        ask=(
            "the smallest possible value of the largest sum of a part when {x} is cut into at most {k} contiguous "
            "parts (0 if {x} is empty)",
            "the smallest non-negative integer such that {x} can be cut into at most {k} contiguous parts none of "
            "which has a sum greater than this integer",
        ),
        params=(Param("k", 2, 6, given=(1, 50)),),
        wrong=(
            Wrong("a part may not be filled completely", "current + value > load", "current + value >= load"),
            Wrong("the first part is not counted", "parts, current = 1, 0", "parts, current = 0, 0"),
            Wrong(
                "the element that does not fit is lost",
                "                current = 0\n            current += value",
                "                current = 0\n            else:\n                current += value",
            ),
            Wrong(
                "cuts into equal shares",
                "low, high = max(x, default=0), sum(x)",
                "low = high = max(max(x, default=0), -(-sum(x) // k))",
            ),
        ),
        inputs=any_of(uniform, extremes, waves, few_values),
        growth="n log n",
        difficulty=1.1,
        signals=("bisect", "accumulation", "min/max", "while loop"),
    ),
    Feature(
        name="widest_spread",
        category="algorithm/searching/binary search on the answer/selection",
        takes=(Type.INTS,),
        gives=Type.INT,
        code=widest_spread,
        slow=widest_spread_slow,
        result=widest_spread_result,
        let=(
            "Choose {k} elements of {x} at different positions so that the smallest absolute difference between any "
            "two of them is as large as possible, and let {y} be this difference. If {x} has fewer than {k} elements, "
            "let {y} be -1.",
            "Imagine that the elements of {x} are coordinates of places on a line, and that {k} lamps are to be put "
            "at {k} of these places (several places may have the same coordinate, but each takes only one lamp). Let "
            "{y} be the largest possible distance between the two closest lamps, or -1 if there are fewer than {k} "
            "places.",
        ),
        ask=(
            "the largest possible value of the smallest absolute difference between any two of {k} elements that are "
            "chosen from {x} at different positions, or -1 if there are fewer than {k} elements",
            "the largest integer such that {k} elements at different positions of {x} can be chosen of which any two "
            "differ by at least this integer, or -1 if {x} has fewer than {k} elements",
        ),
        params=(Param("k", 2, 6, given=(2, 20)),),
        wrong=(
            Wrong("the distance must be exceeded", "value - last >= distance", "value - last > distance"),
            Wrong("the first place is not counted", "chosen, last = 1, ordered[0]", "chosen, last = 0, ordered[0]"),
            Wrong(
                "spreads evenly over the range",
                "low, high = 0, ordered[-1] - ordered[0]",
                "low = high = (ordered[-1] - ordered[0]) // (k - 1)",
            ),
            Wrong("does not sort", "ordered = sorted(x)", "ordered = x"),
        ),
        inputs=any_of(uniform, short_range, rising, runs),
        growth="n log n",
        difficulty=1.2,
        signals=("bisect", "sorted call", "min/max", "absolute difference"),
    ),
    Feature(
        name="kth_difference",
        category="algorithm/searching/binary search on the answer/order statistic",
        takes=(Type.INTS,),
        gives=Type.INT,
        code=kth_difference,
        slow=kth_difference_slow,
        result=kth_difference_result,
        let=(
            "For every pair of positions i < j, write down the absolute difference between {x[i]} and {x[j]}, and "
            "sort these numbers, repetitions included, from the smallest to the largest. Let {y} be the number at "
            "place {k} of this list, counted from 1, or -1 if there are fewer than {k} pairs.",
            "Consider the absolute differences of all unordered pairs of elements of {x} at different positions; "
            "every pair counts separately, even if the difference is the same. Let {y} be the smallest non-negative "
            "integer such that at least {k} of these pairs have a difference that is not greater than this integer, "
            "or -1 if there are fewer than {k} pairs.",
        ),
        ask=(
            "the number at place {k}, counted from 1, of the list of the absolute differences between {x[i]} and "
            "{x[j]} for all pairs of positions i < j, sorted from the smallest to the largest with repetitions, or -1 "
            "if there are fewer than {k} pairs",
            "the smallest non-negative integer such that for at least {k} pairs of positions i < j the elements {x[i]} "
            "and {x[j]} differ by at most this integer, or -1 if there are fewer than {k} pairs",
        ),
        params=(Param("k", 2, 12, given=(1, 1000)),),
        wrong=(
            Wrong("takes the next difference", "pairs >= k", "pairs > k"),
            Wrong(
                "differences equal to the limit are left out",
                "value - ordered[left] > limit",
                "value - ordered[left] >= max(limit, 1)",
            ),
            Wrong("elements are paired with themselves", "right - left", "right - left + 1"),
            Wrong("does not sort", "ordered = sorted(x)", "ordered = x"),
        ),
        inputs=any_of(uniform, few_values, short_range, extremes),
        growth="n log n",
        difficulty=1.8,
        signals=("bisect", "sorted call", "absolute difference", "pairs"),
    ),
)
