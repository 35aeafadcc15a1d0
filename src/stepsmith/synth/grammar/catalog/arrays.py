"""Features on one sequence that are computed in a single pass."""

from stepsmith.synth.grammar.catalog.shapes import (
    any_of,
    dips,
    few_values,
    mixed_signs,
    nearly_sorted,
    rising,
    rotated,
    runs,
    uniform,
    waves,
)
from stepsmith.synth.grammar.domain import Domain, Type, boolean, integer, ints
from stepsmith.synth.grammar.feature import Feature, Param, Params, Wrong


def reverse_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return x.with_(tags=x.tags - {"sorted"})


def differences_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    if x.size[1] < 2:
        return None
    spread = x.values[1] - x.values[0]
    return ints((max(0, x.size[0] - 1), x.size[1] - 1), (0 if "sorted" in x.tags else -spread, spread))


def running_max_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return None if "sorted" in x.tags else ints(x.size, x.values, "sorted")


def elementwise_max_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    x, z = domains
    size = (min(x.size[0], z.size[0]), min(x.size[1], z.size[1]))
    return ints(size, (max(x.values[0], z.values[0]), max(x.values[1], z.values[1])))


def rotate_left(x: list[int], k: int) -> list[int]:
    if not x:
        return []
    shift = k % len(x)
    return x[shift:] + x[:shift]


def rotate_left_slow(x: list[int], k: int) -> list[int]:
    return [x[(i + k) % len(x)] for i in range(len(x))]


def longest_rise(x: list[int]) -> int:
    best = 0
    length = 0
    for i, value in enumerate(x):
        if i > 0 and value > x[i - 1]:
            length += 1
        else:
            length = 1
        best = max(best, length)
    return best


def longest_rise_slow(x: list[int]) -> int:
    best = 0
    for i in range(len(x)):
        for j in range(i + 1, len(x) + 1):
            part = x[i:j]
            if part == sorted(set(part)):
                best = max(best, len(part))
    return best


def longest_rise_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    if x.size[1] < 2 or x.width < 2:
        return None
    return integer(min(1, x.size[0]), min(x.size[1], x.width + 1))


def max_subarray(x: list[int]) -> int:
    best = current = 0
    for value in x:
        current = max(0, current + value)
        best = max(best, current)
    return best


def max_subarray_slow(x: list[int]) -> int:
    return max(sum(x[i:j]) for i in range(len(x) + 1) for j in range(i, len(x) + 1))


def max_subarray_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    if not x.values[0] < 0 < x.values[1]:  # otherwise everything or nothing is best
        return None
    return integer(0, x.size[1] * x.values[1])


def one_removal_sortable(x: list[int]) -> bool:
    drops = [i for i in range(1, len(x)) if x[i] < x[i - 1]]
    if not drops:
        return True
    if len(drops) > 1:
        return False
    i = drops[0]
    without_left = i == 1 or x[i - 2] <= x[i]
    without_right = i + 1 == len(x) or x[i - 1] <= x[i + 1]
    return without_left or without_right


def one_removal_sortable_slow(x: list[int]) -> bool:
    shortened = [x[:i] + x[i + 1 :] for i in range(len(x))]
    return any(part == sorted(part) for part in [x, *shortened])


def one_removal_sortable_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return None if "sorted" in x.tags or x.size[1] < 3 or x.values[0] == x.values[1] else boolean()


FEATURES = (
    Feature(
        name="reverse",
        category="implementation logic/array/reordering",
        takes=(Type.INTS,),
        gives=Type.INTS,
        code="{x}[::-1]",
        slow="[{x}[len({x}) - 1 - i] for i in range(len({x}))]",
        result=reverse_result,
        let=(
            "Let {y} be the sequence {x} in reverse order.",
            "Write down the elements of {x} from the last one to the first one, and call the resulting sequence {y}.",
        ),
        ask=(
            "the sequence {x} in reverse order",
            "the elements of {x} from the last one to the first one",
        ),
        wrong=(
            Wrong("the first element is lost", "[::-1]", "[:0:-1]"),
            Wrong("sorts downwards instead", "{x}[::-1]", "sorted({x}, reverse=True)"),
        ),
        difficulty=-2.5,
        signals=("reversed order", "slicing"),
        micro=True,
        do="reverse it",
    ),
    Feature(
        name="differences",
        category="implementation logic/array/neighbours",
        takes=(Type.INTS,),
        gives=Type.INTS,
        code="[w - v for v, w in zip({x}, {x}[1:])]",
        slow="[{x}[i] - {x}[i - 1] for i in range(1, len({x}))]",
        result=differences_result,
        let=(
            "Let {y} be the sequence of differences between neighbours in {x}: each element except the first, minus "
            "the element just before it. If {x} has fewer than two elements, then {y} is empty.",
            "For every two consecutive elements of {x}, from left to right, subtract the earlier one from the later "
            "one; let {y} be the sequence of these differences (empty if {x} has fewer than two elements).",
        ),
        ask=(
            "the differences between neighbours in {x}, from left to right: each element except the first, minus the "
            "element just before it",
            "for every two consecutive elements of {x}, from left to right, the later one minus the earlier one",
        ),
        wrong=(
            Wrong("subtracts the wrong way round", "w - v for", "v - w for"),
            Wrong("takes absolute differences", "w - v for", "abs(w - v) for"),
            Wrong(
                "keeps the first element as a difference",
                "[w - v for v, w in zip({x}, {x}[1:])]",
                "{x}[:1] + [w - v for v, w in zip({x}, {x}[1:])]",
            ),
        ),
        inputs=any_of(uniform, runs, waves),
        difficulty=-1.9,
        signals=("arithmetic", "pairs", "slicing", "index arithmetic"),
        micro=True,
        do="replace it by the differences between neighbours, each number minus the one before it",
    ),
    Feature(
        name="running_max",
        category="algorithm/prefix sums/maximum",
        takes=(Type.INTS,),
        gives=Type.INTS,
        code="list(itertools.accumulate({x}, max))",
        slow="[max({x}[: i + 1]) for i in range(len({x}))]",
        result=running_max_result,
        let=(
            "For every position i, let {y[i]} be the largest element of {x} at position i or before it.",
            "Define the sequence {y} by letting {y[i]} be the maximum of {x[i]} and all elements of {x} that come "
            "before it.",
        ),
        ask=(
            "for every position i, the largest element of {x} at position i or before it",
            "for every element of {x}, from left to right, the maximum of this element and all elements before it",
        ),
        wrong=(
            Wrong("takes the minimum", "max", "min"),
            Wrong("leaves the element itself out", "accumulate({x}, max)", "accumulate({x}[:1] + {x}[:-1], max)"),
            Wrong(
                "looks to the right",
                "list(itertools.accumulate({x}, max))",
                "list(itertools.accumulate({x}[::-1], max))[::-1]",
            ),
        ),
        inputs=any_of(uniform, few_values, waves),
        difficulty=-1.7,
        signals=("min/max", "loop", "accumulation"),
    ),
    Feature(
        name="elementwise_max",
        category="implementation logic/array/elementwise/two sequences",
        takes=(Type.INTS, Type.INTS),
        gives=Type.INTS,
        code="[max(v, w) for v, w in zip({x}, {z})]",
        slow="[{x}[i] if {x}[i] > {z}[i] else {z}[i] for i in range(min(len({x}), len({z})))]",
        result=elementwise_max_result,
        let=(
            "Let {y} be the sequence that is as long as the shorter one of {x} and {z} and in which every {y[i]} is "
            "the larger one of {x[i]} and {z[i]}.",
            "Compare {x} and {z} position by position: let {y[i]} be the maximum of {x[i]} and {z[i]}. Where one of "
            "the two sequences is longer, its surplus elements at the end are ignored.",
        ),
        ask=(
            "for every position i that exists in both {x} and {z}, the larger one of {x[i]} and {z[i]}",
            "the maximum of {x[i]} and {z[i]} for every position i of the shorter one of {x} and {z}",
        ),
        wrong=(
            Wrong("takes the smaller one", "max(v, w)", "min(v, w)"),
            Wrong("aligns the sequences at their ends", "zip({x}, {z})", "list(zip({x}[::-1], {z}[::-1]))[::-1]"),
            Wrong(
                "the rest of the longer sequence is kept",
                "[max(v, w) for v, w in zip({x}, {z})]",
                "[max(v, w) for v, w in zip({x}, {z})] + {x}[len({z}) :] + {z}[len({x}) :]",
            ),
        ),
        difficulty=-2.0,
        signals=("pairs", "min/max", "list comprehension"),
    ),
    Feature(
        name="rotate_left",
        category="implementation logic/array/reordering/rotation",
        takes=(Type.INTS,),
        gives=Type.INTS,
        code=rotate_left,
        slow=rotate_left_slow,
        result=reverse_result,
        let=(
            "Let {y} be the sequence that {x} becomes when it is rotated to the left by {k} places, that is, when its "
            "first element is moved to the end {k} times in a row (an empty sequence if {x} is empty).",
            "Let {y} be the sequence obtained from {x} by doing the following {k} times: take the first element away "
            "and append it at the end. If {x} is empty, so is {y}.",
        ),
        ask=(
            "the sequence {x} rotated to the left by {k} places, that is, after its first element has been moved to "
            "the end {k} times in a row",
            "the sequence that {x} becomes when its first element is moved to the end, {k} times in a row",
        ),
        params=(Param("k", 2, 9, given=(0, 10**9)),),
        wrong=(
            Wrong("rotates to the right", "x[shift:] + x[:shift]", "x[-shift:] + x[:-shift]"),
            Wrong("does not wrap around for large k", "k % len(x)", "min(k, len(x))"),
            Wrong("rotates by one place more", "k % len(x)", "(k + 1) % len(x)"),
        ),
        difficulty=-1.2,
        signals=("slicing", "modular arithmetic", "queue use"),
    ),
    Feature(
        name="longest_rise",
        category="problem type/contiguous segment/longest run",
        takes=(Type.INTS,),
        gives=Type.INT,
        code=longest_rise,
        slow=longest_rise_slow,
        result=longest_rise_result,
        let=(
            "Let {y} be the length of the longest contiguous subarray of {x} that is strictly increasing "
            "(0 if {x} is empty).",
            "Consider the contiguous subarrays of {x} in which every element is strictly greater than the one before "
            "it. Let {y} be the length of the longest of them, or 0 if {x} is empty.",
        ),
        ask=(
            "the length of the longest strictly increasing contiguous subarray of {x} (0 if {x} is empty)",
            "the largest number of consecutive elements of {x} in which each is strictly greater than the one before "
            "it (0 if {x} is empty)",
        ),
        wrong=(
            Wrong("equal neighbours count as a rise", "value > x[i - 1]", "value >= x[i - 1]"),
            Wrong("a new run starts with length zero", "length = 1", "length = 0"),
            Wrong(
                "the last run is forgotten",
                "            length = 1\n        best = max(best, length)",
                "            best = max(best, length)\n            length = 1",
            ),
        ),
        inputs=any_of(uniform, few_values, waves, rising),
        difficulty=-0.8,
        signals=("loop", "comparison", "index arithmetic", "counting"),
    ),
    Feature(
        name="max_subarray",
        category="problem type/contiguous segment/maximum sum",
        takes=(Type.INTS,),
        gives=Type.INT,
        code=max_subarray,
        slow=max_subarray_slow,
        result=max_subarray_result,
        let=(
            "Let {y} be the largest possible sum of a contiguous subarray of {x}. The empty subarray is allowed and "
            "has sum 0.",
            "Choose a contiguous subarray of {x}, possibly an empty one, so that the sum of its elements is as large "
            "as possible; let {y} be that sum (0 for the empty subarray).",
        ),
        ask=(
            "the largest possible sum of a contiguous subarray of {x}, where the empty subarray is allowed and has "
            "sum 0",
            "the maximum sum of consecutive elements of {x}, where choosing no elements at all is allowed and gives 0",
        ),
        wrong=(
            Wrong(
                "every negative element ends the subarray",
                "max(0, current + value)",
                "current + value if value > 0 else 0",
            ),
            Wrong(
                "the empty subarray is not allowed",
                "best = current = 0\n    for value in x:\n        current = max(0, current + value)",
                "best = current = x[0] if x else 0\n    for value in x[1:]:\n        current = value + max(0, current)",
            ),
            Wrong("only subarrays that reach the end count", "best = max(best, current)", "best = current"),
            Wrong("only prefixes count", "max(0, current + value)", "current + value"),
        ),
        inputs=any_of(uniform, mixed_signs, dips, runs),
        difficulty=0.2,
        signals=("accumulation", "min/max", "loop"),
    ),
    Feature(
        name="one_removal_sortable",
        category="problem type/order/almost sorted",
        takes=(Type.INTS,),
        gives=Type.BOOL,
        code=one_removal_sortable,
        slow=one_removal_sortable_slow,
        result=one_removal_sortable_result,
        let=(
            "Let {y} be true if {x} can be made non-decreasing by deleting at most one of its elements, and false "
            "otherwise. The empty sequence is non-decreasing.",
            "Call a sequence calm if no element is smaller than the element just before it. Let {y} be true if {x} is "
            "calm already or becomes calm when some single element is deleted, and false otherwise.",
        ),
        ask=(
            "{x} can be made non-decreasing by deleting at most one of its elements",
            "it is possible to delete at most one element of {x} so that no remaining element is smaller than the "
            "remaining element just before it",
        ),
        wrong=(
            Wrong("the wrong neighbours of the gap are compared", "x[i - 1] <= x[i + 1]", "x[i] <= x[i + 1]"),
            Wrong("one drop is always taken as mendable", "return without_left or without_right", "return True"),
            Wrong("equal neighbours count as a drop", "x[i] < x[i - 1]", "x[i] <= x[i - 1]"),
        ),
        inputs=any_of(nearly_sorted, rotated),
        difficulty=0.7,
        signals=("comparison", "boolean logic", "index arithmetic", "early exit"),
    ),
)
