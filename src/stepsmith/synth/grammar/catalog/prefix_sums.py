"""Features about sums of consecutive elements."""

import random

from stepsmith.synth.grammar.catalog.shapes import (
    any_of,
    extremes,
    few_values,
    mixed_signs,
    short_range,
    uniform,
    waves,
)
from stepsmith.synth.grammar.domain import Domain, Size, Type, integer, ints
from stepsmith.synth.grammar.feature import Feature, Param, Params, Wrong


def subarray_count(n: int) -> int:
    """The number of non-empty contiguous subarrays of n elements."""
    return n * (n + 1) // 2


def window_sums(x: list[int], k: int) -> list[int]:
    sums = []
    current = 0
    for i, value in enumerate(x):
        current += value
        if i >= k:
            current -= x[i - k]
        if i >= k - 1:
            sums.append(current)
    return sums


def window_sums_slow(x: list[int], k: int) -> list[int]:
    return [sum(x[i : i + k]) for i in range(len(x) - k + 1)]


def window_sums_result(domains: tuple[Domain, ...], params: Params) -> Domain | None:
    (x,) = domains
    k = params["k"]
    if k > x.size[1]:
        return None
    size = (max(0, x.size[0] - k + 1), x.size[1])
    return ints(size, (min(x.values[0], x.values[0] * k), max(x.values[1], x.values[1] * k)))


def subarrays_with_sum(x: list[int], k: int) -> int:
    seen = {0: 1}
    total = count = 0
    for value in x:
        total += value
        count += seen.get(total - k, 0)
        seen[total] = seen.get(total, 0) + 1
    return count


def subarrays_with_sum_slow(x: list[int], k: int) -> int:
    return sum(sum(x[i:j]) == k for j in range(len(x) + 1) for i in range(j))


def subarrays_with_sum_result(domains: tuple[Domain, ...], params: Params) -> Domain | None:
    (x,) = domains
    k = params["k"]
    if x.values[0] > k or x.size[1] < 2 or "distinct" in x.tags or x.width > 128 * max(8, k):  # else hardly any
        return None
    return integer(0, subarray_count(x.size[1]))


def sums_near(rng: random.Random, domain: Domain, size: Size, params: Params) -> list[int]:
    """Elements of which a few add up to k, and zeros."""
    low, high = domain.values
    k = params["k"]
    values = few_values(rng, domain, size, params)
    for i in range(len(values)):
        part = rng.choice([k, k // 2, k - k // 2, 0, k - values[i - 1]])
        if low <= part <= high and rng.random() < 0.6:
            values[i] = part
    return values


def subarrays_divisible(x: list[int], k: int) -> int:
    seen = {0: 1}
    total = count = 0
    for value in x:
        total = (total + value) % k
        count += seen.get(total, 0)
        seen[total] = seen.get(total, 0) + 1
    return count


def subarrays_divisible_slow(x: list[int], k: int) -> int:
    return sum(sum(x[i:j]) // k * k == sum(x[i:j]) for j in range(len(x) + 1) for i in range(j))


def subarrays_divisible_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return integer(0, subarray_count(x.size[1])) if x.size[1] >= 2 and x.values[0] < x.values[1] else None


def best_split(x: list[int]) -> int:
    left, right = 0, sum(x)
    best = abs(right)
    for value in x:
        left += value
        right -= value
        best = min(best, abs(left - right))
    return best


def best_split_slow(x: list[int]) -> int:
    return min(abs(sum(x[:i]) - sum(x[i:])) for i in range(len(x) + 1))


def best_split_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    if x.size[1] < 2:
        return None
    return integer(0, x.size[1] * max(abs(x.values[0]), abs(x.values[1])))


def longest_balanced(x: list[int]) -> int:
    first = {0: -1}
    best = balance = 0
    for i, value in enumerate(x):
        balance += 1 if value % 2 == 0 else -1
        if balance in first:
            best = max(best, i - first[balance])
        else:
            first[balance] = i
    return best


def longest_balanced_slow(x: list[int]) -> int:
    best = 0
    for i in range(len(x)):
        for j in range(i + 1, len(x) + 1):
            odd = [v for v in x[i:j] if v % 2]
            if 2 * len(odd) == j - i:
                best = max(best, j - i)
    return best


def longest_balanced_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    if x.size[1] < 3 or x.values[0] == x.values[1]:
        return None
    return integer(0, x.size[1] // 2 * 2)


FEATURES = (
    Feature(
        name="window_sums",
        category="algorithm/sliding window/fixed width",
        takes=(Type.INTS,),
        gives=Type.INTS,
        code=window_sums,
        slow=window_sums_slow,
        result=window_sums_result,
        let=(
            "Let {y} be the sequence of the sums of all contiguous subarrays of {x} of length {k}, from the leftmost "
            "one to the rightmost one (empty if {x} has fewer than {k} elements).",
            "Consider all contiguous subarrays of {x} that have exactly {k} elements, in the order of their first "
            "positions, and let {y} be the sequence of their sums. If {x} has fewer than {k} elements, {y} is empty.",
        ),
        ask=(
            "the sums of all contiguous subarrays of {x} of length {k}, from the leftmost one to the rightmost one "
            "(none if there are fewer than {k} elements)",
            "the sum of every contiguous subarray of {x} that has exactly {k} elements, in the order of their first "
            "positions",
        ),
        params=(Param("k", 2, 6, given=(1, 50)),),
        wrong=(
            Wrong(
                "the last window is left out",
                "sums.append(current)\n    return sums",
                "sums.append(current)\n    return sums[:-1]",
            ),
            Wrong("incomplete windows are reported too", "if i >= k - 1", "if i >= 0"),
            Wrong(
                "the window is one element too long",
                "if i >= k:\n            current -= x[i - k]",
                "if i > k:\n            current -= x[i - k - 1]",
            ),
            Wrong("windows do not overlap", "if i >= k - 1", "if (i + 1) % k == 0"),
        ),
        inputs=any_of(uniform, mixed_signs, waves),
        difficulty=-0.8,
        signals=("slicing", "index arithmetic", "accumulation"),
    ),
    Feature(
        name="subarrays_with_sum",
        category="algorithm/prefix sums/counting",
        takes=(Type.INTS,),
        gives=Type.INT,
        code=subarrays_with_sum,
        slow=subarrays_with_sum_slow,
        result=subarrays_with_sum_result,
        let=(
            "Let {y} be the number of non-empty contiguous subarrays of {x} whose sum is exactly {k}. Subarrays at "
            "different places are counted separately, even if they contain the same elements.",
            "Count the ways to choose one or more consecutive elements of {x} that add up to exactly {k}; ways that "
            "differ in position are different. Let {y} be their number.",
        ),
        ask=(
            "the number of non-empty contiguous subarrays of {x} whose sum is exactly {k} (subarrays at different "
            "places are counted separately)",
            "the number of ways to choose one or more consecutive elements of {x} that add up to exactly {k}",
        ),
        params=(Param("k", 0, 30, given=(0, 1000)),),
        wrong=(
            Wrong("subarrays that begin at the start are missed", "{0: 1}", "{0: 0}"),
            Wrong(
                "chosen subarrays may not overlap",
                "        count += seen.get(total - k, 0)",
                "        if total - k in seen:\n            count += 1\n            seen = {}",
            ),
            Wrong("counts prefixes only", "seen.get(total - k, 0)", "total == k"),
            Wrong("looks for the sum with the wrong sign", "total - k", "total + k"),
        ),
        inputs=any_of(sums_near, sums_near, mixed_signs),
        difficulty=0.8,
        signals=("accumulation", "dict use", "nested loops", "counting"),
    ),
    Feature(
        name="subarrays_divisible",
        category="algorithm/prefix sums/divisibility",
        takes=(Type.INTS,),
        gives=Type.INT,
        code=subarrays_divisible,
        slow=subarrays_divisible_slow,
        result=subarrays_divisible_result,
        let=(
            "Let {y} be the number of non-empty contiguous subarrays of {x} whose sum is divisible by {k}. Subarrays "
            "at different places are counted separately.",
            "Count the ways to choose one or more consecutive elements of {x} so that their sum is a multiple of {k} "
            "(0 and negative multiples included); ways that differ in position are different. Let {y} be their "
            "number.",
        ),
        ask=(
            "the number of non-empty contiguous subarrays of {x} whose sum is divisible by {k} (subarrays at different "
            "places are counted separately)",
            "the number of ways to choose one or more consecutive elements of {x} so that their sum is a multiple of "
            "{k} (0 and negative multiples included)",
        ),
        params=(Param("k", 2, 11, given=(1, 1000)),),
        wrong=(
            Wrong("subarrays that begin at the start are missed", "{0: 1}", "{0: 0}"),
            Wrong("an earlier equal remainder counts only once", "seen.get(total, 0) + 1", "1"),
            Wrong("counts prefixes only", "seen.get(total, 0)\n", "total == 0\n"),
        ),
        inputs=any_of(uniform, few_values, short_range, mixed_signs),
        difficulty=0.9,
        signals=("accumulation", "dict use", "modular arithmetic", "counting"),
    ),
    Feature(
        name="best_split",
        category="algorithm/prefix sums/split",
        takes=(Type.INTS,),
        gives=Type.INT,
        code=best_split,
        slow=best_split_slow,
        result=best_split_result,
        let=(
            "Cut {x} into a left and a right part, either of which may be empty, so that the absolute difference "
            "between the sums of the two parts is as small as possible; let {y} be this difference. An empty part has "
            "sum 0.",
            "Imagine that the elements of {x} are shared between two people: the first one gets a prefix of {x}, the "
            "second one gets the rest, and either may get nothing. Let {y} be the smallest possible absolute "
            "difference between the sums that the two people get.",
        ),
        ask=(
            "the smallest possible absolute difference between the sum of a prefix of {x} and the sum of the remaining "
            "elements, where either part may be empty and then has sum 0",
            "the smallest absolute difference between the sums of the two parts that {x} can be cut into, a left and a "
            "right one; either may be empty and then has sum 0",
        ),
        wrong=(
            Wrong(
                "stops at the first worsening",
                "best = min(best, abs(left - right))",
                "if abs(left - right) > best:\n            break\n        best = abs(left - right)",
            ),
            Wrong(
                "the element at the cut belongs to both parts",
                "right -= value\n        best = min(best, abs(left - right))",
                "best = min(best, abs(left - right))\n        right -= value",
            ),
            Wrong("the sign is not dropped", "best = min(best, abs(left - right))", "best = min(best, left - right)"),
        ),
        inputs=any_of(mixed_signs, uniform, extremes),
        difficulty=-0.2,
        signals=("accumulation", "absolute difference", "min/max", "slicing"),
    ),
    Feature(
        name="longest_balanced",
        category="algorithm/prefix sums/balance",
        takes=(Type.INTS,),
        gives=Type.INT,
        code=longest_balanced,
        slow=longest_balanced_slow,
        result=longest_balanced_result,
        let=(
            "Let {y} be the length of the longest contiguous subarray of {x} that contains as many even elements as "
            "odd ones (0 if only the empty subarray does).",
            "Call a contiguous subarray fair if exactly half of its elements are even; the empty subarray is fair. "
            "Let {y} be the greatest length of a fair contiguous subarray of {x}.",
        ),
        ask=(
            "the length of the longest contiguous subarray of {x} that contains as many even elements as odd ones (0 "
            "if only the empty subarray does)",
            "the greatest number of consecutive elements of {x} of which exactly half are even (possibly 0)",
        ),
        wrong=(
            Wrong("subarrays that begin at the start are missed", "{0: -1}", "{0: 0}"),
            Wrong(
                "only the nearest equal balance counts",
                "        else:\n            first[balance] = i",
                "        first[balance] = i",
            ),
            Wrong("only prefixes count", "if balance in first", "if balance == 0"),
        ),
        inputs=any_of(uniform, few_values, waves),
        difficulty=0.9,
        signals=("accumulation", "dict use", "modular arithmetic", "counting"),
    ),
)
