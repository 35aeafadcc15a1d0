"""Features that are computed with a queue or a heap."""

import collections
import heapq
import random

from stepsmith.synth.grammar.catalog.shapes import (
    any_of,
    extremes,
    falling,
    few_values,
    rising,
    short_range,
    uniform,
    waves,
    zigzag,
)
from stepsmith.synth.grammar.domain import Domain, Size, Type, integer, ints, pick_length
from stepsmith.synth.grammar.feature import Feature, Param, Params, Wrong


def window_max(x: list[int], k: int) -> list[int]:
    result = []
    candidates: collections.deque[int] = collections.deque()
    for i, value in enumerate(x):
        while candidates and x[candidates[-1]] <= value:
            candidates.pop()
        candidates.append(i)
        if candidates[0] <= i - k:
            candidates.popleft()
        if i >= k - 1:
            result.append(x[candidates[0]])
    return result


def window_max_slow(x: list[int], k: int) -> list[int]:
    return [max(x[i : i + k]) for i in range(len(x) - k + 1)]


def window_max_result(domains: tuple[Domain, ...], params: Params) -> Domain | None:
    (x,) = domains
    if params["k"] > x.size[1] or "sorted" in x.tags:
        return None
    return ints((max(0, x.size[0] - params["k"] + 1), x.size[1]), x.values)


def shortest_heavy(x: list[int], k: int) -> int:
    best = len(x) + 1
    total = 0
    starts = collections.deque([(0, 0)])
    for end, value in enumerate(x, 1):
        total += value
        while starts and total - starts[0][1] >= k:
            best = min(best, end - starts.popleft()[0])
        while starts and starts[-1][1] >= total:
            starts.pop()
        starts.append((end, total))
    return best if best <= len(x) else -1


def shortest_heavy_slow(x: list[int], k: int) -> int:
    lengths = [j - i for j in range(len(x) + 1) for i in range(j) if sum(x[i:j]) >= k]
    return min(lengths, default=-1)


def shortest_heavy_result(domains: tuple[Domain, ...], params: Params) -> Domain | None:
    (x,) = domains
    k, high = params["k"], x.values[1]
    if x.size[1] < 2 or high * x.size[1] < k or x.values[0] >= k or high > 128 * k:  # else one element is enough
        return None
    return integer(-1, x.size[1])


def parts_of(rng: random.Random, domain: Domain, size: Size, params: Params) -> list[int]:
    """Positive and negative fractions of k, as far as the range allows."""
    low, high = domain.values
    least = min(high, max(low, -params["k"] // 2))
    most = max(least, min(high, 1 + params["k"] // 2))
    return [rng.randint(least, most) for _ in range(pick_length(rng, domain.size, size))]


def running_median(x: list[int]) -> list[int]:
    medians = []
    lower: list[int] = []
    upper: list[int] = []
    for value in x:
        heapq.heappush(upper, -heapq.heappushpop(lower, -value))
        if len(upper) > len(lower):
            heapq.heappush(lower, -heapq.heappop(upper))
        medians.append(-lower[0])
    return medians


def running_median_slow(x: list[int]) -> list[int]:
    return [sorted(x[:n])[(n - 1) // 2] for n in range(1, len(x) + 1)]


def running_median_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return ints(x.size, x.values) if x.size[1] >= 3 else None


def last_stone(x: list[int]) -> int:
    stones = [-value for value in x]
    heapq.heapify(stones)
    while len(stones) > 1:
        heaviest = -heapq.heappop(stones)
        second = -heapq.heappop(stones)
        heapq.heappush(stones, second - heaviest)
    return -stones[0] if stones else 0


def last_stone_slow(x: list[int]) -> int:
    stones = sorted(x)
    while len(stones) > 1:
        stones = sorted([*stones[:-2], stones[-1] - stones[-2]])
    return sum(stones)


def last_stone_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return integer(0, x.values[1]) if x.values[0] >= 0 and x.size[1] >= 3 and x.values[1] > 1 else None


def merging_cost(x: list[int]) -> int:
    heaps = list(x)
    heapq.heapify(heaps)
    cost = 0
    while len(heaps) > 1:
        merged = heapq.heappop(heaps) + heapq.heappop(heaps)
        cost += merged
        heapq.heappush(heaps, merged)
    return cost


def merging_cost_slow(x: list[int]) -> int:
    costs = {tuple(sorted(x)): 0}
    for _ in range(len(x) - 1):
        longer: dict[tuple[int, ...], int] = {}
        for heaps, cost in costs.items():
            for i in range(len(heaps)):
                for j in range(i):
                    merged = heaps[i] + heaps[j]
                    rest = [heap for n, heap in enumerate(heaps) if n not in (i, j)]
                    key = tuple(sorted([*rest, merged]))
                    longer[key] = min(longer.get(key, cost + merged), cost + merged)
        costs = longer
    return min(costs.values())


def merging_cost_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    if x.values[0] < 0 or x.values[1] == 0 or x.size[1] < 3:
        return None
    return integer(0, x.values[1] * x.size[1] * x.size[1])


def finish_times(x: list[int], k: int) -> list[int]:
    free = [0] * k
    finished = []
    for duration in x:
        end = heapq.heappop(free) + duration
        finished.append(end)
        heapq.heappush(free, end)
    return finished


def finish_times_slow(x: list[int], k: int) -> list[int]:
    desks = [0] * k
    finished = []
    for duration in x:
        desk = desks.index(min(desks))
        desks[desk] += duration
        finished.append(desks[desk])
    return finished


def finish_times_result(domains: tuple[Domain, ...], params: Params) -> Domain | None:
    (x,) = domains
    if x.values[0] < 0 or params["k"] >= x.size[1]:
        return None
    return ints(x.size, (x.values[0], x.values[1] * x.size[1]))


FEATURES = (
    Feature(
        name="window_max",
        category="data structure/queue/monotonic queue",
        takes=(Type.INTS,),
        gives=Type.INTS,
        code=window_max,
        slow=window_max_slow,
        result=window_max_result,
        let=(
            "Let {y} be the sequence of the maxima of all contiguous subarrays of {x} of length {k}, from the "
            "leftmost one to the rightmost one (empty if {x} has fewer than {k} elements).",
            "Consider all contiguous subarrays of {x} that have exactly {k} elements, in the order of their first "
            "positions, and let {y} be the sequence of their largest elements. If {x} has fewer than {k} elements, "
            "{y} is empty.",
        ),
        ask=(
            "the maxima of all contiguous subarrays of {x} of length {k}, from the leftmost one to the rightmost one "
            "(none if there are fewer than {k} elements)",
            "the maximum of every contiguous subarray of {x} that has exactly {k} elements, in the order of their "
            "first positions",
        ),
        params=(Param("k", 2, 6, given=(1, 50)),),
        wrong=(
            Wrong("the oldest element leaves too late", "candidates[0] <= i - k", "candidates[0] < i - k"),
            Wrong("only one smaller candidate is removed", "while candidates and", "if candidates and"),
            Wrong("incomplete windows are reported too", "if i >= k - 1", "if i >= 0"),
            Wrong("the newest candidate is reported", "x[candidates[0]])", "x[candidates[-1]])"),
        ),
        inputs=any_of(uniform, falling, waves, few_values),
        difficulty=0.3,
        signals=("queue use", "min/max", "slicing", "while loop"),
    ),
    Feature(
        name="shortest_heavy",
        category="data structure/queue/monotonic queue",
        takes=(Type.INTS,),
        gives=Type.INT,
        code=shortest_heavy,
        slow=shortest_heavy_slow,
        result=shortest_heavy_result,
        let=(
            "Let {y} be the length of the shortest non-empty contiguous subarray of {x} whose sum is at least {k}, or "
            "-1 if there is none.",
            "Choose as few consecutive elements of {x} as possible, but at least one, so that their sum is not less "
            "than {k}; let {y} be the number of chosen elements, or -1 if no choice has such a sum.",
        ),
        ask=(
            "the length of the shortest non-empty contiguous subarray of {x} whose sum is at least {k}, or -1 if there "
            "is none",
            "the smallest positive number of consecutive elements of {x} that have a sum of {k} or more, or -1 if no "
            "consecutive elements have",
        ),
        params=(Param("k", 2, 60, given=(1, 1000)),),
        wrong=(
            Wrong("the sum has to exceed k", ">= k", "> k"),
            Wrong("earlier starts are not dropped", "while starts and starts[-1][1] >= total", "while False"),
            Wrong("only one start is tried", "while starts and total", "if starts and total"),
            Wrong("subarrays that begin at the start are missed", "[(0, 0)]", "[(0, k)]"),
        ),
        inputs=any_of(parts_of),
        difficulty=1.7,
        signals=("queue use", "accumulation", "while loop", "interval"),
    ),
    Feature(
        name="running_median",
        category="data structure/heap/two heaps",
        takes=(Type.INTS,),
        gives=Type.INTS,
        code=running_median,
        slow=running_median_slow,
        result=running_median_result,
        let=(
            "For every position i, let {y[i]} be the median of the elements of {x} up to and including {x[i]}. The "
            "median of an odd number of elements is the middle one when they are sorted; of an even number, it is the "
            "smaller one of the two in the middle.",
            "For every position i, consider the elements of {x} at position i and before it in sorted order, and let "
            "{y[i]} be the one in the middle, or the smaller one of the two in the middle if their number is even.",
        ),
        ask=(
            "for every position i, the median of the elements of {x} up to and including {x[i]}; for an even number of "
            "elements, the median is the smaller one of the two in the middle of the sorted order",
            "for every non-empty prefix of {x}, from the shortest to the longest, the middle one of its elements in "
            "sorted order (the smaller one of the two middle ones if their number is even)",
        ),
        wrong=(
            Wrong(
                "takes the larger middle element",
                "medians.append(-lower[0])",
                "medians.append(upper[0] if len(upper) == len(lower) else -lower[0])",
            ),
            Wrong(
                "averages the two middle elements",
                "medians.append(-lower[0])",
                "medians.append((upper[0] - lower[0]) // 2 if len(upper) == len(lower) else -lower[0])",
            ),
            Wrong(
                "the new element is not compared with the lower half",
                "heapq.heappush(upper, -heapq.heappushpop(lower, -value))",
                "heapq.heappush(upper, value)",
            ),
        ),
        inputs=any_of(uniform, rising, falling, zigzag, few_values),
        growth="n log n",
        difficulty=1.3,
        signals=("heap use", "sorted call", "bisect"),
    ),
    Feature(
        name="last_stone",
        category="data structure/heap/simulation",
        takes=(Type.INTS,),
        gives=Type.INT,
        code=last_stone,
        slow=last_stone_slow,
        result=last_stone_result,
        let=(
            "Imagine that the elements of {x} are written on a board. As long as there are at least two numbers, the "
            "two largest ones are replaced by their difference, the larger one minus the smaller one, which may be 0. "
            "Let {y} be the number that is left in the end (0 if {x} is empty).",
            "Imagine that the elements of {x} are the weights of stones. Again and again, the two heaviest stones are "
            "smashed together, which leaves one stone whose weight is the difference of their weights, even if that "
            "is 0. Let {y} be the weight of the last stone (0 if {x} is empty).",
        ),
        ask=(
            "the number that is left in the end when the two largest elements of {x} are replaced by their "
            "difference, the larger one minus the smaller one, again and again until there is only one number (0 if "
            "{x} is empty)",
            "the weight of the last stone if the elements of {x} are weights of stones and the two heaviest ones are "
            "replaced by one stone with the difference of their weights until a single stone is left (0 if {x} is "
            "empty)",
        ),
        wrong=(
            Wrong("takes the two lightest", "[-value for value in x]", "list(x)"),
            Wrong("the remainder gets the sum", "second - heaviest", "-second - heaviest"),
            Wrong("stops one stone early", "while len(stones) > 1", "while len(stones) > 2"),
        ),
        inputs=any_of(uniform, few_values, short_range, extremes),
        growth="n log n",
        difficulty=0.0,
        signals=("heap use", "simulation", "while loop", "sorted call"),
    ),
    Feature(
        name="merging_cost",
        category="data structure/heap/optimal merging",
        takes=(Type.INTS,),
        gives=Type.INT,
        code=merging_cost,
        slow=merging_cost_slow,
        result=merging_cost_result,
        let=(
            "Imagine that the elements of {x} are sizes of heaps. Merging any two heaps into one costs the sum of "
            "their sizes, which is also the size of the new heap. Let {y} be the smallest total cost of merging all "
            "heaps into a single one (0 if there are fewer than two heaps).",
            "Suppose that the elements of {x} are written on a board and that a move erases any two numbers and "
            "writes down their sum instead, at a cost equal to that sum. Moves are made until at most one number is "
            "left; let {y} be the smallest possible total cost (0 if no move is needed).",
        ),
        ask=(
            "the smallest total cost of merging heaps whose sizes are the elements of {x} into a single heap, where "
            "merging any two heaps costs the sum of their sizes, which is the size of the new heap (0 if there are "
            "fewer than two heaps)",
            "the smallest total cost of moves that reduce the elements of {x} to a single number, where a move "
            "replaces any two numbers by their sum and costs this sum (0 if no move is needed)",
        ),
        wrong=(
            Wrong("only the last merge is paid", "cost += merged", "cost = merged"),
            Wrong("the new heap is always merged next", "heapq.heappush(heaps, merged)", "heaps.insert(0, merged)"),
            Wrong("the last merge is free", "while len(heaps) > 1", "while len(heaps) > 2"),
            Wrong("the heaps are not ordered", "heapq.heapify(heaps)", "heaps.reverse()"),
        ),
        inputs=any_of(uniform, few_values, extremes, rising),
        growth="n log n",
        difficulty=0.6,
        signals=("heap use", "accumulation", "while loop", "min/max"),
    ),
    Feature(
        name="finish_times",
        category="data structure/heap/scheduling",
        takes=(Type.INTS,),
        gives=Type.INTS,
        code=finish_times,
        slow=finish_times_slow,
        result=finish_times_result,
        let=(
            "Imagine that the elements of {x} are the durations of jobs, which {k} workers take in the given order: "
            "whenever a worker is free, that worker starts the next job. All workers are free at time 0. For every "
            "position i, let {y[i]} be the time at which the job at position i ends.",
            "Imagine that customers queue in front of {k} counters, which all open at time 0, and that it takes "
            "{x[i]} units of time to serve the customer at position i. The first customer in the queue goes to a "
            "counter as soon as one is free. For every position i, let {y[i]} be the time at which the customer at "
            "position i has been served.",
        ),
        ask=(
            "for every position i, the time at which the job at position i ends if the elements of {x} are durations "
            "of jobs that {k} workers, all free from time 0 on, start in the given order, each job as soon as some "
            "worker is free",
            "the times at which the customers have been served, in the order of the queue, if {x} lists how long each "
            "customer takes, there are {k} counters open from time 0 on, and the first one in the queue goes to a "
            "counter as soon as one is free",
        ),
        params=(Param("k", 2, 5, given=(1, 40)),),
        wrong=(
            Wrong("one worker fewer", "[0] * k", "[0] * max(1, k - 1)"),
            Wrong("jobs are handed out in turn", "heapq.heappush(free, end)", "free.append(end)"),
            Wrong("reports when the job starts", "finished.append(end)", "finished.append(end - duration)"),
        ),
        inputs=any_of(uniform, few_values, zigzag, waves),
        growth="n log n",
        difficulty=0.4,
        signals=("heap use", "simulation", "queue use", "min/max"),
    ),
)
