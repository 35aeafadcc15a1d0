"""Features that are computed with a stack."""

import itertools

from stepsmith.synth.grammar.catalog.shapes import (
    any_of,
    dips,
    falling,
    few_letters,
    few_values,
    letter_runs,
    palindromic,
    rising,
    runs,
    self_similar,
    short_range,
    uniform,
    waves,
    zigzag,
)
from stepsmith.synth.grammar.catalog.strings import has_plain_order
from stepsmith.synth.grammar.domain import Domain, Type, integer, ints
from stepsmith.synth.grammar.feature import Feature, Param, Params, Wrong


def next_greater(x: list[int]) -> list[int]:
    result = [-1] * len(x)
    waiting: list[int] = []
    for i, value in enumerate(x):
        while waiting and x[waiting[-1]] < value:
            result[waiting.pop()] = value
        waiting.append(i)
    return result


def next_greater_slow(x: list[int]) -> list[int]:
    result = []
    for i in range(len(x)):
        larger = [value for value in x[i + 1 :] if value > x[i]]
        result.append(larger[0] if larger else -1)
    return result


def next_greater_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    if x.values[0] < 0:  # -1 stands for "none", so the elements must not be negative
        return None
    return ints(x.size, (-1, x.values[1]))


def reach_back(x: list[int]) -> list[int]:
    result = []
    blocking: list[int] = []
    for i, value in enumerate(x):
        while blocking and x[blocking[-1]] <= value:
            blocking.pop()
        result.append(i - blocking[-1] if blocking else i + 1)
        blocking.append(i)
    return result


def reach_back_slow(x: list[int]) -> list[int]:
    return [max(k for k in range(1, i + 2) if max(x[i - k + 1 : i + 1]) == x[i]) for i in range(len(x))]


def reach_back_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return None if x.size[1] < 2 or "sorted" in x.tags else ints(x.size, (1, x.size[1]))


def cancel_pairs(x: str) -> str:
    kept: list[str] = []
    for letter in x:
        if kept and kept[-1] == letter:
            kept.pop()
        else:
            kept.append(letter)
    return "".join(kept)


def cancel_pairs_slow(x: str) -> str:
    for i in range(len(x) - 1):
        if x[i] == x[i + 1]:
            return cancel_pairs_slow(x[:i] + x[i + 2 :])
    return x


def cancel_pairs_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return None if x.size[1] < 2 or len(x.alphabet) < 2 else x.with_(size=(0, x.size[1]))


def smallest_after_deletion(x: str, k: int) -> str:
    kept: list[str] = []
    budget = min(k, len(x))
    target = len(x) - budget
    for letter in x:
        while budget > 0 and kept and kept[-1] > letter:
            kept.pop()
            budget -= 1
        kept.append(letter)
    return "".join(kept[:target])


def smallest_after_deletion_slow(x: str, k: int) -> str:
    return min("".join(part) for part in itertools.combinations(x, max(0, len(x) - k)))


def smallest_after_deletion_result(domains: tuple[Domain, ...], params: Params) -> Domain | None:
    (x,) = domains
    if params["k"] >= x.size[1] or len(x.alphabet) < 2 or not has_plain_order(x.alphabet):
        return None
    return x.with_(size=(max(0, x.size[0] - params["k"]), x.size[1]))


def largest_rectangle(x: list[int]) -> int:
    best = 0
    starts: list[tuple[int, int]] = []
    for i, height in enumerate([*x, 0]):
        start = i
        while starts and starts[-1][1] >= height:
            start, top = starts.pop()
            best = max(best, top * (i - start))
        starts.append((start, height))
    return best


def largest_rectangle_slow(x: list[int]) -> int:
    return max([min(x[i:j]) * (j - i) for i in range(len(x)) for j in range(i + 1, len(x) + 1)], default=0)


def largest_rectangle_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    if x.values[0] < 0 or x.values[1] == 0 or x.size[1] < 2:
        return None
    return integer(x.values[0] * x.size[0], x.values[1] * x.size[1])


FEATURES = (
    Feature(
        name="next_greater",
        category="data structure/stack/monotonic stack",
        takes=(Type.INTS,),
        gives=Type.INTS,
        code=next_greater,
        slow=next_greater_slow,
        result=next_greater_result,
        let=(
            "For every position i, let {y[i]} be the first element after {x[i]} that is strictly greater than {x[i]}, "
            "or -1 if there is no such element.",
            "For every position i, let {y[i]} be the nearest element of {x} after position i that exceeds {x[i]}, or "
            "-1 if no later element does.",
        ),
        ask=(
            "for every element of {x}, the nearest later element that is strictly greater than it, "
            "or -1 if there is none",
            "for every position i, the first element after {x[i]} in {x} that exceeds {x[i]}, or -1 if there is no "
            "such element",
        ),
        wrong=(
            Wrong("equal elements count as greater", "x[waiting[-1]] < value", "x[waiting[-1]] <= value"),
            Wrong("only one waiting element is released", "while waiting and", "if waiting and"),
            Wrong("missing elements become 0", "[-1] * len(x)", "[0] * len(x)"),
        ),
        inputs=any_of(falling, few_values, waves, zigzag),
        growth="n",
        difficulty=0.4,
        signals=("while loop", "stack use", "comparison"),
    ),
    Feature(
        name="reach_back",
        category="data structure/stack/monotonic stack",
        takes=(Type.INTS,),
        gives=Type.INTS,
        code=reach_back,
        slow=reach_back_slow,
        result=reach_back_result,
        let=(
            "For every position i, let {y[i]} be the largest number of consecutive elements of {x}, the last of which "
            "is {x[i]}, such that none of them is greater than {x[i]}.",
            "For every position i, let {y[i]} be the length of the longest contiguous subarray of {x} that ends at "
            "position i and whose maximum equals {x[i]}.",
        ),
        ask=(
            "for every position i, the length of the longest contiguous subarray of {x} that ends at position i and "
            "contains no element greater than {x[i]}",
            "for every position i, the largest number of consecutive elements of {x} that end with {x[i]} and among "
            "which {x[i]} is a maximum",
        ),
        wrong=(
            Wrong("an equal element ends the stretch", "x[blocking[-1]] <= value", "x[blocking[-1]] < value"),
            Wrong("stops after one smaller element", "while blocking and", "if blocking and"),
            Wrong("counts the blocking element as well", "i - blocking[-1] if", "i - blocking[-1] + 1 if"),
            Wrong("one short where nothing blocks", "else i + 1", "else i"),
        ),
        inputs=any_of(few_values, waves, zigzag, rising),
        difficulty=0.2,
        signals=("while loop", "stack use", "comparison", "interval"),
    ),
    Feature(
        name="cancel_pairs",
        category="data structure/stack/reduction",
        takes=(Type.STR,),
        gives=Type.STR,
        code=cancel_pairs,
        slow=cancel_pairs_slow,
        result=cancel_pairs_result,
        let=(
            "Imagine that as long as {x} contains two equal neighbouring characters, such a pair is deleted and the "
            "characters around it become neighbours. It can be shown that the outcome does not depend on the choice "
            "of pairs. Let {y} be the string that is left when no deletion is possible any more; it may be empty.",
            "Let {y} be the string that is left after repeating the following as long as possible, beginning with "
            "{x}: choose two equal adjacent characters and remove both of them. The final string may be empty, and it "
            "does not depend on which pairs are chosen.",
        ),
        ask=(
            "the string, possibly empty, that is left of {x} after deleting two equal neighbouring characters again "
            "and again until no two neighbouring characters are equal (the choice of pairs does not matter)",
            "what remains of {x}, possibly nothing, when pairs of equal adjacent characters are removed repeatedly, "
            "until none is left; the order of removals does not matter",
        ),
        wrong=(
            Wrong("cancelled characters leave a barrier", "kept.pop()", 'kept[-1] = ""'),
            Wrong("one character of each pair stays", "kept.pop()", "continue"),
            Wrong("cancels with any earlier equal character", "kept[-1] == letter", "letter in kept"),
        ),
        inputs=any_of(letter_runs, palindromic, self_similar, few_letters),
        difficulty=-0.4,
        signals=("stack use", "string scanning", "while loop"),
    ),
    Feature(
        name="smallest_after_deletion",
        category="data structure/stack/monotonic stack",
        takes=(Type.STR,),
        gives=Type.STR,
        code=smallest_after_deletion,
        slow=smallest_after_deletion_slow,
        result=smallest_after_deletion_result,
        let=(
            "Suppose that exactly {k} characters of {x} are deleted (all of them if there are fewer than {k}), while "
            "the others keep their order. Let {y} be the lexicographically smallest string that can be obtained in "
            "this way.",
            "Let {y} be the lexicographically smallest string that can remain after deleting exactly {k} characters "
            "of {x}, at places of your choice, without reordering the others. If {x} has {k} characters or fewer, "
            "then {y} is empty.",
        ),
        ask=(
            "the lexicographically smallest string that can be obtained from {x} by deleting exactly {k} of its "
            "characters and keeping the others in order (the empty string if there are {k} characters or fewer)",
            "the lexicographically smallest string that can remain when exactly {k} characters of {x} are deleted and "
            "the others keep their order; it is empty if {x} has at most {k} characters",
        ),
        params=(Param("k", 2, 9, given=(1, 100)),),
        wrong=(
            Wrong("looks for the largest string", "kept[-1] > letter", "kept[-1] < letter"),
            Wrong("pops equal characters", "kept[-1] > letter", "kept[-1] >= letter"),
            Wrong("deletions left over are not made", "kept[:target]", "kept"),
            Wrong("pops one character at a time only", "while budget > 0", "if budget > 0"),
        ),
        inputs=any_of(few_letters, letter_runs, self_similar),
        difficulty=1.1,
        signals=("stack use", "while loop", "string building", "comparison"),
    ),
    Feature(
        name="largest_rectangle",
        category="data structure/stack/histogram",
        takes=(Type.INTS,),
        gives=Type.INT,
        code=largest_rectangle,
        slow=largest_rectangle_slow,
        result=largest_rectangle_result,
        let=(
            "Define the value of a contiguous subarray as its length multiplied by its smallest element. Let {y} be "
            "the largest value of a non-empty contiguous subarray of {x}, or 0 if {x} is empty.",
            "Imagine a histogram of adjacent bars of width 1 that stand on a common base line and whose heights, from "
            "left to right, are the elements of {x}. Let {y} be the largest area of an axis-parallel rectangle that "
            "lies inside the histogram (0 if {x} is empty).",
        ),
        ask=(
            "the largest value of (length of the subarray) times (smallest element of the subarray) over all "
            "non-empty contiguous subarrays of {x}, or 0 if {x} is empty",
            "the largest area of an axis-parallel rectangle inside the histogram whose adjacent bars have width 1 "
            "and, from left to right, the elements of {x} as heights (0 if {x} is empty)",
        ),
        wrong=(
            Wrong("bars that reach the end are forgotten", "[*x, 0]", "x"),
            Wrong(
                "does not extend to the left",
                "starts.append((start, height))",
                "starts.append((i, height))",
            ),
            Wrong("the width is one too large", "top * (i - start)", "top * (i - start + 1)"),
            Wrong("stops after one taller bar", "while starts and", "if starts and"),
        ),
        inputs=any_of(short_range, waves, runs, dips, uniform),
        difficulty=1.5,
        signals=("stack use", "while loop", "min/max", "multiplication"),
    ),
)
