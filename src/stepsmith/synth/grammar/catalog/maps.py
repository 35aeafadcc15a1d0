"""Features that count or look up with a dictionary or a set."""

import collections
import random

from stepsmith.synth.grammar.catalog.shapes import (
    any_of,
    few_letters,
    few_values,
    letter_runs,
    runs,
    short_range,
    uniform,
)
from stepsmith.synth.grammar.domain import Domain, Size, Type, integer, ints
from stepsmith.synth.grammar.feature import Feature, Param, Params, Wrong


def may_repeat(x: Domain) -> bool:
    """Return whether a sequence of this domain can hold equal elements."""
    return x.size[1] >= 2 and "distinct" not in x.tags


def earlier_equals(x: list[int]) -> list[int]:
    seen: dict[int, int] = {}
    result = []
    for value in x:
        result.append(seen.get(value, 0))
        seen[value] = seen.get(value, 0) + 1
    return result


def earlier_equals_slow(x: list[int]) -> list[int]:
    return [x[:i].count(x[i]) for i in range(len(x))]


def earlier_equals_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return ints(x.size, (0, x.size[1] - 1)) if may_repeat(x) else None


def most_frequent(x: list[int]) -> int:
    counts = collections.Counter(x)
    return min(counts, key=lambda value: (-counts[value], value))


def most_frequent_slow(x: list[int]) -> int:
    top = max(x.count(value) for value in x)
    return min(value for value in x if x.count(value) == top)


def most_frequent_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return integer(*x.values) if x.size[0] >= 1 and x.width >= 2 and may_repeat(x) else None


def equal_pairs(x: list[int]) -> int:
    seen: dict[int, int] = {}
    pairs = 0
    for value in x:
        pairs += seen.get(value, 0)
        seen[value] = seen.get(value, 0) + 1
    return pairs


def equal_pairs_slow(x: list[int]) -> int:
    return sum(x[i] == x[j] for j in range(len(x)) for i in range(j))


def equal_pairs_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return integer(0, x.size[1] * (x.size[1] - 1) // 2) if may_repeat(x) else None


def pairs_with_sum(x: list[int], k: int) -> int:
    seen: dict[int, int] = {}
    pairs = 0
    for value in x:
        pairs += seen.get(k - value, 0)
        seen[value] = seen.get(value, 0) + 1
    return pairs


def pairs_with_sum_slow(x: list[int], k: int) -> int:
    return sum(x[i] + x[j] == k for j in range(len(x)) for i in range(j))


def possible_parts(x: Domain, k: int) -> tuple[int, int]:
    """Return the bounds of an element that may be part of a pair with the sum ``k``; they cross where none may."""
    low, high = x.values
    return max(low, k - high), min(high, k - low)


def pairs_with_sum_result(domains: tuple[Domain, ...], params: Params) -> Domain | None:
    (x,) = domains
    least, most = possible_parts(x, params["k"])
    if x.size[1] < 2 or 16 * (most - least + 1) < x.width:  # hardly any element has a partner
        return None
    return integer(0, x.size[1] * (x.size[1] - 1) // 2)


def pairs_with_sum_inputs(rng: random.Random, domain: Domain, size: Size, params: Params) -> list[int]:
    """Many elements whose partner occurs too, and halves of the sum."""
    low, high = domain.values
    least, most = possible_parts(domain, params["k"])
    drawn_from = domain.with_(values=(least, most)) if least <= most and rng.random() < 0.7 else domain
    values = rng.choice([uniform, uniform, short_range])(rng, drawn_from, size, params)
    for i in range(1, len(values)):
        partner = rng.choice([params["k"] - rng.choice(values[max(0, i - 5) : i]), params["k"] // 2])
        if rng.random() < 0.5 and low <= partner <= high:
            values[i] = partner
    return values


def letter_counts(x: str) -> list[int]:
    return list(collections.Counter(x).values())


def letter_counts_slow(x: str) -> list[int]:
    return [x.count(letter) for i, letter in enumerate(x) if letter not in x[:i]]


def letter_counts_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    if len(x.alphabet) < 2 or x.size[1] < 2:
        return None
    return ints((min(1, x.size[0]), min(x.size[1], len(x.alphabet))), (1, x.size[1]))


def smallest_absent(x: list[int]) -> int:
    present = set(x)
    candidate = 0
    while candidate in present:
        candidate += 1
    return candidate


def smallest_absent_slow(x: list[int]) -> int:
    return min(v for v in range(len(x) + 1) if v not in x)


def smallest_absent_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    low, high = x.values
    if not -high <= 4 * low <= 0 < high <= x.size[1] <= 8 * high:  # else 0 is mostly absent, or nothing is
        return None
    return integer(0, min(x.size[1], high + 1))


def without_common(x: list[int], z: list[int]) -> list[int]:
    banned = set(z)
    return [value for value in x if value not in banned]


def without_common_slow(x: list[int], z: list[int]) -> list[int]:
    kept = list(x)
    for value in z:
        while value in kept:
            kept.remove(value)
    return kept


def without_common_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    x, z = domains
    if not all(z.size[1] <= 4 * domain.width <= 4 * z.size[1] for domain in domains) or not x.overlaps(z):
        return None  # in a wide range the two rarely meet; in a narrow one every value is in a long sequence
    return x.with_(size=(0, x.size[1]))


FEATURES = (
    Feature(
        name="earlier_equals",
        category="data structure/hash map/counting",
        takes=(Type.INTS,),
        gives=Type.INTS,
        code=earlier_equals,
        slow=earlier_equals_slow,
        result=earlier_equals_result,
        let=(
            "For every position i, let {y[i]} be the number of elements before {x[i]} in {x} that are equal to {x[i]}.",
            "Define the sequence {y}, as long as {x}, by letting {y[i]} say how many times the value {x[i]} has "
            "already occurred in {x} before position i.",
        ),
        ask=(
            "for every element of {x}, the number of elements before it that are equal to it",
            "for every position i, how many times the value {x[i]} occurs in {x} before position i",
        ),
        wrong=(
            Wrong(
                "the element itself is counted",
                "result.append(seen.get(value, 0))",
                "result.append(seen.get(value, 0) + 1)",
            ),
            Wrong("only says whether it occurred", "seen[value] = seen.get(value, 0) + 1", "seen[value] = 1"),
            Wrong(
                "counts later equal elements too",
                "result.append(seen.get(value, 0))",
                "result.append(x.count(value) - 1)",
            ),
        ),
        inputs=any_of(few_values, short_range, runs),
        difficulty=-1.3,
        signals=("dict use", "counting", "loop"),
    ),
    Feature(
        name="most_frequent",
        category="data structure/hash map/counting",
        takes=(Type.INTS,),
        gives=Type.INT,
        code=most_frequent,
        slow=most_frequent_slow,
        result=most_frequent_result,
        let=(
            "Let {y} be the value that occurs most often in {x}; if several values do, let it be the smallest of them.",
            "Consider the values that occur in {x} the greatest number of times, and let {y} be the smallest one of "
            "them.",
        ),
        ask=(
            "the value that occurs most often in {x} (the smallest such value if there are several)",
            "the smallest one among the values that occur in {x} the greatest number of times",
        ),
        wrong=(
            Wrong("ties go to the first to occur", "(-counts[value], value)", "-counts[value]"),
            Wrong("ties go to the largest", "(-counts[value], value)", "(-counts[value], -value)"),
            Wrong("takes the rarest value", "(-counts[value], value)", "(counts[value], value)"),
        ),
        inputs=any_of(few_values, short_range, runs),
        difficulty=-0.9,
        signals=("dict use", "counting", "min/max", "lambda"),
    ),
    Feature(
        name="equal_pairs",
        category="data structure/hash map/pairs",
        takes=(Type.INTS,),
        gives=Type.INT,
        code=equal_pairs,
        slow=equal_pairs_slow,
        result=equal_pairs_result,
        let=(
            "Let {y} be the number of pairs of positions i < j for which {x[i]} and {x[j]} are equal.",
            "Call two different positions of {x} twins if they hold equal elements, and let {y} be the number of "
            "unordered pairs of twins.",
        ),
        ask=(
            "the number of pairs of positions i < j for which {x[i]} and {x[j]} are equal",
            "the number of ways to choose two different positions of {x} that hold equal elements, where the order of "
            "the two does not matter",
        ),
        wrong=(
            Wrong("an earlier equal element counts only once", "seen.get(value, 0) + 1", "1"),
            Wrong("elements pair with themselves", "pairs += seen.get(value, 0)", "pairs += seen.get(value, 0) + 1"),
            Wrong("both orders are counted", "pairs += seen.get(value, 0)", "pairs += 2 * seen.get(value, 0)"),
        ),
        inputs=any_of(few_values, short_range, runs),
        difficulty=-0.7,
        signals=("dict use", "counting", "nested loops", "pairs"),
    ),
    Feature(
        name="pairs_with_sum",
        category="data structure/hash map/pairs",
        takes=(Type.INTS,),
        gives=Type.INT,
        code=pairs_with_sum,
        slow=pairs_with_sum_slow,
        result=pairs_with_sum_result,
        let=(
            "Let {y} be the number of pairs of positions i < j such that the sum of {x[i]} and {x[j]} is exactly {k}.",
            "Count the ways to choose two different positions of {x}, in no particular order, whose elements add up to "
            "{k}, and let {y} be their number.",
        ),
        ask=(
            "the number of pairs of positions i < j such that {x[i]} and {x[j]} add up to exactly {k}",
            "the number of ways to choose two different positions of {x} whose elements have the sum {k}, where the "
            "order of the two does not matter",
        ),
        params=(Param("k", 2, 40, given=(2, 2000)),),
        wrong=(
            Wrong("equal partners count only once", "seen.get(value, 0) + 1", "1"),
            Wrong(
                "half of the sum pairs with itself",
                "seen.get(k - value, 0)",
                "seen.get(k - value, 0) + (2 * value == k)",
            ),
            Wrong("both orders are counted", "seen.get(k - value, 0)", "2 * seen.get(k - value, 0)"),
            Wrong("looks for a difference", "seen.get(k - value, 0)", "seen.get(k + value, 0)"),
        ),
        inputs=any_of(pairs_with_sum_inputs),
        difficulty=-0.1,
        signals=("dict use", "counting", "nested loops", "arithmetic"),
    ),
    Feature(
        name="letter_counts",
        category="data structure/hash map/counting",
        takes=(Type.STR,),
        gives=Type.INTS,
        code=letter_counts,
        slow=letter_counts_slow,
        result=letter_counts_result,
        let=(
            "Take the different characters of {x} in the order in which they first occur, and let {y} be the sequence "
            "of the numbers of times that they occur in {x} (empty if {x} is empty).",
            "Let {y} be the sequence that contains, for each different character of {x}, the number of its occurrences "
            "in {x}; characters that first occur earlier come first. If {x} is empty, so is {y}.",
        ),
        ask=(
            "for each different character of {x}, in the order of first occurrence, the number of times that it occurs "
            "in {x}",
            "the numbers of occurrences of the different characters of {x}, where a character that first occurs "
            "earlier comes first",
        ),
        wrong=(
            Wrong("characters in sorted order", "collections.Counter(x)", "collections.Counter(sorted(x))"),
            Wrong(
                "characters in order of last occurrence", "collections.Counter(x)", "collections.Counter(reversed(x))"
            ),
            Wrong("counts sorted", "list(", "sorted("),
        ),
        inputs=any_of(few_letters, letter_runs),
        difficulty=-1.3,
        signals=("dict use", "counting", "string scanning"),
    ),
    Feature(
        name="smallest_absent",
        category="data structure/hash set/membership",
        takes=(Type.INTS,),
        gives=Type.INT,
        code=smallest_absent,
        slow=smallest_absent_slow,
        result=smallest_absent_result,
        let=(
            "Let {y} be the smallest non-negative integer that does not occur in {x}.",
            "Consider the integers 0, 1, 2 and so on, and let {y} be the first one of them that is not an element of "
            "{x}.",
        ),
        ask=(
            "the smallest non-negative integer that does not occur in {x}",
            "the first one of the integers 0, 1, 2 and so on that is not an element of {x}",
        ),
        wrong=(
            Wrong("zero is not considered", "candidate = 0", "candidate = 1"),
            Wrong("counts the distinct values", "return candidate", "return len(present)"),
            Wrong("returns the last one present", "return candidate", "return max(0, candidate - 1)"),
        ),
        inputs=any_of(short_range, short_range, few_values),
        difficulty=-1.1,
        signals=("set use", "while loop", "search"),
    ),
    Feature(
        name="without_common",
        category="data structure/hash set/two sequences",
        takes=(Type.INTS, Type.INTS),
        gives=Type.INTS,
        code=without_common,
        slow=without_common_slow,
        result=without_common_result,
        let=(
            "Let {y} be the sequence of those elements of {x} whose value does not occur in {z}, in their original "
            "order and as often as they occur in {x} (possibly no elements at all).",
            "Let {y} be what remains of {x}, in the same order, when every element that is equal to some element of "
            "{z} is deleted; it may be empty.",
        ),
        ask=(
            "the elements of {x} whose value does not occur in {z}, in their original order and with repetitions",
            "what remains of {x}, in the same order, when every element that is equal to some element of {z} is "
            "deleted",
        ),
        wrong=(
            Wrong("keeps the common elements", "not in banned", "in banned"),
            Wrong("repetitions are dropped", "for value in x if", "for value in dict.fromkeys(x) if"),
            Wrong(
                "compares position by position",
                "[value for value in x if value not in banned]",
                "[v for i, v in enumerate(x) if i >= len(z) or v != z[i]]",
            ),
        ),
        inputs=any_of(few_values, short_range, uniform),
        difficulty=-1.4,
        signals=("set use", "list comprehension", "search"),
    ),
)
