"""Features of lists of closed intervals."""

import itertools
import random

from stepsmith.synth.grammar.catalog.shapes import any_of, few_values, nearly_sorted, zigzag
from stepsmith.synth.grammar.domain import Domain, Size, Type, integer, ints, pick_length
from stepsmith.synth.grammar.feature import Feature, Params, Wrong


def crowd(rng: random.Random, domain: Domain, size: Size, _: Params) -> list[list[int]]:
    """Short intervals close together, many of which touch, and at times a long one over some of them."""
    low, high = domain.values
    n = pick_length(rng, domain.size, size)
    room = min(high, low + rng.choice([1, 2, 4]) * n + 2)
    length = rng.choice([1, 2, 4])
    intervals = []
    for _interval in range(n):
        left = rng.randint(low, room)
        right = left + rng.randint(0, length if rng.random() < 0.9 else n)
        intervals.append([left, min(high, right)])
    return intervals


def chain(rng: random.Random, domain: Domain, size: Size, _: Params) -> list[list[int]]:
    """Intervals in a row: each begins where the one before ends, next to it, inside it or further on."""
    low, high = domain.values
    left = low
    intervals: list[list[int]] = []
    for _interval in range(pick_length(rng, domain.size, size)):
        right = min(high, left + rng.randint(0, 3))
        intervals.append([left, right])
        left = min(high, max(low, right + rng.choice([-1, 0, 0, 1, 1, 2])))
    rng.shuffle(intervals)
    return intervals


def adjacent_spans(x: list[int]) -> list[list[int]]:
    return [[min(a, b), max(a, b)] for a, b in itertools.pairwise(x)]


def adjacent_spans_slow(x: list[int]) -> list[list[int]]:
    return [sorted(x[i : i + 2]) for i in range(len(x) - 1)]


def adjacent_spans_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return Domain(Type.PAIRS, size=(max(0, x.size[0] - 1), max(0, x.size[1] - 1)), values=x.values)


def united_intervals(x: list[list[int]]) -> list[list[int]]:
    result: list[list[int]] = []
    for left, right in sorted(x):
        if result and left <= result[-1][1]:
            result[-1][1] = max(result[-1][1], right)
        else:
            result.append([left, right])
    return result


def united_intervals_slow(x: list[list[int]]) -> list[list[int]]:
    parts = [tuple(interval) for interval in x]
    while True:
        meeting = [(a, b) for a, b in itertools.combinations(parts, 2) if a[0] <= b[1] and b[0] <= a[1]]
        if not meeting:
            return sorted([left, right] for left, right in parts)
        a, b = meeting[0]
        parts.remove(a)
        parts.remove(b)
        parts.append((min(a + b), max(a + b)))


def united_intervals_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return x.with_(size=(min(1, x.size[0]), x.size[1]))


def gap_lengths(x: list[list[int]]) -> list[int]:
    gaps = []
    ordered = sorted(x)
    end = ordered[0][0] if ordered else 0
    for left, right in ordered:
        if left > end:
            gaps.append(left - end)
        end = max(end, right)
    return gaps


def gap_lengths_slow(x: list[list[int]]) -> list[int]:
    ends = sorted({end for interval in x for end in interval})
    return [b - a for a, b in itertools.pairwise(ends) if not any(left <= a and b <= right for left, right in x)]


def gap_lengths_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    if x.values[0] == x.values[1]:
        return None
    return ints((0, max(0, x.size[1] - 1)), (1, x.values[1] - x.values[0]))


def most_overlapping(x: list[list[int]]) -> int:
    events = [(left, 1) for left, _ in x] + [(right, -1) for _, right in x]
    active = most = 0
    for _, change in sorted(events, key=lambda event: (event[0], -event[1])):
        active += change
        most = max(most, active)
    return most


def most_overlapping_slow(x: list[list[int]]) -> int:
    return max((sum(left <= point <= right for left, right in x) for point, _ in x), default=0)


def count_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return integer(min(1, x.size[0]), max(1, x.size[1]))


def most_disjoint(x: list[list[int]]) -> int:
    chosen = 0
    last_end = None
    for left, right in sorted(x, key=lambda interval: interval[1]):
        if last_end is None or left > last_end:
            chosen += 1
            last_end = right
    return chosen


def most_disjoint_slow(x: list[list[int]]) -> int:
    ordered = sorted(x)

    def best(i: int) -> int:
        if i == len(ordered):
            return 0
        compatible = next((j for j in range(i, len(ordered)) if ordered[j][0] > ordered[i][1]), len(ordered))
        return max(best(i + 1), 1 + best(compatible))

    return best(0)


FEATURES = (
    Feature(
        name="adjacent_spans",
        category="problem type/interval/construction/from neighbours",
        takes=(Type.INTS,),
        gives=Type.PAIRS,
        code=adjacent_spans,
        slow=adjacent_spans_slow,
        result=adjacent_spans_result,
        inputs=any_of(zigzag, few_values, nearly_sorted),
        let=(
            "For every two adjacent elements of {x}, from left to right, take the interval from the smaller to the "
            "larger one. Let {y} be the list of these intervals, which is empty if {x} has fewer than two elements.",
            "Move a point on the number line from the first element of {x} to the second, from there to the third, "
            "and so on to the last. Let {y} be the list of the intervals [l, r] that it passes over in these moves, "
            "one for each move in order, with l <= r. Without a move, the list is empty.",
        ),
        ask=(
            "for every two adjacent elements of {x}, from left to right, the interval [l, r] from the smaller to the "
            "larger one (an empty list if there are fewer than two elements)",
            "the list of intervals [l, r], one for each two adjacent elements of {x} from left to right, where l is "
            "the smaller and r the larger of the two",
        ),
        wrong=(
            Wrong("the ends stay in the given order", "[min(a, b), max(a, b)]", "[a, b]"),
            Wrong("every second pair is left out", "itertools.pairwise(x)", "zip(x[::2], x[1::2])"),
            Wrong("the last is taken to be followed by the first", "itertools.pairwise(x)", "zip(x, x[1:] + x[:1])"),
        ),
        growth="n",
        difficulty=-1.7,
        signals=("pairs", "min/max", "interval", "list comprehension"),
    ),
    Feature(
        name="united_intervals",
        category="problem type/interval/union/merge",
        takes=(Type.PAIRS,),
        gives=Type.PAIRS,
        code=united_intervals,
        slow=united_intervals_slow,
        result=united_intervals_result,
        inputs=any_of(crowd, chain),
        let=(
            "As long as two intervals of {x} have a number in common, replace them by one interval: all numbers that "
            "are in at least one of the two. An interval [l, r] consists of all real numbers from l to r, both ends "
            "included. Let {y} be the list of the intervals that remain, from left to right.",
            "Paint every interval [l, r] of {x} on the number line, from l to r with both ends. Let {y} be the list "
            "of the painted stretches that result, as intervals from left to right; intervals that overlap or share "
            "an end become one stretch, while [1, 2] and [3, 4] do not touch.",
        ),
        ask=(
            "the intervals that remain, from left to right, if intervals of {x} that overlap or share an end are "
            "united as long as there are any ([1, 2] and [3, 4] stay apart)",
            "the union of the intervals of {x} (each from l to r with both ends) as a list of intervals from left to "
            "right, no two of which have a number in common",
        ),
        wrong=(
            Wrong("intervals that share only an end stay apart", "left <= result", "left < result"),
            Wrong("the later interval is taken to end later", "max(result[-1][1], right)", "right"),
            Wrong("intervals are taken in the given order", "in sorted(x)", "in x"),
            Wrong("intervals with a gap of one are united", "left <= result[-1][1]", "left <= result[-1][1] + 1"),
        ),
        growth="n log n",
        difficulty=-0.3,
        signals=("interval", "sorted call", "min/max", "pairs"),
    ),
    Feature(
        name="gap_lengths",
        category="problem type/interval/union/gaps",
        takes=(Type.PAIRS,),
        gives=Type.INTS,
        code=gap_lengths,
        slow=gap_lengths_slow,
        result=gap_lengths_result,
        inputs=any_of(crowd, chain),
        let=(
            "Let each interval [l, r] of {x} cover the number line from l to r. Between the leftmost and the "
            "rightmost covered point, there may be gaps that no interval covers. Let {y} be the sequence of the "
            "lengths of these gaps from left to right, where the length of a gap is the distance of the covered "
            "points at its two ends. It is empty if there is no gap.",
            "Paint every interval of {x} on the number line, from its left to its right end. Let {y} be the sequence "
            "of the distances between each painted stretch and the next one, from left to right, which is empty if "
            "at most one stretch is painted. Intervals that overlap or share an end belong to one stretch; the "
            "distance is measured from the right end of a stretch to the left end of the next.",
        ),
        ask=(
            "the lengths, from left to right, of the gaps between covered parts of the number line if each interval "
            "[l, r] of {x} covers it from l to r, where a length is the distance of the covered points at both ends of "
            "the gap (an empty sequence if there is no gap)",
            "the lengths of the stretches that no interval of {x} covers but that lie between covered points, from "
            "left to right, where the intervals are parts of the number line from l to r",
        ),
        wrong=(
            Wrong("the interval before is taken to end last", "end = max(end, right)", "end = right"),
            Wrong("whole numbers inside the gap are counted", "left - end)", "left - end - 1)"),
            Wrong("intervals are taken in the given order", "ordered = sorted(x)", "ordered = x"),
            Wrong("gaps of length one are overlooked", "left > end", "left > end + 1"),
        ),
        growth="n log n",
        difficulty=0.1,
        signals=("interval", "sorted call", "arithmetic", "comparison"),
    ),
    Feature(
        name="most_overlapping",
        category="problem type/interval/sweep/largest overlap",
        takes=(Type.PAIRS,),
        gives=Type.INT,
        code=most_overlapping,
        slow=most_overlapping_slow,
        result=count_result,
        inputs=any_of(crowd, chain),
        let=(
            "Let {y} be the largest number of intervals of {x} that contain one and the same number (0 if there is "
            "no interval). An interval [l, r] contains the numbers from l to r, both included.",
            "Take each interval [l, r] of {x} as the stay of a guest, who is present from moment l up to and "
            "including moment r. Let {y} be the largest number of guests who are present at the same moment, or 0 if "
            "there are no guests.",
        ),
        ask=(
            "the largest number of intervals of {x} that contain one and the same number, where both ends belong to an "
            "interval (0 if there is no interval)",
            "the smallest number of rooms that is enough if every interval of {x} occupies a room from its left to its "
            "right end, and intervals that share a number, even just an end, need different rooms",
        ),
        wrong=(
            Wrong("an interval that ends where another begins is over", "-event[1]", "event[1]"),
            Wrong("intervals with a gap of one overlap", "(right, -1)", "(right + 1, -1)"),
        ),
        growth="n log n",
        difficulty=0.2,
        signals=("interval", "sorted call", "counting", "min/max"),
    ),
    Feature(
        name="most_disjoint",
        category="problem type/interval/selection/disjoint",
        takes=(Type.PAIRS,),
        gives=Type.INT,
        code=most_disjoint,
        slow=most_disjoint_slow,
        result=count_result,
        inputs=any_of(crowd, chain),
        let=(
            "Let {y} be the largest number of intervals of {x} that can be chosen so that no two of them have a "
            "number in common; intervals that share an end do have one in common. Without any interval, {y} is 0.",
            "Take each interval [l, r] of {x} as a talk that lasts from the beginning of day l to the end of day r. "
            "Nobody can be at two talks on the same day. Let {y} be the largest number of talks that one person can "
            "hear from beginning to end.",
        ),
        ask=(
            "the largest number of intervals of {x} that can be chosen so that no two of them have a number in common, "
            "not even an end (0 if there is no interval)",
            "the largest size of a selection of intervals of {x} in which any two are disjoint, where both ends belong "
            "to an interval and an empty selection has size 0",
        ),
        wrong=(
            Wrong("intervals that share an end are both chosen", "left > last_end", "left >= last_end"),
            Wrong("intervals that begin first are chosen", "interval[1])", "interval[0])"),
            Wrong("short intervals are chosen first", "interval[1])", "interval[1] - interval[0])"),
        ),
        growth="n log n",
        difficulty=0.4,
        signals=("interval", "sorted call", "lambda", "comparison"),
    ),
)
