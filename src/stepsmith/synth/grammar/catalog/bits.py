"""Features on the binary digits of non-negative integers."""

import random

from stepsmith.synth.grammar.catalog.shapes import any_of, extremes, few_values, short_range, uniform
from stepsmith.synth.grammar.domain import Domain, Size, Type, integer, ints, pick_length, string
from stepsmith.synth.grammar.feature import Feature, Params, Wrong


def all_ones(limit: int) -> int:
    """The largest integer with as many binary digits as ``limit``."""
    return (1 << limit.bit_length()) - 1


def bit_counts_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    low, high = x.values
    return ints(x.size, (min(1, low), high.bit_length())) if low >= 0 and x.width >= 2 else None


def prefix_xors_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return ints(x.size, (0, all_ones(x.values[1]))) if 0 <= x.values[0] < x.values[1] and x.size[1] >= 2 else None


def to_binary_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    if x.values[0] < 0 or x.values[1] < 2:
        return None
    return string((max(1, x.values[0].bit_length()), x.values[1].bit_length()), "01")


def even_xor_pairs(x: list[int]) -> int:
    seen = [0, 0]
    pairs = 0
    for value in x:
        parity = bin(value).count("1") % 2
        pairs += seen[parity]
        seen[parity] += 1
    return pairs


def even_xor_pairs_slow(x: list[int]) -> int:
    return sum(f"{x[i] ^ x[j]:b}".count("1") % 2 == 0 for j in range(len(x)) for i in range(j))


def even_xor_pairs_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    if x.values[0] < 0 or x.values[1] < 2 or x.size[1] < 2:
        return None
    return integer(0, x.size[1] * (x.size[1] - 1) // 2)


def max_xor_pair(x: list[int]) -> int:
    if len(x) < 2:
        return 0
    best = 0
    for bit in reversed(range(max(x).bit_length())):
        best <<= 1
        prefixes = {value >> bit for value in x}
        if any((best | 1) ^ prefix in prefixes for prefix in prefixes):
            best |= 1
    return best


def max_xor_pair_slow(x: list[int]) -> int:
    return max([x[i] ^ x[j] for j in range(len(x)) for i in range(j)], default=0)


def max_xor_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return integer(0, all_ones(x.values[1])) if 0 <= x.values[0] < x.values[1] - 1 and x.size[1] >= 3 else None


def max_subset_xor(x: list[int]) -> int:
    basis: list[int] = []
    for value in x:
        for element in basis:
            value = min(value, value ^ element)
        if value:
            basis.append(value)
            basis.sort(reverse=True)
    best = 0
    for element in basis:
        best = max(best, best ^ element)
    return best


def max_subset_xor_slow(x: list[int]) -> int:
    sums = {0}
    for value in x:
        sums |= {total ^ value for total in sums}
    return max(sums)


def subarray_ors(x: list[int]) -> int:
    found: set[int] = set()
    ending: set[int] = set()
    for value in x:
        ending = {value} | {value | earlier for earlier in ending}
        found |= ending
    return len(found)


def subarray_ors_slow(x: list[int]) -> int:
    values = set()
    for i in range(len(x)):
        total = 0
        for value in x[i:]:
            total |= value
            values.add(total)
    return len(values)


def subarray_ors_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    if x.values[0] < 0 or x.values[1] < 2 or x.size[1] < 2:
        return None
    return integer(min(1, x.size[0]), min(x.size[1] * (x.size[1] + 1) // 2, all_ones(x.values[1]) + 1))


def single_bits(rng: random.Random, domain: Domain, size: Size, _: Params) -> list[int]:
    """Powers of two and sums of two of them, as far as the range allows."""
    low, high = domain.values
    values = []
    for _place in range(pick_length(rng, domain.size, size)):
        value = (1 << rng.randrange(high.bit_length())) | rng.choice([0, 1 << rng.randrange(high.bit_length())])
        values.append(min(high, max(low, value)))
    return values


FEATURES = (
    Feature(
        name="bit_counts",
        category="algorithm/bit manipulation/counting",
        takes=(Type.INTS,),
        gives=Type.INTS,
        code="[bin(v).count('1') for v in {x}]",
        slow="[sum(v // 2**i % 2 for i in range(v.bit_length())) for v in {x}]",
        result=bit_counts_result,
        let=(
            "For every position i, let {y[i]} be the number of digits 1 in the binary representation of {x[i]}.",
            "Let {y} be the sequence that results from {x} when every element is written in binary and replaced by the "
            "number of ones among its digits (0 for the element 0).",
        ),
        ask=(
            "for every element of {x}, the number of digits 1 in its binary representation",
            "the sequence {x} with every element replaced by the number of ones that it has when written in binary",
        ),
        wrong=(
            Wrong("counts all binary digits", "bin(v).count('1')", "v.bit_length()"),
            Wrong("counts the zeros", "bin(v).count('1')", "bin(v)[2:].count('0')"),
            Wrong("takes the parity only", "bin(v).count('1')", "bin(v).count('1') % 2"),
        ),
        inputs=any_of(uniform, short_range, single_bits),
        difficulty=-1.6,
        signals=("bit operations", "counting", "list comprehension"),
    ),
    Feature(
        name="prefix_xors",
        category="algorithm/bit manipulation/exclusive or",
        takes=(Type.INTS,),
        gives=Type.INTS,
        code="list(itertools.accumulate({x}, lambda v, w: v ^ w))",
        slow="[functools.reduce(lambda v, w: (v | w) - (v & w), {x}[: i + 1]) for i in range(len({x}))]",
        result=prefix_xors_result,
        let=(
            "For every position i, let {y[i]} be the bitwise exclusive or (XOR) of all elements of {x} up to and "
            "including {x[i]}.",
            "Let {y} be the sequence of the same length as {x} in which {y[i]} is the bitwise XOR of {x[i]} and all "
            "elements of {x} before it.",
        ),
        ask=(
            "for every position i, the bitwise exclusive or (XOR) of all elements of {x} up to and including {x[i]}",
            "for every non-empty prefix of {x}, from the shortest to the longest, the bitwise XOR of its elements",
        ),
        wrong=(
            Wrong("takes the bitwise or", "v ^ w", "v | w"),
            Wrong(
                "combines neighbours only",
                "list(itertools.accumulate({x}, lambda v, w: v ^ w))",
                "{x}[:1] + [v ^ w for v, w in zip({x}, {x}[1:])]",
            ),
            Wrong("adds instead", "v ^ w", "v + w"),
        ),
        inputs=any_of(uniform, few_values, single_bits),
        difficulty=-1.4,
        signals=("bit operations", "accumulation", "lambda"),
    ),
    Feature(
        name="to_binary",
        category="algorithm/bit manipulation/representation",
        takes=(Type.INT,),
        gives=Type.STR,
        code="bin({x})[2:]",
        slow="''.join(str({x} // 2**i % 2) for i in reversed(range(max(1, {x}.bit_length()))))",
        result=to_binary_result,
        let=(
            "Let {y} be the string of the binary digits of {x}, from the most significant one on and without leading "
            "zeros (a single 0 if {x} is 0).",
            "Write the integer {x} in binary, without leading zeros, and let {y} be the resulting string of digits (a "
            "single 0 if {x} is 0).",
        ),
        ask=(
            "the binary representation of {x} without leading zeros (a single 0 if {x} is 0)",
            "the string of the binary digits of {x}, beginning with the most significant one and without leading "
            "zeros (a single 0 if {x} is 0)",
        ),
        wrong=(
            Wrong("least significant digit first", "[2:]", "[:1:-1]"),
            Wrong("the last digit is lost", "[2:]", "[2:-1]"),
            Wrong("writes octal digits", "bin({x})", "oct({x})"),
        ),
        difficulty=-1.8,
        signals=("bit operations", "integer division", "string building"),
    ),
    Feature(
        name="even_xor_pairs",
        category="algorithm/bit manipulation/pairs/parity",
        takes=(Type.INTS,),
        gives=Type.INT,
        code=even_xor_pairs,
        slow=even_xor_pairs_slow,
        result=even_xor_pairs_result,
        let=(
            "Let {y} be the number of pairs of positions i < j such that the binary representation of the bitwise XOR "
            "of {x[i]} and {x[j]} contains an even number of ones (0 is even).",
            "Say that two integers are an even distance apart if their binary representations, padded with zeros at "
            "the front to the same length, differ in an even number of places (possibly none). Let {y} be the number "
            "of unordered pairs of different positions of {x} whose elements are an even distance apart.",
        ),
        ask=(
            "the number of pairs of positions i < j such that the binary representation of the bitwise XOR of {x[i]} "
            "and {x[j]} contains an even number of ones (0 is even)",
            "the number of ways to choose two different positions of {x}, in no particular order, whose elements "
            "differ in an even number of binary digits (possibly none)",
        ),
        wrong=(
            Wrong("looks at the last binary digit only", 'bin(value).count("1") % 2', "value % 2"),
            Wrong("counts the odd distances", "pairs += seen[parity]", "pairs += seen[1 - parity]"),
            Wrong("both orders are counted", "pairs += seen[parity]", "pairs += 2 * seen[parity]"),
            Wrong("an element is paired with itself", "pairs += seen[parity]", "pairs += seen[parity] + 1"),
        ),
        inputs=any_of(uniform, short_range, few_values, single_bits),
        difficulty=0.2,
        signals=("bit operations", "nested loops", "counting", "pairs"),
    ),
    Feature(
        name="max_xor_pair",
        category="algorithm/bit manipulation/exclusive or/trie",
        takes=(Type.INTS,),
        gives=Type.INT,
        code=max_xor_pair,
        slow=max_xor_pair_slow,
        result=max_xor_result,
        let=(
            "Let {y} be the largest value of the bitwise XOR of {x[i]} and {x[j]} over all pairs of positions i < j, "
            "or 0 if {x} has fewer than two elements.",
            "Choose two elements of {x} at different positions so that their bitwise exclusive or (XOR) is as large as "
            "possible, and let {y} be that XOR (0 if there are fewer than two elements).",
        ),
        ask=(
            "the largest bitwise XOR of two elements of {x} at different positions (0 if there are fewer than two "
            "elements)",
            "the largest value of the bitwise exclusive or (XOR) of {x[i]} and {x[j]} over all pairs of positions "
            "i < j, or 0 if there is no such pair",
        ),
        wrong=(
            Wrong(
                "the lowest binary digit is ignored",
                "reversed(range(max(x).bit_length()))",
                "reversed(range(1, max(x).bit_length()))",
            ),
            Wrong("pairs the largest with the smallest", "return best", "return max(x) ^ min(x)"),
            Wrong("looks at neighbours only", "return best", "return max(v ^ w for v, w in zip(x, x[1:]))"),
            Wrong("pairs every element with the largest", "return best", "return max(value ^ max(x) for value in x)"),
        ),
        inputs=any_of(uniform, short_range, single_bits, extremes),
        growth="n log n",
        difficulty=1.6,
        signals=("bit operations", "nested loops", "min/max", "set use"),
    ),
    Feature(
        name="max_subset_xor",
        category="algorithm/bit manipulation/exclusive or/linear basis",
        takes=(Type.INTS,),
        gives=Type.INT,
        code=max_subset_xor,
        slow=max_subset_xor_slow,
        result=max_xor_result,
        let=(
            "Choose any elements of {x}, each position at most once and possibly none at all, so that the bitwise XOR "
            "of the chosen elements is as large as possible; let {y} be that XOR (0 if no elements are chosen).",
            "Let {y} be the largest bitwise exclusive or (XOR) of a subsequence of {x}, where elements need not be "
            "adjacent and the empty subsequence counts as 0.",
        ),
        ask=(
            "the largest bitwise XOR of elements that can be chosen from {x}, each position at most once; choosing "
            "none at all gives 0",
            "the largest bitwise exclusive or (XOR) of a subsequence of {x}, where elements need not be adjacent and "
            "the empty subsequence counts as 0",
        ),
        wrong=(
            Wrong(
                "takes elements greedily",
                "for element in basis:\n        best",
                "for element in sorted(x, reverse=True):\n        best",
            ),
            Wrong("combines everything", "best = max(best, best ^ element)", "best ^= element"),
            Wrong(
                "takes at most two elements",
                "return best",
                "return max([v ^ w for v in [0, *x] for w in x], default=0)",
            ),
            Wrong("takes the bitwise or", "return best", "return functools.reduce(lambda v, w: v | w, x, 0)"),
        ),
        inputs=any_of(uniform, short_range, single_bits),
        growth="n log n",
        difficulty=2.1,
        signals=("bit operations", "min/max", "combinatorics", "memo"),
    ),
    Feature(
        name="subarray_ors",
        category="algorithm/bit manipulation/inclusive or/contiguous",
        takes=(Type.INTS,),
        gives=Type.INT,
        code=subarray_ors,
        slow=subarray_ors_slow,
        result=subarray_ors_result,
        let=(
            "For every non-empty contiguous subarray of {x}, consider the bitwise OR of its elements. Let {y} be the "
            "number of different values that are obtained (0 if {x} is empty).",
            "Let {y} be the number of integers that are the bitwise OR of the elements of some non-empty contiguous "
            "subarray of {x}; an integer that is obtained in several ways is counted once.",
        ),
        ask=(
            "the number of different values that the bitwise OR of the elements of a non-empty contiguous subarray of "
            "{x} can have",
            "the number of integers that are the bitwise OR of one or more consecutive elements of {x}, each counted "
            "once, however often it is obtained",
        ),
        wrong=(
            Wrong(
                "prefixes only",
                "{value} | {value | earlier for earlier in ending}",
                "{value | earlier for earlier in ending or {0}}",
            ),
            Wrong("elements need not be adjacent", "ending = {value}", "ending = ending | {value}"),
            Wrong(
                "repetitions are counted",
                "found |= ending\n    return len(found)",
                "found |= ending\n    return len(x) * (len(x) + 1) // 2",
            ),
        ),
        inputs=any_of(uniform, short_range, single_bits, few_values),
        growth="n log n",
        difficulty=1.2,
        signals=("bit operations", "set use", "nested loops", "accumulation"),
    ),
)
