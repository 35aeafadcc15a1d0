"""Features that order a sequence, or need it in order."""

import bisect
import collections

from stepsmith.synth.grammar.catalog.maps import may_repeat
from stepsmith.synth.grammar.catalog.shapes import (
    any_of,
    extremes,
    few_values,
    mixed_signs,
    nearly_sorted,
    runs,
    short_range,
    uniform,
    waves,
    zigzag,
)
from stepsmith.synth.grammar.domain import Domain, Type, integer, ints
from stepsmith.synth.grammar.feature import Feature, Params, Wrong


def order_by_digit_sum(x: list[int]) -> list[int]:
    return sorted(x, key=lambda value: (sum(map(int, str(value))), value))


def order_by_digit_sum_slow(x: list[int]) -> list[int]:
    keyed = []
    for value in x:
        rest, total = value, 0
        while rest > 0:
            rest, digit = divmod(rest, 10)
            total += digit
        keyed.append((total, value))
    return [value for _, value in sorted(keyed)]


def order_by_digit_sum_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    if x.values[0] < 0 or x.values[1] < 10 or x.size[1] < 2:  # digit sums of single digits say nothing
        return None
    return x.with_(tags=x.tags - {"sorted"})


def order_by_frequency(x: list[int]) -> list[int]:
    counts = collections.Counter(x)
    return sorted(x, key=lambda value: (-counts[value], value))


def order_by_frequency_slow(x: list[int]) -> list[int]:
    rest = sorted(x)
    result = []
    while rest:
        value = max(rest, key=x.count)
        rest.remove(value)
        result.append(value)
    return result


def order_by_frequency_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return x.with_(tags=x.tags - {"sorted"}) if may_repeat(x) else None


def ranks(x: list[int]) -> list[int]:
    place = {value: smaller for smaller, value in enumerate(sorted(set(x)))}
    return [place[value] for value in x]


def ranks_slow(x: list[int]) -> list[int]:
    return [len({other for other in x if other < value}) for value in x]


def ranks_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    if x.size[1] < 2 or x.width < 2 or x.tags >= {"sorted", "distinct"}:
        return None
    return ints(x.size, (0, x.size[1] - 1), *x.tags)


def outside_in(x: list[int]) -> list[int]:
    ordered = sorted(x)
    result = []
    for i in range(len(x)):
        result.append(ordered[i // 2] if i % 2 == 0 else ordered[-1 - i // 2])
    return result


def outside_in_slow(x: list[int]) -> list[int]:
    rest = list(x)
    result: list[int] = []
    while rest:
        value = min(rest) if len(result) % 2 == 0 else max(rest)
        rest.remove(value)
        result.append(value)
    return result


def outside_in_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return x.with_(tags=x.tags - {"sorted"}) if x.size[1] >= 3 else None


def inversions(x: list[int]) -> int:
    seen: list[int] = []
    count = 0
    for value in x:
        count += len(seen) - bisect.bisect_right(seen, value)
        bisect.insort(seen, value)
    return count


def inversions_slow(x: list[int]) -> int:
    return sum(x[i] > x[j] for j in range(len(x)) for i in range(j))


def inversions_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    if "sorted" in x.tags or x.size[1] < 2:
        return None
    return integer(0, x.size[1] * (x.size[1] - 1) // 2)


def widest_gap(x: list[int]) -> int:
    ordered = sorted(x)
    widest = 0
    for i in range(1, len(ordered)):
        widest = max(widest, ordered[i] - ordered[i - 1])
    return widest


def widest_gap_slow(x: list[int]) -> int:
    return max([w - v for v in x for w in x if v < w and not any(v < u < w for u in x)], default=0)


def widest_gap_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return integer(0, x.values[1] - x.values[0]) if x.size[1] >= 3 and x.width >= 2 else None


def equalising_cost(x: list[int]) -> int:
    if not x:
        return 0
    middle = sorted(x)[len(x) // 2]
    return sum(abs(value - middle) for value in x)


def equalising_cost_slow(x: list[int]) -> int:
    return min([sum(abs(value - target) for value in x) for target in x], default=0)


def equalising_cost_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    if x.size[1] < 2:
        return None
    return integer(0, (x.values[1] - x.values[0]) * (x.size[1] // 2))


FEATURES = (
    Feature(
        name="order_by_digit_sum",
        category="algorithm/sorting/custom order/derived key",
        takes=(Type.INTS,),
        gives=Type.INTS,
        code=order_by_digit_sum,
        slow=order_by_digit_sum_slow,
        result=order_by_digit_sum_result,
        let=(
            "Let {y} be the sequence of the elements of {x} ordered by the sum of their decimal digits, smaller sums "
            "first; elements with equal digit sums are ordered by value, smaller ones first.",
            "Imagine that {x} is rearranged so that elements with a smaller sum of decimal digits come before those "
            "with a larger one, and that among elements with the same digit sum smaller elements come first. Let {y} "
            "be the resulting sequence.",
        ),
        ask=(
            "the elements of {x} ordered by the sum of their decimal digits, smaller sums first, where elements with "
            "equal digit sums are ordered by value, smaller ones first",
            "the sequence {x} rearranged in increasing order of the sums of decimal digits; elements with the same "
            "digit sum appear in non-decreasing order",
        ),
        wrong=(
            Wrong("ties keep their original order", "(sum(map(int, str(value))), value)", "sum(map(int, str(value)))"),
            Wrong("orders by the number of digits", "sum(map(int, str(value)))", "len(str(value))"),
            Wrong("larger elements first among ties", "value))), value)", "value))), -value)"),
        ),
        inputs=any_of(uniform, short_range),
        growth="n log n",
        difficulty=-1.0,
        signals=("sorted call", "lambda", "digits"),
    ),
    Feature(
        name="order_by_frequency",
        category="algorithm/sorting/custom order/frequency",
        takes=(Type.INTS,),
        gives=Type.INTS,
        code=order_by_frequency,
        slow=order_by_frequency_slow,
        result=order_by_frequency_result,
        let=(
            "Let {y} be the sequence of the elements of {x}, repetitions included, ordered so that values that occur "
            "more often in {x} come first; values that occur equally often are ordered from the smallest to the "
            "largest.",
            "Imagine that {x} is rearranged as follows: an element whose value occurs more often in {x} comes before "
            "one whose value occurs less often, and elements whose values occur equally often come in non-decreasing "
            "order. Let {y} be the resulting sequence.",
        ),
        ask=(
            "all elements of {x}, repetitions included, ordered so that values that occur more often come first and "
            "values that occur equally often are in increasing order",
            "the sequence {x} rearranged by how often each value occurs in it, most frequent values first; values that "
            "occur equally often are ordered from the smallest to the largest",
        ),
        wrong=(
            Wrong("equally frequent values may be mixed", "(-counts[value], value)", "-counts[value]"),
            Wrong("rarest values first", "(-counts[value], value)", "(counts[value], value)"),
            Wrong("larger values first among ties", "(-counts[value], value)", "(-counts[value], -value)"),
            Wrong("repetitions are dropped", "sorted(x,", "sorted(counts,"),
        ),
        inputs=any_of(few_values, short_range, runs),
        growth="n log n",
        difficulty=-0.7,
        signals=("sorted call", "counting", "dict use", "lambda"),
    ),
    Feature(
        name="ranks",
        category="algorithm/sorting/coordinate compression",
        takes=(Type.INTS,),
        gives=Type.INTS,
        code=ranks,
        slow=ranks_slow,
        result=ranks_result,
        let=(
            "For every position i, let {y[i]} be the number of different values that occur in {x} and are strictly "
            "smaller than {x[i]}.",
            "Let {y} be the sequence in which every element of {x} is replaced by the number of distinct values of {x} "
            "that are strictly less than it; equal elements get equal numbers, and the smallest ones get 0.",
        ),
        ask=(
            "for every element of {x}, the number of different values that occur in {x} and are strictly smaller than "
            "it",
            "the sequence {x} with every element replaced by the number of distinct values of {x} that are strictly "
            "less than it",
        ),
        wrong=(
            Wrong("repetitions of smaller elements are counted", "sorted(set(x))", "sorted(x)"),
            Wrong("starts at one", "enumerate(sorted(set(x)))", "enumerate(sorted(set(x)), 1)"),
            Wrong("the largest value gets zero", "sorted(set(x))", "sorted(set(x), reverse=True)"),
        ),
        inputs=any_of(few_values, short_range, runs, uniform),
        growth="n log n",
        difficulty=-0.6,
        signals=("sorted call", "set use", "dict use", "enumeration"),
    ),
    Feature(
        name="outside_in",
        category="algorithm/sorting/rearrangement",
        takes=(Type.INTS,),
        gives=Type.INTS,
        code=outside_in,
        slow=outside_in_slow,
        result=outside_in_result,
        let=(
            "Build {y} from the elements of {x} as follows: write down a smallest element, then a largest one of "
            "those that are left, then a smallest one of those that are left, and so on in turn, until every element "
            "has been used.",
            "Let {y} be the rearrangement of {x} that begins with its smallest element, continues with its largest, "
            "then its second smallest, its second largest, and so on, until all elements (repetitions included) are "
            "used up.",
        ),
        ask=(
            "the elements of {x} in this order: the smallest one, the largest one, the second smallest, the second "
            "largest, and so on, until all of them (repetitions included) are used up",
            "the sequence that results from taking elements of {x} away, in turn a smallest and a largest one of those "
            "that are left, beginning with a smallest one, until none is left",
        ),
        wrong=(
            Wrong("begins with the largest element", "i % 2 == 0", "i % 2 == 1"),
            Wrong("largest elements are taken one place too far in", "-1 - i // 2", "-2 - i // 2"),
            Wrong("repetitions are dropped", "sorted(x)", "sorted(set(x))"),
            Wrong("the sequence is not sorted", "ordered = sorted(x)", "ordered = x"),
        ),
        inputs=any_of(uniform, few_values, waves),
        growth="n log n",
        difficulty=-1.0,
        signals=("sorted call", "index arithmetic", "modular arithmetic"),
    ),
    Feature(
        name="inversions",
        category="algorithm/sorting/inversions",
        takes=(Type.INTS,),
        gives=Type.INT,
        code=inversions,
        slow=inversions_slow,
        result=inversions_result,
        let=(
            "Let {y} be the number of pairs of positions i < j for which {x[i]} is strictly greater than {x[j]}.",
            "Count the ways to choose two elements of {x} at different positions so that the earlier one is strictly "
            "greater than the later one, and let {y} be their number.",
        ),
        ask=(
            "the number of pairs of positions i < j for which {x[i]} is strictly greater than {x[j]}",
            "the number of ways to choose two elements of {x} at different positions so that the earlier one is "
            "strictly greater than the later one",
        ),
        wrong=(
            Wrong("equal elements count as well", "bisect.bisect_right", "bisect.bisect_left"),
            Wrong("counts the pairs in order", "len(seen) - bisect.bisect_right", "bisect.bisect_left"),
            Wrong("does not keep earlier elements in order", "bisect.insort(seen, value)", "seen.append(value)"),
        ),
        inputs=any_of(uniform, few_values, nearly_sorted, waves),
        growth="n log n",
        difficulty=0.9,
        signals=("nested loops", "bisect", "comparison", "counting"),
    ),
    Feature(
        name="widest_gap",
        category="algorithm/sorting/gaps",
        takes=(Type.INTS,),
        gives=Type.INT,
        code=widest_gap,
        slow=widest_gap_slow,
        result=widest_gap_result,
        let=(
            "Say that two elements of {x} form a gap if no element of {x} lies strictly between them; the width of "
            "the gap is their difference. Let {y} be the largest width of a gap, or 0 if {x} does not contain two "
            "different values.",
            "Let {y} be the largest difference between two elements of {x} with the property that no third element of "
            "{x} is strictly greater than one of them and strictly less than the other. If {x} does not contain two "
            "different values, let {y} be 0.",
        ),
        ask=(
            "the largest difference between two elements of {x} such that no element of {x} lies strictly between "
            "them (0 if {x} does not contain two different values)",
            "the greatest width of a gap of {x}, where a gap is formed by two elements such that no element lies "
            "strictly between them, and its width is their difference (0 if {x} does not contain two different values)",
        ),
        wrong=(
            Wrong("compares neighbours in the given order", "ordered = sorted(x)", "ordered = x"),
            Wrong("the last gap is forgotten", "range(1, len(ordered))", "range(1, len(ordered) - 1)"),
            Wrong("measures from the smallest element", "ordered[i] - ordered[i - 1]", "ordered[i] - ordered[0]"),
        ),
        inputs=any_of(uniform, zigzag, extremes, mixed_signs),
        growth="n log n",
        difficulty=-0.7,
        signals=("sorted call", "absolute difference", "min/max", "index arithmetic"),
    ),
    Feature(
        name="equalising_cost",
        category="algorithm/sorting/median",
        takes=(Type.INTS,),
        gives=Type.INT,
        code=equalising_cost,
        slow=equalising_cost_slow,
        result=equalising_cost_result,
        let=(
            "Suppose that one move increases or decreases one element of {x} by 1. Let {y} be the smallest number of "
            "moves after which all elements can be equal (0 if {x} is empty).",
            "Define the distance of {x} from an integer as the sum of the absolute differences between this integer "
            "and each element of {x}. Let {y} be the smallest distance of {x} from any integer (0 if {x} is empty).",
        ),
        ask=(
            "the smallest number of moves that make all elements of {x} equal, where one move increases or decreases "
            "one element by 1 (0 if {x} is empty)",
            "the smallest possible sum of the absolute differences between one freely chosen integer and each element "
            "of {x} (0 if {x} is empty)",
        ),
        wrong=(
            Wrong("moves to the rounded mean", "sorted(x)[len(x) // 2]", "sum(x) // len(x)"),
            Wrong("takes the middle position unsorted", "sorted(x)[len(x) // 2]", "x[len(x) // 2]"),
            Wrong("moves to the middle of the range", "sorted(x)[len(x) // 2]", "(min(x) + max(x)) // 2"),
        ),
        inputs=any_of(uniform, extremes, mixed_signs, waves),
        growth="n log n",
        difficulty=0.0,
        signals=("sorted call", "absolute difference", "accumulation"),
    ),
)
