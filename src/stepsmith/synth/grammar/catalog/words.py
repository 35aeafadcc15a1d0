"""Features that make, order and compare words."""

import collections
import itertools

from stepsmith.synth.grammar.catalog.shapes import (
    any_of,
    few_letters,
    letter_runs,
    nested_words,
    self_similar,
    similar_words,
)
from stepsmith.synth.grammar.domain import Domain, Type, integer, string
from stepsmith.synth.grammar.feature import Feature, Params, Wrong


def blocks(x: str) -> list[str]:
    parts: list[str] = []
    for letter in x:
        if parts and parts[-1][0] == letter:
            parts[-1] += letter
        else:
            parts.append(letter)
    return parts


def blocks_slow(x: str) -> list[str]:
    cuts = [i for i in range(len(x) + 1) if i in (0, len(x)) or x[i - 1] != x[i]]
    return [x[i:j] for i, j in itertools.pairwise(cuts)]


def blocks_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    if x.size[1] < 2 or len(x.alphabet) < 2:
        return None
    return Domain(Type.WORDS, size=(min(1, x.size[0]), x.size[1]), second=(1, x.size[1]), alphabet=x.alphabet)


def initials_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return string(x.size, x.alphabet) if x.second[0] >= 1 else None


def order_by_length_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return x if x.size[1] >= 2 and x.second[0] < x.second[1] else None


def longest_word(x: list[str]) -> str:
    best = ""
    for word in x:
        if len(word) > len(best):
            best = word
    return best


def longest_word_slow(x: list[str]) -> str:
    longest = [word for word in x if all(len(other) <= len(word) for other in x)]
    return longest[0] if longest else ""


def longest_word_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    if x.size[1] < 2 or x.second[0] == x.second[1]:
        return None
    return string((x.second[0] if x.size[0] else 0, x.second[1]), x.alphabet)


def anagram_groups(x: list[str]) -> int:
    groups: dict[str, int] = {}
    for word in x:
        key = "".join(sorted(word))
        groups[key] = groups.get(key, 0) + 1
    return len(groups)


def anagram_groups_slow(x: list[str]) -> int:
    chosen: list[str] = []
    for word in x:
        if not any(len(w) == len(word) and all(w.count(c) == word.count(c) for c in word) for w in chosen):
            chosen.append(word)
    return len(chosen)


def anagram_groups_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return integer(min(1, x.size[0]), x.size[1]) if x.size[1] >= 2 else None


def prefix_pairs(x: list[str]) -> int:
    counts = collections.Counter(x)
    pairs = sum(count * (count - 1) // 2 for count in counts.values())
    for word in x:
        for end in range(len(word)):
            pairs += counts[word[:end]]
    return pairs


def prefix_pairs_slow(x: list[str]) -> int:
    return sum(x[i].startswith(x[j]) or x[j].startswith(x[i]) for j in range(len(x)) for i in range(j))


def prefix_pairs_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return integer(0, x.size[1] * (x.size[1] - 1) // 2) if x.size[1] >= 2 else None


FEATURES = (
    Feature(
        name="blocks",
        category="algorithm/string/splitting/blocks",
        takes=(Type.STR,),
        gives=Type.WORDS,
        code=blocks,
        slow=blocks_slow,
        result=blocks_result,
        let=(
            "Split {x} into maximal blocks of equal consecutive characters, and let {y} be the list of these blocks "
            "from left to right (an empty list if {x} is empty).",
            "Cut {x} between every two neighbouring characters that differ, and nowhere else. Let {y} be the list of "
            "the resulting pieces from left to right; it is empty if {x} is empty.",
        ),
        ask=(
            "the maximal blocks of equal consecutive characters of {x}, from left to right",
            "the pieces, from left to right, into which {x} falls when it is cut between every two neighbouring "
            "characters that differ",
        ),
        wrong=(
            Wrong("joins equal characters of distant blocks", "parts[-1][0] == letter", "letter in ''.join(parts)"),
            Wrong("a block is named by one character", "parts[-1] += letter", "parts[-1] = letter"),
            Wrong("blocks hold at most two characters", "parts[-1][0] == letter", "parts[-1] == letter"),
        ),
        inputs=any_of(letter_runs, few_letters, self_similar),
        difficulty=-1.2,
        signals=("string scanning", "slicing", "parsing", "generator"),
    ),
    Feature(
        name="initials",
        category="algorithm/string/words/characters",
        takes=(Type.WORDS,),
        gives=Type.STR,
        code="''.join(w[0] for w in {x})",
        slow="''.join([w[:1] for w in {x}])",
        result=initials_result,
        let=(
            "Let {y} be the string formed by the first characters of the words of {x}, in the order of the words.",
            "Take the first character of every word of {x}, in order, and let {y} be the string that they form.",
        ),
        ask=(
            "the string formed by the first characters of the words of {x}, in the order of the words",
            "the string that results from writing down the first character of every word of {x}, in order",
        ),
        wrong=(
            Wrong("takes the last characters", "w[0]", "w[-1]"),
            Wrong("skips repeated words", "for w in {x}", "for w in dict.fromkeys({x})"),
            Wrong("sorts the words first", "for w in {x}", "for w in sorted({x})"),
        ),
        inputs=any_of(similar_words),
        difficulty=-2.1,
        signals=("string building", "generator", "comprehension"),
    ),
    Feature(
        name="order_by_length",
        category="algorithm/sorting/custom order/stable",
        takes=(Type.WORDS,),
        gives=Type.WORDS,
        code="sorted({x}, key=len)",
        slow="[w for n in range(max(map(len, {x}), default=0) + 1) for w in {x} if len(w) == n]",
        result=order_by_length_result,
        let=(
            "Let {y} be the list of the words of {x} ordered by length, shorter words first; words of equal length "
            "keep the order that they have in {x}.",
            "Imagine that the words of {x} are rearranged so that shorter words come before longer ones, while the "
            "order of words of equal length stays as it is; let {y} be the resulting list.",
        ),
        ask=(
            "the words of {x} ordered by length, shorter words first, where words of equal length keep the order that "
            "they have in {x}",
            "the words of {x}, rearranged so that shorter words come before longer ones and words of equal length stay "
            "in their original order",
        ),
        wrong=(
            Wrong("ties are ordered alphabetically", "{x}, key=len", "{x}, key=lambda w: (len(w), w)"),
            Wrong("longer words come first", "key=len", "key=len, reverse=True"),
            Wrong("ties are reversed", "sorted({x}, key=len)", "sorted({x}, key=len, reverse=True)[::-1]"),
        ),
        inputs=any_of(similar_words),
        growth="n log n",
        difficulty=-1.6,
        signals=("sorted call", "lambda"),
    ),
    Feature(
        name="longest_word",
        category="algorithm/string/words/extremum",
        takes=(Type.WORDS,),
        gives=Type.STR,
        code=longest_word,
        slow=longest_word_slow,
        result=longest_word_result,
        let=(
            "Let {y} be the longest word of {x}, or the first one of the longest words if there are several (an empty "
            "string if {x} is empty).",
            "Consider those words of {x} that have the greatest length, and let {y} be the one of them that comes "
            "first (an empty string if {x} is empty).",
        ),
        ask=(
            "the longest word of {x}, or the first one of the longest words if there are several (an empty string if "
            "{x} is empty)",
            "the first one among the words of {x} that have the greatest length (an empty string if {x} is empty)",
        ),
        wrong=(
            Wrong("ties go to the last word", "len(word) > len(best)", "len(word) >= len(best)"),
            Wrong("compares alphabetically", "len(word) > len(best)", "word > best"),
            Wrong("takes the first longer word only", "len(word) > len(best)", "not best and len(word) > len(x[0])"),
        ),
        inputs=any_of(similar_words),
        difficulty=-1.6,
        signals=("comparison", "loop", "min/max"),
    ),
    Feature(
        name="anagram_groups",
        category="data structure/hash map/grouping",
        takes=(Type.WORDS,),
        gives=Type.INT,
        code=anagram_groups,
        slow=anagram_groups_slow,
        result=anagram_groups_result,
        let=(
            "Say that two words belong to the same family if one can be obtained from the other by reordering its "
            "characters (equal words do). Let {y} be the number of different families among the words of {x}.",
            "Call two words similar if one is a rearrangement of the characters of the other; equal words are "
            "similar. Let {y} be the largest number of words of {x} that can be chosen so that no two of them are "
            "similar.",
        ),
        ask=(
            "the largest number of words of {x} that can be chosen so that none of them can be obtained from another "
            "one by reordering its characters",
            "the number of groups into which the words of {x} fall when two words belong to the same group exactly if "
            "one is a rearrangement of the characters of the other (equal words are)",
        ),
        wrong=(
            Wrong("compares sets of characters", "sorted(word)", "sorted(set(word))"),
            Wrong("groups equal words only", '"".join(sorted(word))', "word"),
            Wrong("groups words of equal length", '"".join(sorted(word))', "str(len(word))"),
            Wrong("words without a partner are left out", "len(groups)", "sum(n > 1 for n in groups.values())"),
        ),
        inputs=any_of(similar_words),
        difficulty=-0.4,
        signals=("dict use", "set use", "sorted call", "string building"),
    ),
    Feature(
        name="prefix_pairs",
        category="algorithm/string/matching/prefixes",
        takes=(Type.WORDS,),
        gives=Type.INT,
        code=prefix_pairs,
        slow=prefix_pairs_slow,
        result=prefix_pairs_result,
        let=(
            "Let {y} be the number of unordered pairs of words at different positions of {x} in which one word is a "
            "prefix of the other. A word is a prefix of every word that begins with it, equal words included.",
            "Choose two words at different positions of {x}; the choice is good if at least one of the two words "
            "begins with the other one (equal words do). Let {y} be the number of good choices, where the order of the "
            "two does not matter.",
        ),
        ask=(
            "the number of unordered pairs of words at different positions of {x} in which one word begins with the "
            "other (equal words begin with each other)",
            "the number of ways to choose two words of {x}, at different positions and in no particular order, such "
            "that one of them is a prefix of the other (equal words are prefixes of each other)",
        ),
        wrong=(
            Wrong("pairs of equal words are forgotten", "count * (count - 1) // 2", "0"),
            Wrong("pairs of equal words are counted twice", "count * (count - 1) // 2", "count * (count - 1)"),
            Wrong("a repeated word continues its prefixes once", "for word in x:", "for word in counts:"),
            Wrong("the word itself counts as a prefix", "range(len(word))", "range(len(word) + 1)"),
        ),
        inputs=any_of(similar_words, nested_words),
        difficulty=0.5,
        signals=("dict use", "string scanning", "slicing", "counting"),
    ),
)
