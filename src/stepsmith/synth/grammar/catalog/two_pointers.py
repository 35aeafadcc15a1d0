"""Features that are computed with two indices or a sliding window."""

import itertools
import random

from stepsmith.synth.grammar.catalog.maps import may_repeat
from stepsmith.synth.grammar.catalog.shapes import (
    any_of,
    extremes,
    few_letters,
    few_values,
    letter_runs,
    mixed_signs,
    periodic,
    runs,
    short_range,
    uniform,
    waves,
    zigzag,
)
from stepsmith.synth.grammar.domain import Domain, Size, Type, integer, ints, pick_length
from stepsmith.synth.grammar.feature import Feature, Param, Params, Wrong


def longest_distinct(x: list[int]) -> int:
    last: dict[int, int] = {}
    best = start = 0
    for i, value in enumerate(x):
        start = max(start, last.get(value, -1) + 1)
        last[value] = i
        best = max(best, i - start + 1)
    return best


def longest_distinct_slow(x: list[int]) -> int:
    return max(j - i for i in range(len(x) + 1) for j in range(i, len(x) + 1) if len(set(x[i:j])) == j - i)


def longest_distinct_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    if x.width < 2 or not may_repeat(x):
        return None
    return integer(min(1, x.size[0]), min(x.size[1], x.width + 1))


def close_pairs(x: list[int], k: int) -> int:
    ordered = sorted(x)
    pairs = left = 0
    for right, value in enumerate(ordered):
        while value - ordered[left] > k:
            left += 1
        pairs += right - left
    return pairs


def close_pairs_slow(x: list[int], k: int) -> int:
    return sum(abs(x[i] - x[j]) <= k for j in range(len(x)) for i in range(j))


def close_pairs_result(domains: tuple[Domain, ...], params: Params) -> Domain | None:
    (x,) = domains
    if x.size[1] < 2 or params["k"] >= x.values[1] - x.values[0]:
        return None
    return integer(0, x.size[1] * (x.size[1] - 1) // 2)


def steps_of(rng: random.Random, domain: Domain, size: Size, params: Params) -> list[int]:
    """Elements on a lattice of width k, or just beside it, as far as the range allows."""
    low, high = domain.values
    start, k = min(max(low, 0), high), max(1, params["k"])
    n = pick_length(rng, domain.size, size)
    return [min(high, max(low, start + k * rng.randint(0, 3) + rng.choice([0, 0, 1, -1]))) for _ in range(n)]


def smallest_gap(x: list[int], z: list[int]) -> int:
    left, right = sorted(x), sorted(z)
    best = abs(left[0] - right[0])
    i = j = 0
    while i < len(left) and j < len(right):
        best = min(best, abs(left[i] - right[j]))
        if left[i] < right[j]:
            i += 1
        else:
            j += 1
    return best


def smallest_gap_slow(x: list[int], z: list[int]) -> int:
    return min(abs(v - w) for v in x for w in z)


def smallest_gap_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    x, z = domains
    if x.size[0] < 1 or z.size[0] < 1 or x.width < 2 or z.width < 2:
        return None
    apart = max(x.values[0] - z.values[1], z.values[0] - x.values[1], 0)
    return integer(apart, max(x.values[1] - z.values[0], z.values[1] - x.values[0]))


def embedded_prefix(x: str, z: str) -> int:
    found = 0
    for letter in z:
        if found < len(x) and x[found] == letter:
            found += 1
    return found


def embedded_prefix_slow(x: str, z: str) -> int:
    parts = {"".join(part) for length in range(len(z) + 1) for part in itertools.combinations(z, length)}
    return max(length for length in range(len(x) + 1) if x[:length] in parts)


def embedded_prefix_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    x, z = domains
    if len(x.alphabet) > 16 or not x.overlaps(z):  # of many letters, even the first one is often absent
        return None
    return integer(0, min(x.size[1], z.size[1]))


def trapped_water(x: list[int]) -> list[int]:
    water = [0] * len(x)
    left, right = 0, len(x) - 1
    left_wall = right_wall = 0
    while left <= right:
        if left_wall <= right_wall:
            left_wall = max(left_wall, x[left])
            water[left] = left_wall - x[left]
            left += 1
        else:
            right_wall = max(right_wall, x[right])
            water[right] = right_wall - x[right]
            right -= 1
    return water


def trapped_water_slow(x: list[int]) -> list[int]:
    return [min(max(x[: i + 1]), max(x[i:])) - x[i] for i in range(len(x))]


def trapped_water_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    if x.values[0] < 0 or x.size[1] < 3 or "sorted" in x.tags or x.values[0] == x.values[1]:
        return None
    return ints(x.size, (0, x.values[1] - x.values[0]))


FEATURES = (
    Feature(
        name="longest_distinct",
        category="algorithm/sliding window/distinct elements",
        takes=(Type.INTS,),
        gives=Type.INT,
        code=longest_distinct,
        slow=longest_distinct_slow,
        result=longest_distinct_result,
        let=(
            "Let {y} be the length of the longest contiguous subarray of {x} in which no two elements are equal (0 if "
            "{x} is empty).",
            "Call a contiguous subarray colourful if all its elements are different from each other. Let {y} be the "
            "greatest length of a colourful contiguous subarray of {x}, or 0 if {x} is empty.",
        ),
        ask=(
            "the length of the longest contiguous subarray of {x} in which no two elements are equal (0 if {x} is "
            "empty)",
            "the largest number of consecutive elements of {x} that are pairwise different (0 if {x} is empty)",
        ),
        wrong=(
            Wrong("the window may move back", "max(start, last.get(value, -1) + 1)", "last.get(value, -1) + 1"),
            Wrong("the repeated element stays inside", "last.get(value, -1) + 1", "last.get(value, 0)"),
            Wrong("the length is one short", "i - start + 1", "i - start"),
        ),
        inputs=any_of(few_values, short_range, waves),
        difficulty=0.4,
        signals=("dict use", "set use", "interval", "min/max"),
    ),
    Feature(
        name="close_pairs",
        category="algorithm/two pointers/sorted pairs",
        takes=(Type.INTS,),
        gives=Type.INT,
        code=close_pairs,
        slow=close_pairs_slow,
        result=close_pairs_result,
        let=(
            "Let {y} be the number of pairs of positions i < j for which {x[i]} and {x[j]} differ by at most {k}.",
            "Call two different positions of {x} close if the absolute difference between their elements is not "
            "greater than {k}, and let {y} be the number of unordered pairs of close positions.",
        ),
        ask=(
            "the number of pairs of positions i < j for which {x[i]} and {x[j]} differ by at most {k}",
            "the number of ways to choose two different positions of {x}, in no particular order, whose elements have "
            "an absolute difference of {k} or less",
        ),
        params=(Param("k", 1, 30, given=(0, 500)),),
        wrong=(
            Wrong("a difference of exactly k is left out", "> k", ">= k and left < right"),
            Wrong("an element is paired with itself", "right - left", "right - left + 1"),
            Wrong("the left end moves by one step only", "while value", "if value"),
            Wrong("counts neighbours in the given order", "sorted(x)", "x"),
        ),
        inputs=any_of(few_values, short_range, steps_of),
        growth="n log n",
        difficulty=0.5,
        signals=("sorted call", "absolute difference", "nested loops", "while loop"),
    ),
    Feature(
        name="smallest_gap",
        category="algorithm/two pointers/two sequences",
        takes=(Type.INTS, Type.INTS),
        gives=Type.INT,
        code=smallest_gap,
        slow=smallest_gap_slow,
        result=smallest_gap_result,
        let=(
            "Let {y} be the smallest absolute difference between an element of {x} and an element of {z}.",
            "Choose one element of {x} and one element of {z} so that the absolute difference between the two is as "
            "small as possible, and let {y} be that difference.",
        ),
        ask=(
            "the smallest absolute difference between an element of {x} and an element of {z}",
            "the smallest possible absolute difference between two integers of which one is an element of {x} and the "
            "other is an element of {z}",
        ),
        wrong=(
            Wrong("the wrong index moves", "left[i] < right[j]", "left[i] > right[j]"),
            Wrong(
                "compares position by position",
                "i += 1\n        else:\n            j += 1",
                "i += 1\n            j += 1\n        else:\n            i += 1\n            j += 1",
            ),
            Wrong("does not sort", "left, right = sorted(x), sorted(z)", "left, right = x, z"),
            Wrong("the sign is not dropped", "abs(left[i] - right[j])", "left[i] - right[j]"),
        ),
        inputs=any_of(uniform, extremes, zigzag),
        growth="n log n",
        difficulty=0.3,
        signals=("sorted call", "absolute difference", "while loop", "min/max"),
    ),
    Feature(
        name="embedded_prefix",
        category="algorithm/two pointers/subsequence",
        takes=(Type.STR, Type.STR),
        gives=Type.INT,
        code=embedded_prefix,
        slow=embedded_prefix_slow,
        result=embedded_prefix_result,
        let=(
            "Let {y} be the length of the longest prefix of {x} that can be obtained from {z} by deleting characters, "
            "possibly none, without changing the order of the others (0 if only the empty prefix can).",
            "Say that a string is hidden in {z} if its characters occur in {z} in the same order, not necessarily "
            "next to each other. Let {y} be the greatest length of a prefix of {x} that is hidden in {z}; the empty "
            "prefix always is.",
        ),
        ask=(
            "the length of the longest prefix of {x} that is a subsequence of {z}, which means that it can be "
            "obtained from {z} by deleting some characters, possibly none",
            "the largest number of characters at the beginning of {x} that occur in {z} in the same order, not "
            "necessarily next to each other",
        ),
        wrong=(
            Wrong(
                "characters have to be adjacent",
                "        if found < len(x) and x[found] == letter:\n            found += 1",
                "        if found == len(x) or x[found] != letter:\n            break\n        found += 1",
            ),
            Wrong("the order is ignored", "x[found] == letter", "letter in x"),
            Wrong("starts with the second character", "found = 0", "found = min(1, len(x))"),
        ),
        inputs=any_of(few_letters, letter_runs, periodic),
        difficulty=-0.7,
        signals=("string scanning", "while loop", "search", "index arithmetic"),
    ),
    Feature(
        name="trapped_water",
        category="algorithm/two pointers/walls",
        takes=(Type.INTS,),
        gives=Type.INTS,
        code=trapped_water,
        slow=trapped_water_slow,
        result=trapped_water_result,
        let=(
            "Imagine that the elements of {x} are the heights of columns of width 1 that stand side by side. After "
            "heavy rain, water stands as high as it can without flowing off at either end. For every position i, let "
            "{y[i]} be the depth of the water on top of column i (0 if there is none).",
            "For every position i, take the maximum of {x[i]} and all elements before it, and the maximum of {x[i]} "
            "and all elements after it; let {y[i]} be the smaller one of these two maxima, minus {x[i]}.",
        ),
        ask=(
            "for every position i, the depth of the water on top of column i after heavy rain, where {x} lists the "
            "heights of adjacent columns of width 1 and water stands as high as it can without flowing off at either "
            "end",
            "for every element of {x}, how much lower it is than the smaller one of two maxima: that of the elements "
            "up to and including it, and that of the elements from it onwards",
        ),
        wrong=(
            Wrong("only the left wall holds water", "left_wall <= right_wall", "True"),
            Wrong(
                "walls lower than the column are kept",
                "right_wall = max(right_wall, x[right])",
                "right_wall = x[right]",
            ),
            Wrong("the higher wall counts", "left_wall <= right_wall", "left_wall > right_wall"),
        ),
        inputs=any_of(short_range, zigzag, waves, runs, mixed_signs),
        difficulty=0.6,
        signals=("min/max", "while loop", "loop", "interval"),
    ),
)
