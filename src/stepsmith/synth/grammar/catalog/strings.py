"""Features on strings."""

import collections
import itertools

from stepsmith.synth.grammar.catalog.shapes import any_of, few_letters, letter_runs, palindromic, periodic, self_similar
from stepsmith.synth.grammar.domain import Domain, Type, integer, ints, string
from stepsmith.synth.grammar.feature import Feature, Params, Wrong

DIGITS = "0123456789"


def has_plain_order(alphabet: str) -> bool:
    """Return whether every reader orders these characters alike: digits, or letters of one case."""
    return alphabet.isdigit() or (alphabet.isalpha() and (alphabet.islower() or alphabet.isupper()))


def run_length(x: str) -> str:
    blocks = []
    for letter, block in itertools.groupby(x):
        length = len(list(block))
        blocks.append(letter + str(length))
    return "".join(blocks)


def run_length_slow(x: str) -> str:
    text = ""
    i = 0
    while i < len(x):
        j = i
        while j < len(x) and x[j] == x[i]:
            j += 1
        text += f"{x[i]}{j - i}"
        i = j
    return text


def run_length_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    if set(x.alphabet) & set(DIGITS):  # the lengths could not be told from the characters
        return None
    shortest = 1 + len(str(x.size[0])) if x.size[0] else 0
    return string((shortest, 2 * x.size[1]), x.alphabet + DIGITS)


def palindrome_repairs(x: str) -> int:
    return sum(x[i] != x[-1 - i] for i in range(len(x) // 2))


def palindrome_repairs_slow(x: str) -> int:
    halves = itertools.product(sorted(set(x)), repeat=(len(x) + 1) // 2)
    palindromes = [half + half[::-1][len(x) % 2 :] for half in halves]
    return min(sum(v != w for v, w in zip(x, palindrome, strict=True)) for palindrome in palindromes)


def palindrome_repairs_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return None if x.size[1] < 2 or len(x.alphabet) < 2 else integer(0, x.size[1] // 2)


def border_lengths(x: str) -> list[int]:
    borders: list[int] = []
    length = 0
    for i in range(len(x)):
        while i > 0 and length > 0 and x[length] != x[i]:
            length = borders[length - 1]
        if i > 0 and x[length] == x[i]:
            length += 1
        borders.append(length)
    return borders


def border_lengths_slow(x: str) -> list[int]:
    prefixes = [x[: i + 1] for i in range(len(x))]
    return [max(k for k in range(len(p)) if p[:k] == p[len(p) - k :]) for p in prefixes]


def border_lengths_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return None if x.size[1] < 2 else ints(x.size, (0, x.size[1] - 1))


def smallest_rotation(x: str) -> str:
    i, j, matched, n = 0, 1, 0, len(x)
    while i < n and j < n and matched < n:
        v, w = x[(i + matched) % n], x[(j + matched) % n]
        if v == w:
            matched += 1
            continue
        if v > w:
            i += matched + 1
        else:
            j += matched + 1
        if i == j:
            j += 1
        matched = 0
    start = min(i, j)
    return x[start:] + x[:start]


def smallest_rotation_slow(x: str) -> str:
    return min(x[i:] + x[:i] for i in range(len(x) + 1))


def smallest_rotation_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return x if len(x.alphabet) > 1 and x.size[1] > 1 and has_plain_order(x.alphabet) else None


def distinct_substrings(x: str) -> int:
    links, lengths = [-1], [0]
    edges: list[dict[str, int]] = [{}]
    last = 0
    for letter in x:
        new, state = len(links), last
        links.append(0)
        lengths.append(lengths[last] + 1)
        edges.append({})
        while state >= 0 and letter not in edges[state]:
            edges[state][letter] = new
            state = links[state]
        if state >= 0:
            target = edges[state][letter]
            if lengths[target] == lengths[state] + 1:
                links[new] = target
            else:
                clone = len(links)
                links.append(links[target])
                lengths.append(lengths[state] + 1)
                edges.append(dict(edges[target]))
                while state >= 0 and edges[state].get(letter) == target:
                    edges[state][letter] = clone
                    state = links[state]
                links[target] = links[new] = clone
        last = new
    return sum(lengths[state] - lengths[links[state]] for state in range(1, len(links)))


def distinct_substrings_slow(x: str) -> int:
    return len({x[i:j] for i in range(len(x)) for j in range(i + 1, len(x) + 1)})


def distinct_substrings_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return integer(x.size[0], x.size[1] * (x.size[1] + 1) // 2)


def shared_letters(x: str, z: str) -> int:
    common = collections.Counter(x) & collections.Counter(z)
    return sum(common.values())


def shared_letters_slow(x: str, z: str) -> int:
    left = list(z)
    pairs = 0
    for letter in x:
        if letter in left:
            left.remove(letter)
            pairs += 1
    return pairs


def shared_letters_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    x, z = domains
    return integer(0, min(x.size[1], z.size[1])) if x.overlaps(z) else None


FEATURES = (
    Feature(
        name="run_length",
        category="algorithm/string/compression/run-length encoding",
        takes=(Type.STR,),
        gives=Type.STR,
        code=run_length,
        slow=run_length_slow,
        result=run_length_result,
        let=(
            "Let {y} be the string that {x} becomes when every maximal block of equal consecutive characters is "
            "replaced by this character followed by the length of the block, written in decimal (a block of length 1 "
            "is followed by 1, too). If {x} is empty, so is {y}.",
            "Split {x} into maximal blocks of equal consecutive characters. Let {y} be the string that names, for "
            "each block from left to right, its character and then its length in decimal, even if the length is 1, "
            "without any separators (an empty string if {x} is empty).",
        ),
        ask=(
            "the string that {x} becomes when every maximal block of equal consecutive characters is replaced by this "
            "character followed by the length of the block in decimal (also when that length is 1)",
            "the run-length encoding of {x}: for each maximal block of equal consecutive characters, from left to "
            "right, its character and then its length in decimal, even if the length is 1, without any separators",
        ),
        wrong=(
            Wrong("blocks of length one get no number", "letter + str(length)", "letter + str(length)[length == 1 :]"),
            Wrong("the length comes first", "letter + str(length)", "str(length) + letter"),
            Wrong("counts the character in the whole string", "len(list(block))", "x.count(letter)"),
        ),
        inputs=any_of(letter_runs, few_letters, periodic),
        difficulty=-0.9,
        signals=("string building", "string scanning", "counting", "generator"),
    ),
    Feature(
        name="palindrome_repairs",
        category="algorithm/string/palindrome",
        takes=(Type.STR,),
        gives=Type.INT,
        code=palindrome_repairs,
        slow=palindrome_repairs_slow,
        result=palindrome_repairs_result,
        let=(
            "Let {y} be the smallest number of characters of {x} that have to be replaced by other characters so that "
            "it reads the same forwards and backwards (0 if it already does; the empty string does).",
            "Call a string a palindrome if it reads the same from left to right and from right to left; the empty "
            "string is a palindrome. Let {y} be the smallest number of characters of {x} that have to be exchanged "
            "for others, each at its place, to get a palindrome.",
        ),
        ask=(
            "the smallest number of characters of {x} that have to be replaced by other characters so that it reads "
            "the same forwards and backwards",
            "the smallest number of single-character replacements that turn {x} into a palindrome, a string that "
            "reads the same in both directions",
        ),
        wrong=(
            Wrong("every mismatch is counted from both ends", "len(x) // 2", "len(x)"),
            Wrong("the innermost pair is skipped", "len(x) // 2", "(len(x) - 1) // 2"),
            Wrong("compares with the wrong partner", "x[-1 - i]", "x[-2 - i]"),
        ),
        inputs=any_of(palindromic, palindromic, periodic, few_letters),
        difficulty=-1.2,
        signals=("string scanning", "comparison", "index arithmetic", "reversed order"),
    ),
    Feature(
        name="border_lengths",
        category="algorithm/string/matching/prefix function",
        takes=(Type.STR,),
        gives=Type.INTS,
        code=border_lengths,
        slow=border_lengths_slow,
        result=border_lengths_result,
        let=(
            "For every position i, consider the prefix of {x} that ends at position i, and let {y[i]} be the greatest "
            "length of a string that is both a beginning and an end of this prefix but is not the whole prefix (0 if "
            "only the empty string is).",
            "Call a string a border of another one if it is shorter, possibly empty, and the other one both begins "
            "and ends with it. For every position i, let {y[i]} be the length of the longest border of the prefix of "
            "{x} that ends at position i.",
        ),
        ask=(
            "for every non-empty prefix of {x}, from the shortest to the longest, the length of its longest border: "
            "a string, shorter than the prefix and possibly empty, with which the prefix both begins and ends",
            "for every position i, the greatest length of a string that is both a beginning and an end of the prefix "
            "of {x} that ends at position i, but is not this whole prefix",
        ),
        wrong=(
            Wrong("gives up after a mismatch", "length = borders[length - 1]", "length = 0"),
            Wrong("a mismatch shortens the match by one", "length = borders[length - 1]", "length = length - 1"),
            Wrong("falls back only once", "while i > 0", "if i > 0"),
        ),
        inputs=any_of(self_similar),
        difficulty=1.4,
        signals=("while loop", "string scanning", "search", "index arithmetic"),
    ),
    Feature(
        name="smallest_rotation",
        category="algorithm/string/order/rotation",
        takes=(Type.STR,),
        gives=Type.STR,
        code=smallest_rotation,
        slow=smallest_rotation_slow,
        result=smallest_rotation_result,
        let=(
            "Suppose that the first character of {x} may be moved to the end any number of times, possibly none. Let "
            "{y} be the lexicographically smallest string that can be obtained in this way (an empty string if {x} is "
            "empty).",
            "Write {x} around a circle, and let {y} be the lexicographically smallest string that can be read off by "
            "starting at any character and going once around in the original direction (an empty string if {x} is "
            "empty).",
        ),
        ask=(
            "the lexicographically smallest string that can be obtained from {x} by moving its first character to the "
            "end any number of times, possibly none",
            "the lexicographically smallest one of all rotations of {x}, where a rotation moves some characters, "
            "possibly none, from the beginning to the end without changing their order",
        ),
        wrong=(
            Wrong("starts at the first smallest character", "start = min(i, j)", "start = x.index(min(x)) if x else 0"),
            Wrong("takes the larger candidate", "start = min(i, j)", "start = max(i, j)"),
            Wrong("looks for the largest rotation", "v > w", "v < w"),
        ),
        inputs=any_of(periodic, few_letters, self_similar),
        difficulty=1.0,
        signals=("comparison", "slicing", "modular arithmetic", "string scanning"),
    ),
    Feature(
        name="distinct_substrings",
        category="algorithm/string/suffix structure/suffix automaton",
        takes=(Type.STR,),
        gives=Type.INT,
        code=distinct_substrings,
        slow=distinct_substrings_slow,
        result=distinct_substrings_result,
        let=(
            "Let {y} be the number of different non-empty strings that occur in {x} as a contiguous substring.",
            "Consider all non-empty contiguous substrings of {x}, and let {y} be their number, where equal substrings "
            "at different places are counted only once.",
        ),
        ask=(
            "the number of different non-empty strings that occur in {x} as a contiguous substring",
            "the number of non-empty contiguous substrings of {x}, where equal substrings are counted only once",
        ),
        wrong=(
            Wrong("the empty substring is counted", "return sum(", "return 1 + sum("),
            Wrong("states are never split", "lengths[target] == lengths[state] + 1", "target > 0"),
            Wrong(
                "equal substrings are counted again",
                "sum(lengths[state] - lengths[links[state]] for state in range(1, len(links)))",
                "len(x) * (len(x) + 1) // 2",
            ),
        ),
        inputs=any_of(periodic, few_letters, self_similar),
        difficulty=2.3,
        signals=("dict use", "set use", "slicing", "nested loops"),
    ),
    Feature(
        name="shared_letters",
        category="algorithm/string/two strings/multiset",
        takes=(Type.STR, Type.STR),
        gives=Type.INT,
        code=shared_letters,
        slow=shared_letters_slow,
        result=shared_letters_result,
        let=(
            "Form pairs of equal characters, one from {x} and one from {z}, so that no character occurrence is used in "
            "more than one pair; the order of characters does not matter. Let {y} be the largest possible number of "
            "pairs.",
            "Let {y} be the largest number of characters that can be deleted from both {x} and {z} when each deletion "
            "removes one occurrence of the same character from each of the two strings, at any places.",
        ),
        ask=(
            "the largest number of pairs of equal characters, one from {x} and one from {z}, in which no character "
            "occurrence is used more than once",
            "the largest number of times that one can delete the same character from {x} and from {z}, one occurrence "
            "from each and at any places",
        ),
        wrong=(
            Wrong("every common character counts once", "sum(common.values())", "len(common)"),
            Wrong("characters of either string count", "Counter(x) & ", "Counter(x) | "),
            Wrong("repeated use of a character", "sum(common.values())", "sum(letter in z for letter in x)"),
        ),
        inputs=any_of(few_letters, letter_runs, palindromic),
        difficulty=-0.5,
        signals=("counting", "dict use", "set use", "min/max"),
    ),
)
