"""Features that are computed by one greedy pass."""

import functools
import itertools
import random

from stepsmith.synth.grammar.catalog.shapes import (
    any_of,
    extremes,
    falling,
    few_values,
    mixed_signs,
    short_range,
    uniform,
    zigzag,
)
from stepsmith.synth.grammar.domain import Domain, Size, Type, integer, ints, pick_length
from stepsmith.synth.grammar.feature import Feature, Param, Params, Wrong


def least_rising(x: list[int]) -> list[int]:
    result: list[int] = []
    for value in x:
        if result and result[-1] >= value:
            value = result[-1] + 1
        result.append(value)
    return result


def least_rising_slow(x: list[int]) -> list[int]:
    return [max(x[j] + i - j for j in range(i + 1)) for i in range(len(x))]


def least_rising_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    if {"sorted", "distinct"} <= x.tags:
        return None
    return ints(x.size, (x.values[0], x.values[1] + max(0, x.size[1] - 1)), "sorted", "distinct")


def fewest_jumps(x: list[int]) -> int:
    jumps = landing = farthest = 0
    for i in range(len(x) - 1):
        farthest = max(farthest, i + x[i])
        if i == landing:
            if farthest == i:
                return -1
            jumps += 1
            landing = farthest
    return jumps


def fewest_jumps_slow(x: list[int]) -> int:
    reached, jumps = {0}, 0
    while len(x) > 1 and len(x) - 1 not in reached:
        wider = reached | {j for i in reached for j in range(i + 1, min(len(x), i + x[i] + 1))}
        if wider == reached:
            return -1
        reached, jumps = wider, jumps + 1
    return jumps


def fewest_jumps_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return integer(-1, max(0, x.size[1] - 1)) if x.values[0] >= 0 and x.size[1] >= 2 else None


def fewest_jumps_inputs(rng: random.Random, domain: Domain, size: Size, _: Params) -> list[int]:
    """Short jumps, with a few long ones and few zeros."""
    low, high = domain.values
    reaches = [
        min(high, max(low, reach)) for reach in rng.choice([(1, 1, 2, 3), (0, 0, 1, 2), (0, 1, 2, 3), (1, 2, 2, 7)])
    ]
    return [rng.choice(reaches) for _ in range(pick_length(rng, domain.size, size))]


def matched_requests(x: list[int], z: list[int]) -> int:
    requests = sorted(x)
    served = 0
    for offer in sorted(z):
        if served < len(requests) and requests[served] <= offer:
            served += 1
    return served


def matched_requests_slow(x: list[int], z: list[int]) -> int:
    taken_by: dict[int, int] = {}

    def serve(request: int, tried: set[int]) -> bool:
        for offer in range(len(z)):
            if z[offer] >= x[request] and offer not in tried:
                tried.add(offer)
                if offer not in taken_by or serve(taken_by[offer], tried):
                    taken_by[offer] = request
                    return True
        return False

    return sum(serve(request, set()) for request in range(len(x)))


def matched_requests_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    x, z = domains
    if not x.overlaps(z):  # else no offer is enough, or every one is
        return None
    return integer(0, min(x.size[1], z.size[1]))


def fewest_groups(x: list[int], k: int) -> int:
    ordered = sorted(x)
    groups, light, heavy = 0, 0, len(ordered) - 1
    while light <= heavy:
        if ordered[light] + ordered[heavy] <= k:
            light += 1
        heavy -= 1
        groups += 1
    return groups


def fewest_groups_slow(x: list[int], k: int) -> int:
    @functools.cache
    def groups(rest: tuple[int, ...]) -> int:
        if not rest:
            return 0
        first, others = rest[0], rest[1:]
        alone = groups(others)
        pairs = [groups(others[:i] + others[i + 1 :]) for i, other in enumerate(others) if first + other <= k]
        return 1 + min([alone, *pairs])

    return groups(tuple(x))


def fewest_groups_result(domains: tuple[Domain, ...], params: Params) -> Domain | None:
    (x,) = domains
    if not 2 * x.values[0] <= params["k"] < 2 * x.values[1]:
        return None
    return integer((x.size[0] + 1) // 2, x.size[1])


def fewest_groups_inputs(rng: random.Random, domain: Domain, size: Size, params: Params) -> list[int]:
    """Pairs that make up the limit exactly or miss it by one."""
    low, high = domain.values
    values: list[int] = []
    for _ in range(pick_length(rng, domain.size, size)):
        partner = params["k"] - values[-1] + rng.choice([-1, 0, 0, 1]) if values else low
        values.append(
            partner
            if low <= partner <= high and rng.random() < 0.6
            else rng.randint(low, min(high, max(low, params["k"])))
        )
    rng.shuffle(values)
    return values


def safe_starts(x: list[int]) -> int:
    n = len(x)
    before = [0, *itertools.accumulate(x)]  # before[i]: the sum of the first i
    total = before[n]
    lowest_after = [0] * (n + 1)
    lowest_after[n] = before[n]
    for i in range(n - 1, -1, -1):
        lowest_after[i] = min(before[i], lowest_after[i + 1])
    starts = 0
    lowest_until = 0
    for i in range(n):
        lowest_until = min(lowest_until, before[i])
        if lowest_after[i] >= before[i] and total + lowest_until >= before[i]:
            starts += 1
    return starts


def safe_starts_slow(x: list[int]) -> int:
    rounds = [x[i:] + x[:i] for i in range(len(x))]
    return sum(all(level >= 0 for level in itertools.accumulate(circle)) for circle in rounds)


def safe_starts_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return integer(0, x.size[1]) if x.values[0] < 0 < x.values[1] else None


def safe_starts_inputs(rng: random.Random, domain: Domain, size: Size, _: Params) -> list[int]:
    """Small changes whose total is near zero."""
    low, high = domain.values
    width = min(-low, high, rng.randint(1, 9))
    values = [rng.randint(-width, width) for _ in range(pick_length(rng, domain.size, size))]
    excess = sum(values) - rng.choice([0, 0, 1, 3])
    for i, value in enumerate(values):
        change = max(value - high, min(value - low, excess))
        change = max(-3, min(3, change))
        values[i] -= change
        excess -= change
    rng.shuffle(values)
    return values


FEATURES = (
    Feature(
        name="least_rising",
        category="algorithm/greedy/sequence repair/strictly increasing",
        takes=(Type.INTS,),
        gives=Type.INTS,
        code=least_rising,
        slow=least_rising_slow,
        result=least_rising_result,
        inputs=any_of(few_values, short_range, falling, zigzag),
        let=(
            "Increase elements of {x}, each by any non-negative integer, so that the sequence becomes strictly "
            "increasing. Let {y} be the resulting sequence with the smallest possible sum.",
            "Let {y} be the strictly increasing sequence of integers with as many elements as {x} such that {y[i]} "
            "is at least {x[i]} for every position i and the sum of its elements is as small as possible.",
        ),
        ask=(
            "the strictly increasing sequence with the smallest sum that can be obtained from {x} by increasing "
            "elements, each by any non-negative integer",
            "the strictly increasing sequence of integers, as long as {x} and nowhere smaller than {x}, whose sum is "
            "as small as possible",
        ),
        wrong=(
            Wrong("equal neighbours are left alone", "result[-1] >= value", "result[-1] > value"),
            Wrong("an element only becomes equal to the one before", "result[-1] + 1", "result[-1]"),
            Wrong(
                "every element becomes one more than the one before", "if result and result[-1] >= value:", "if result:"
            ),
        ),
        growth="n",
        difficulty=-1.0,
        signals=("loop", "comparison", "stack use", "arithmetic"),
    ),
    Feature(
        name="fewest_jumps",
        category="algorithm/greedy/reachability/jumps",
        takes=(Type.INTS,),
        gives=Type.INT,
        code=fewest_jumps,
        slow=fewest_jumps_slow,
        result=fewest_jumps_result,
        inputs=any_of(fewest_jumps_inputs),
        let=(
            "Put a token on the first element of {x}, to get it to the last one. From an element with value v, it "
            "can jump forward by at most v positions. Let {y} be the smallest number of jumps, or -1 if the last "
            "element is out of reach. It is 0 if {x} has at most one element.",
            "Take each element of {x} as the largest number of positions that one can jump forward from there. Let "
            "{y} be the least number of jumps that lead from the first element to the last one, 0 if there are fewer "
            "than two elements, and -1 if the last element cannot be reached.",
        ),
        ask=(
            "the smallest number of jumps from the first to the last element of {x} if from an element with value v "
            "one can jump forward by at most v positions (0 if {x} has at most one element, -1 if it is impossible)",
            "the least number of forward jumps that lead from the first element of {x} to the last, where each element "
            "is the largest possible length of a jump from it, or -1 if there is no way and 0 if {x} has fewer than "
            "two elements",
        ),
        wrong=(
            Wrong("only the reach of the landing place counts", "max(farthest, i + x[i])", "i + x[i]"),
            Wrong("the last element is jumped from", "range(len(x) - 1)", "range(len(x))"),
            Wrong("being stuck is not reported", "return -1", "return jumps"),
        ),
        growth="n",
        difficulty=0.5,
        signals=("min/max", "loop", "index arithmetic", "early exit"),
    ),
    Feature(
        name="matched_requests",
        category="algorithm/greedy/matching/two sequences",
        takes=(Type.INTS, Type.INTS),
        gives=Type.INT,
        code=matched_requests,
        slow=matched_requests_slow,
        result=matched_requests_result,
        inputs=any_of(few_values, short_range, uniform),
        let=(
            "Give elements of {z} to elements of {x} that are not greater than them, where no element can take part "
            "in more than one gift. Let {y} be the largest possible number of gifts.",
            "Imagine that the elements of {x} are what children ask for at least, and the elements of {z} are the "
            "sizes of sweets. Each child gets at most one sweet, each sweet goes to at most one child, and a child "
            "is happy with a sweet at least as large as asked for. Let {y} be the largest possible number of happy "
            "children.",
        ),
        ask=(
            "the largest possible number of disjoint pairs of an element of {x} and an element of {z} in which the "
            "element of {z} is at least as large as the element of {x}",
            "the largest number of elements of {x} that can be assigned different elements (by position) of {z}, "
            "none of them smaller than the element of {x} it is assigned to",
        ),
        wrong=(
            Wrong("equal elements do not fit", "requests[served] <= offer", "requests[served] < offer"),
            Wrong("requests are served in the given order", "requests = sorted(x)", "requests = x"),
            Wrong("offers are used in the given order", "in sorted(z)", "in z"),
            Wrong("large offers are used first", "in sorted(z)", "in sorted(z, reverse=True)"),
        ),
        growth="n log n",
        difficulty=-0.4,
        signals=("sorted call", "pairs", "counting", "comparison"),
    ),
    Feature(
        name="fewest_groups",
        category="algorithm/greedy/matching/pairs under a limit",
        takes=(Type.INTS,),
        gives=Type.INT,
        code=fewest_groups,
        slow=fewest_groups_slow,
        result=fewest_groups_result,
        inputs=any_of(fewest_groups_inputs),
        let=(
            "Divide the elements of {x} into groups of one or two, so that the sum of the two elements of a group is "
            "never greater than {k}; an element on its own may be of any size. Let {y} be the smallest possible "
            "number of groups.",
            "Imagine that people whose weights are the elements of {x} cross a river. A boat takes one person of any "
            "weight, or two with a total weight of at most {k}. Let {y} be the least number of boats in which all of "
            "them can cross at once.",
        ),
        ask=(
            "the smallest number of groups of one or two into which the elements of {x} can be divided so that the sum "
            "of the two elements of a group is never greater than {k}",
            "the least number of boats for people whose weights are the elements of {x} if a boat takes one person of "
            "any weight, or two with a total weight of at most {k}",
        ),
        params=(Param("k", 4, 120, given=(1, 10**6)),),
        wrong=(
            Wrong("pairs that make up the limit are not allowed", "<= k:", "< k:"),
            Wrong(
                "the two lightest are tried together",
                "ordered[light] + ordered[heavy]",
                "ordered[light] + ordered[min(light + 1, heavy)]",
            ),
            Wrong("elements are taken in the given order", "ordered = sorted(x)", "ordered = x"),
            Wrong("the last one on its own is forgotten", "while light <= heavy:", "while light < heavy:"),
        ),
        growth="n log n",
        difficulty=0.0,
        signals=("sorted call", "while loop", "pairs", "comparison"),
    ),
    Feature(
        name="safe_starts",
        category="algorithm/greedy/circular sequence/prefix sums",
        takes=(Type.INTS,),
        gives=Type.INT,
        code=safe_starts,
        slow=safe_starts_slow,
        result=safe_starts_result,
        inputs=any_of(safe_starts_inputs, mixed_signs, extremes),
        let=(
            "Put the elements of {x} in a circle, so that the first follows the last. A start is an element from "
            "which one can go round once, adding up all elements in order beginning with itself, without the sum "
            "ever being negative. Let {y} be the number of starts, counted by position.",
            "Imagine a car with an empty tank of unlimited size that drives once round a circular road, visiting the "
            "elements of {x} in order, the first after the last. Each element is what the tank gains (or loses, if "
            "negative) there and on the way to the next. Let {y} be the number of positions at which the car can "
            "start so that the tank is never below 0 after any element.",
        ),
        ask=(
            "the number of positions in {x} from which one can go round once, from the last element on to the first, "
            "such that the sum of the elements visited so far is never negative",
            "the number of rotations of {x}, one for each position it can begin at, that have no negative prefix sum",
        ),
        wrong=(
            Wrong("a sum of zero is not allowed", "lowest_after[i] >= before[i]", "lowest_after[i] > before[i]"),
            Wrong("the way from the last on to the first is forgotten", " and total + lowest_until >= before[i]", ""),
            Wrong("only the way beyond the last is checked", "lowest_after[i] >= before[i] and ", ""),
        ),
        growth="n",
        difficulty=1.2,
        signals=("accumulation", "min/max", "loop", "index arithmetic"),
    ),
)
