"""Features that are computed by a recurrence over one index."""

import bisect
import random

from stepsmith.synth.grammar.catalog.shapes import (
    any_of,
    extremes,
    few_values,
    mixed_signs,
    nearly_sorted,
    waves,
    zigzag,
)
from stepsmith.synth.grammar.domain import Domain, Size, Type, integer, ints, pick_length
from stepsmith.synth.grammar.feature import Feature, Param, Params, Wrong


def nonadjacent_sum(x: list[int]) -> int:
    before = best = 0
    for value in x:
        before, best = best, max(best, before + value)
    return best


def nonadjacent_sum_slow(x: list[int]) -> int:
    def best_from(i: int) -> int:
        return max(best_from(i + 1), x[i] + best_from(i + 2)) if i < len(x) else 0

    return best_from(0)


def nonadjacent_sum_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return integer(0, (x.size[1] + 1) // 2 * x.values[1]) if x.values[1] > 0 else None


def rise_ends(x: list[int]) -> list[int]:
    smallest_end: list[int] = []  # of all rises with 1, 2, ... elements
    result = []
    for value in x:
        place = bisect.bisect_left(smallest_end, value)
        smallest_end[place : place + 1] = [value]
        result.append(place + 1)
    return result


def rise_ends_slow(x: list[int]) -> list[int]:
    result: list[int] = []
    for i, value in enumerate(x):
        result.append(1 + max((result[j] for j in range(i) if x[j] < value), default=0))
    return result


def rise_ends_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    longest = min(x.size[1], x.values[1] - x.values[0] + 1)
    return ints(x.size, (1, max(1, longest))) if "sorted" not in x.tags else None


def fewest_coins(x: list[int], k: int) -> int:
    coins = [-1] * (k + 1)
    coins[0] = 0
    for amount in range(1, k + 1):
        for value in x:
            if value <= amount and coins[amount - value] != -1:
                needed = coins[amount - value] + 1
                if coins[amount] == -1 or needed < coins[amount]:
                    coins[amount] = needed
    return coins[k]


def fewest_coins_slow(x: list[int], k: int) -> int:
    amounts, count = {0}, 0  # what can be paid with so many coins
    seen: set[int] = set()
    while amounts:
        if k in amounts:
            return count
        seen |= amounts
        amounts = {a + value for a in amounts for value in x if a + value <= k} - seen
        count += 1
    return -1


def fewest_coins_result(domains: tuple[Domain, ...], params: Params) -> Domain | None:
    (x,) = domains
    if not 1 <= x.values[0] <= x.values[1] <= 1000:
        return None
    return integer(-1, params["k"] // x.values[0])


def fewest_coins_inputs(rng: random.Random, domain: Domain, size: Size, params: Params) -> list[int]:
    """Few kinds of coins, most of them smaller than the amount, one of them near half of it."""
    low, high = domain.values
    top = min(high, max(low, params["k"]))
    kinds = [rng.randint(low, top) for _ in range(rng.randint(1, 4))]
    kinds.append(min(high, max(low, params["k"] // rng.choice([2, 3]))))
    if rng.random() < 0.7:
        kinds.append(min(high, max(low, rng.randint(1, 5))))  # so that most amounts can be paid
    return [rng.choice(kinds) for _ in range(pick_length(rng, domain.size, size))]


def climbing_ways(x: int, a: int, b: int) -> int:
    ways = [0] * (x + 1)
    ways[0] = 1
    for step in range(1, x + 1):
        if step % b != 0:
            ways[step] = sum(ways[max(0, step - a) : step]) % 1_000_000_007
    return ways[x]


def climbing_ways_slow(x: int, a: int, b: int) -> int:
    window = [1]  # the ways to get to the last steps, the ground first
    for step in range(1, x + 1):
        window = [*window, 0 if step in range(b, x + 1, b) else sum(window)][-a:]
    return window[-1] % 1_000_000_007


def climbing_ways_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return integer(0, 1_000_000_006) if x.values[0] >= 1 and x.values[1] <= 10_000 else None


def climbing_ways_inputs(rng: random.Random, domain: Domain, size: Size, params: Params) -> int:
    """Tops next to a broken step."""
    low, high = domain.values
    top = rng.randint(low, min(high, low + 30) if size in ("edge", "small") else high)
    near = top - top % params["b"] + rng.choice([-1, 1, 1, 2])
    return near if low <= near <= high else top


def decode_ways(x: str) -> int:
    before, ways = 0, 1
    for i in range(len(x)):
        longer = 0
        if x[i] != "0":
            longer += ways
        if i > 0 and "10" <= x[i - 1 : i + 1] <= "26":
            longer += before
        before, ways = ways, longer % 1_000_000_007
    return ways


def decode_ways_slow(x: str) -> int:
    pieces = [str(number) for number in range(1, 27)]
    ways = {"": 1}
    for i in range(len(x) - 1, -1, -1):
        ways[x[i:]] = sum(ways[x[i + len(piece) :]] for piece in pieces if x.startswith(piece, i))
    return ways[x] % 1_000_000_007


def decode_ways_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    if not set(x.alphabet) <= set("0123456789") or not set(x.alphabet) & set("12"):
        return None
    return integer(0, 1_000_000_006)


def decode_ways_inputs(rng: random.Random, domain: Domain, size: Size, _: Params) -> str:
    """Many pairs from 10 to 26, a pair just above, and at times a zero that follows no digit it can be paired with."""
    common = [digit for digit in domain.alphabet if digit in "126"]
    letters = [rng.choice(common) for _ in range(pick_length(rng, domain.size, size))]
    for place in range(1, len(letters)):
        if rng.random() < 0.1:
            letters[place] = rng.choice(domain.alphabet)
        elif rng.random() < 0.15 and "0" in domain.alphabet and letters[place - 1] in ("1", "2"):
            letters[place] = "0"
    return "".join(letters)


FEATURES = (
    Feature(
        name="nonadjacent_sum",
        category="algorithm/dynamic programming/linear/choice without neighbours",
        takes=(Type.INTS,),
        gives=Type.INT,
        code=nonadjacent_sum,
        slow=nonadjacent_sum_slow,
        result=nonadjacent_sum_result,
        inputs=any_of(zigzag, mixed_signs, few_values, extremes),
        let=(
            "Choose some elements of {x}, but never two that are next to each other in {x}. Let {y} be the largest "
            "possible sum of the chosen elements, where choosing none gives 0.",
            "Let {y} be the largest sum of a selection of elements of {x} that does not contain two adjacent "
            "elements. The empty selection is allowed and has sum 0.",
        ),
        ask=(
            "the largest possible sum of elements chosen from {x} so that no two of them are next to each other (0 if "
            "none is chosen)",
            "the maximum sum of a selection of elements of {x} without two adjacent ones, where the empty selection "
            "has sum 0",
        ),
        wrong=(
            Wrong("neighbours may both be chosen", "max(best, before + value)", "max(best, best + value)"),
            Wrong("every second element is taken", "max(best, before + value)", "before + value"),
            Wrong("the best sum so far is forgotten", "max(best, before + value)", "max(before, before + value)"),
        ),
        growth="n",
        difficulty=0.1,
        signals=("min/max", "loop", "accumulation", "memo"),
    ),
    Feature(
        name="rise_ends",
        category="algorithm/dynamic programming/subsequence/longest increasing",
        takes=(Type.INTS,),
        gives=Type.INTS,
        code=rise_ends,
        slow=rise_ends_slow,
        result=rise_ends_result,
        inputs=any_of(waves, nearly_sorted, few_values, zigzag),
        let=(
            "For every position i, let {y[i]} be the largest number of elements of a strictly increasing subsequence "
            "of {x} that ends with {x[i]}. A subsequence keeps the order of its elements, which need not be adjacent "
            "in {x}.",
            "Call a choice of elements of {x} rising if, from left to right, each is strictly greater than the one "
            "chosen before it; chosen elements need not be adjacent. For every position i, let {y[i]} be the largest "
            "number of elements in a rising choice whose last element is {x[i]}.",
        ),
        ask=(
            "for every element of {x}, the largest number of elements of a strictly increasing subsequence (not "
            "necessarily contiguous) that ends with this element",
            "for every element of {x}, the length of the longest strictly increasing, not necessarily contiguous "
            "subsequence whose last element it is",
        ),
        wrong=(
            Wrong("equal elements may follow each other", "bisect.bisect_left", "bisect.bisect_right"),
            Wrong(
                "the longest so far instead of the one that ends here", "append(place + 1)", "append(len(smallest_end))"
            ),
            Wrong(
                "a smaller end does not replace a larger one",
                "place : place + 1] = [value]",
                "place:] = smallest_end[place:] or [value]",
            ),
        ),
        growth="n log n",
        difficulty=1.1,
        signals=("bisect", "comparison", "nested loops", "search"),
    ),
    Feature(
        name="fewest_coins",
        category="algorithm/dynamic programming/knapsack/coin change",
        takes=(Type.INTS,),
        gives=Type.INT,
        code=fewest_coins,
        slow=fewest_coins_slow,
        result=fewest_coins_result,
        inputs=any_of(fewest_coins_inputs),
        let=(
            "Take every element of {x} as the value of a kind of coin, with as many coins of each kind as one likes. "
            "Let {y} be the smallest number of coins whose values add up to exactly {k}, or -1 if this is impossible.",
            "Pay the amount {k} exactly, with coins whose values occur in {x}; the same value may be used any number "
            "of times. Let {y} be the smallest number of coins with which this can be done, or -1 if it cannot.",
        ),
        ask=(
            "the smallest number of coins that add up to exactly {k} if every element of {x} is the value of a coin "
            "that may be used any number of times, or -1 if this is impossible",
            "the smallest possible count of numbers, each equal to some element of {x} (repetition allowed), whose "
            "sum is exactly {k}, or -1 if there is no such sum",
        ),
        params=(Param("k", 10, 120, given=(1, 500)),),
        wrong=(
            Wrong("the coin tried last is kept", "or needed < coins[amount]", "or needed"),
            Wrong("the coin tried first is kept", "or needed < coins[amount]", "and needed"),
            Wrong("a coin of exactly the amount is not used", "value <= amount", "value < amount"),
            Wrong("impossible amounts cost nothing", "return coins[k]", "return max(coins[k], 0)"),
        ),
        growth="n^2",
        difficulty=0.4,
        signals=("nested loops", "min/max", "memo", "index arithmetic"),
    ),
    Feature(
        name="climbing_ways",
        category="algorithm/dynamic programming/linear/counting ways",
        takes=(Type.INT,),
        gives=Type.INT,
        code=climbing_ways,
        slow=climbing_ways_slow,
        result=climbing_ways_result,
        inputs=climbing_ways_inputs,
        let=(
            "Imagine a staircase with {x} steps, numbered 1, 2, 3, ... from the bottom, on which every step whose "
            "number is a multiple of {b} is broken. One starts on the ground below step 1, climbs by at least 1 and "
            "at most {a} steps at a time, and never stands on a broken step. Let {y} be the number of ways to get to "
            "the topmost step, modulo 1000000007 (0 if that step is broken).",
            "Move a token from cell 0 of a strip to cell {x}. Each move takes it forward by 1 to {a} cells, and it "
            "must never land on a positive multiple of {b}. Let {y} be the number of sequences of moves that do "
            "this, modulo 1000000007; it is 0 if there are none.",
        ),
        ask=(
            "the number of ways, modulo 1000000007, to climb a staircase with {x} steps by 1 to {a} steps at a time "
            "without ever standing on a step whose number is a multiple of {b}, where steps are numbered from 1 at "
            "the bottom and there is no way if the topmost step is such a step",
            "the number of ordered sums of numbers from 1 to {a}, modulo 1000000007, that add up to {x} so that "
            "neither the whole sum nor a sum of its first few numbers is a multiple of {b}",
        ),
        params=(Param("a", 2, 5), Param("b", 3, 12)),
        wrong=(
            Wrong("broken steps are used", "if step % b != 0:", "if step > 0:"),
            Wrong("the largest move is not allowed", "step - a", "step - a + 1"),
            Wrong("a step too many can be taken", "step - a", "step - a - 1"),
        ),
        growth="n",
        difficulty=-0.2,
        signals=("modular arithmetic", "recursion", "memo", "accumulation"),
    ),
    Feature(
        name="decode_ways",
        category="algorithm/dynamic programming/linear/splitting a string",
        takes=(Type.STR,),
        gives=Type.INT,
        code=decode_ways,
        slow=decode_ways_slow,
        result=decode_ways_result,
        inputs=decode_ways_inputs,
        let=(
            "Cut the string {x} into pieces so that each piece is one of the numbers 1, 2, ..., 26, written without "
            "leading zeros. Let {y} be the number of ways to do so, modulo 1000000007. An empty string can be cut in "
            "one way: into no pieces.",
            "Imagine that a message was written down by replacing A by 1, B by 2, and so on up to Z by 26, without "
            "spaces, which gave {x}. Let {y} be the number of messages that give this string, modulo 1000000007; the "
            "empty message gives the empty string.",
        ),
        ask=(
            "the number of ways, modulo 1000000007, to cut {x} into pieces that are numbers from 1 to 26 without "
            "leading zeros, where an empty string can be cut in one way",
            "the number of messages of letters, modulo 1000000007, that turn into {x} when A is replaced by 1, B by 2, "
            "..., Z by 26, where the empty message turns into the empty string",
        ),
        wrong=(
            Wrong("a zero may stand alone", 'x[i] != "0"', 'x[i] >= "0"'),
            Wrong("26 is left out", '<= "26"', '< "26"'),
            Wrong("leading zeros are allowed", '"10" <= x', '"01" <= x'),
        ),
        growth="n",
        difficulty=0.7,
        signals=("string scanning", "digits", "memo", "slicing"),
    ),
)
