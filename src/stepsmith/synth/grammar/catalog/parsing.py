"""Features that read a string as brackets, numbers or instructions; every string over the alphabet has a meaning."""

import itertools
import random

from stepsmith.synth.grammar.domain import Domain, Size, Type, integer, ints, pick_length, string
from stepsmith.synth.grammar.feature import Feature, Params, Wrong


def open_counts(x: str) -> list[int]:
    opened = 0
    counts = []
    for char in x:
        if char == "(":
            opened += 1
        elif char == ")" and opened > 0:
            opened -= 1
        counts.append(opened)
    return counts


def open_counts_slow(x: str) -> list[int]:
    counts = []
    for end in range(1, len(x) + 1):
        rest = "".join(char for char in x[:end] if char in "()")
        while "()" in rest:
            rest = rest.replace("()", "")
        counts.append(rest.count("("))
    return counts


def open_counts_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return ints(x.size, (0, x.size[1])) if set("()") <= set(x.alphabet) else None


def balanced_prefix(x: str) -> int:
    partner = {")": "(", "]": "[", "}": "{"}
    longest = 0
    waiting: list[str] = []
    for place, char in enumerate(x, start=1):
        if char in partner:
            if not waiting or waiting.pop() != partner[char]:
                break
            if not waiting:
                longest = place
        else:
            waiting.append(char)
    return longest


def balanced_prefix_slow(x: str) -> int:
    for end in range(len(x), 0, -1):
        rest, before = x[:end], ""
        while rest != before:
            before = rest
            for pair in ("()", "[]", "{}"):
                rest = rest.replace(pair, "")
        if not rest:
            return end
    return 0


def balanced_prefix_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    if not set("()") <= set(x.alphabet) <= set("()[]{}"):
        return None
    return integer(0, x.size[1]) if x.size[1] >= 2 else None


def nested_brackets(rng: random.Random, domain: Domain, size: Size, _: Params) -> str:
    """Balanced pieces one after the other, at times with one character changed or the last one missing."""
    pairs = [pair for pair in ("()", "[]", "{}") if set(pair) <= set(domain.alphabet)]
    n = pick_length(rng, domain.size, size)
    chars: list[str] = []
    waiting: list[str] = []
    for _char in range(n):
        if waiting and (rng.random() < 0.55 or len(waiting) >= n - len(chars)):
            chars.append(waiting.pop())
        else:
            pair = rng.choice(pairs)
            chars.append(pair[0])
            waiting.append(pair[1])
    if chars and rng.random() < 0.6:
        chars[rng.randrange(len(chars) // 2, len(chars))] = rng.choice(domain.alphabet)
    return "".join(chars)


def repeated_letters(x: str) -> str:
    letter = ""
    pieces = []
    for char in x:
        if char.isdigit():
            pieces.append(letter * int(char))
        else:
            letter = char
            pieces.append(char)
    return "".join(pieces)


def repeated_letters_slow(x: str) -> str:
    result = ""
    for end in range(1, len(x) + 1):
        before = x[:end].rstrip("0123456789")  # up to the last letter
        if x[end - 1] not in "0123456789":
            result += x[end - 1]
        elif before:
            for _ in range(int(x[end - 1])):
                result += before[-1]
    return result


def repeated_letters_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    letters = "".join(char for char in x.alphabet if char.isalpha())
    digits = [int(char) for char in x.alphabet if char.isdigit()]
    if not letters or not digits or len(letters) + len(digits) < len(x.alphabet):
        return None
    return string((0, x.size[1] * max(1, *digits)), letters)


def signed_sum(x: str) -> int:
    total, number, sign = 0, 0, 1
    for char in x + "+":
        if char.isdigit():
            number = (number * 10 + int(char)) % 1_000_000_007
        else:
            total += sign * number
            number = 0
            sign = -1 if char == "-" else 1
    return total % 1_000_000_007


def signed_sum_slow(x: str) -> int:
    blocks = ["".join(block) for _, block in itertools.groupby(x, key=str.isdigit)]
    total = 0
    for before, block in itertools.pairwise(["+", *blocks]):
        if block.isdigit():
            total += -int(block) if before.endswith("-") else int(block)
    return total % 1_000_000_007


def signed_sum_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    if "-" not in x.alphabet or not any(char.isdigit() for char in x.alphabet):
        return None
    return integer(0, 1_000_000_006)


def terms(rng: random.Random, domain: Domain, size: Size, _: Params) -> str:
    """Numbers of a few digits, separated by one sign or by several."""
    digits = [char for char in domain.alphabet if char.isdigit()]
    others = [char for char in domain.alphabet if not char.isdigit()]
    n = pick_length(rng, domain.size, size)
    text = ""
    while len(text) < n:
        text += "".join(rng.choice(others) for _sign in range(rng.choice([0, 1, 1, 1, 2, 3])))
        text += "".join(rng.choice(digits) for _digit in range(rng.choice([1, 1, 2, 3])))
    return text[:n]


FEATURES = (
    Feature(
        name="open_counts",
        category="algorithm/parsing/brackets/depth",
        takes=(Type.STR,),
        gives=Type.INTS,
        code=open_counts,
        slow=open_counts_slow,
        result=open_counts_result,
        inputs=nested_brackets,
        let=(
            "Read the string {x} from left to right. Each '(' opens, and each ')' closes one of the brackets '(' "
            "that are open at this time, or does nothing if there is none; other characters do nothing. Let {y} be "
            "the sequence that holds, for each character of {x} in order, the number of open brackets right after it.",
            "Start a counter at 0 and go through {x} from left to right. It is increased by one at each '(' and "
            "decreased by one at each ')', except that it stays at 0 when it is 0 there; it does not change at other "
            "characters. Let {y} be the sequence of its values after each character.",
        ),
        ask=(
            "for each character of {x} from left to right, the number of brackets '(' that are open right after it, "
            "where each ')' closes one of them (or does nothing if none is open)",
            "the values after each character of {x} of a counter that starts at 0, goes up by one at each '(' and goes "
            "down by one at each ')' unless it is 0",
        ),
        wrong=(
            Wrong("the count may become negative", 'char == ")" and opened > 0', 'char == ")"'),
            Wrong(
                "a closing bracket still counts itself",
                "counts.append(opened)",
                'counts.append(opened + (char == ")"))',
            ),
            Wrong("every other character closes", 'elif char == ")" and opened > 0:', "elif opened > 1:"),
        ),
        growth="n",
        difficulty=-0.9,
        signals=("string scanning", "parsing", "counting", "stack use"),
    ),
    Feature(
        name="balanced_prefix",
        category="algorithm/parsing/brackets/balance",
        takes=(Type.STR,),
        gives=Type.INT,
        code=balanced_prefix,
        slow=balanced_prefix_slow,
        result=balanced_prefix_result,
        inputs=nested_brackets,
        let=(
            "Call a string balanced if it is empty, or a balanced string in a pair of matching brackets, or two "
            "balanced strings one after the other. Let {y} be the length of the longest balanced prefix of {x}, "
            "which is 0 if only the empty prefix is balanced.",
            "Call it a reduction to remove two adjacent characters that are an opening bracket and the closing "
            "bracket of the same kind, in this order. Let {y} be the largest number of characters at the beginning "
            "of {x} that can be removed completely by reductions when the rest of {x} is not there.",
        ),
        ask=(
            "the length of the longest prefix of {x} in which every bracket is properly matched by one of the same "
            "kind (0 if only the empty prefix is like this)",
            "the largest number of characters at the beginning of {x} that form a balanced string, which means that "
            "all brackets are closed in the right order by brackets of their own kind",
        ),
        wrong=(
            Wrong("the first balanced prefix is taken", "longest = place", "longest = longest or place"),
            Wrong("a bracket that does not match is passed over", "break", "continue"),
            Wrong("balanced inner parts are enough", "if not waiting:\n", "if len(waiting) < 2:\n"),
        ),
        growth="n",
        difficulty=0.3,
        signals=("stack use", "parsing", "string scanning", "dict use"),
    ),
    Feature(
        name="repeated_letters",
        category="algorithm/parsing/decoding/repetition",
        takes=(Type.STR,),
        gives=Type.STR,
        code=repeated_letters,
        slow=repeated_letters_slow,
        result=repeated_letters_result,
        let=(
            "Read the string {x} from left to right and write another string, which is empty at first. A letter is "
            "written down as it is. A digit d stands for d further copies of the letter that was read last, and for "
            "nothing if no letter was read before. Let {y} be the string written in the end.",
            "Let {y} be the string obtained from {x} by replacing each digit d by d copies of the nearest letter "
            "before it, or by nothing if there is no letter before it.",
        ),
        ask=(
            "the string obtained from {x} by replacing each digit d by d copies of the nearest letter before it (by "
            "nothing if there is none)",
            "the result of decoding {x}, where letters stand for themselves and each digit d for d further copies of "
            "the last letter before it, or for nothing if there is no letter before it",
        ),
        wrong=(
            Wrong("the copies include the letter itself", "letter * int(char)", "letter * (int(char) - 1)"),
            Wrong(
                "only the first digit after a letter counts",
                "letter * int(char))",
                "letter * int(char))\n            letter = ''",
            ),
            Wrong("all digits copy the first letter", "letter = char", "letter = letter or char"),
        ),
        growth="n",
        difficulty=-0.7,
        signals=("parsing", "string building", "string scanning", "digits"),
    ),
    Feature(
        name="signed_sum",
        category="algorithm/parsing/expressions/sum",
        takes=(Type.STR,),
        gives=Type.INT,
        code=signed_sum,
        slow=signed_sum_slow,
        result=signed_sum_result,
        inputs=terms,
        let=(
            "Take every block of consecutive digits in {x} that cannot be extended as a number, maybe with leading "
            "zeros. It counts as negative if the character right before it is '-', and as positive otherwise. Let "
            "{y} be the sum of these numbers, reduced modulo 1000000007 to a value from 0 to 1000000006. Without any "
            "digits, the sum is 0.",
            "Split {x} at all characters other than digits. Each non-empty piece is a number, to be added if the "
            "character before it is not '-' (or if there is none), and to be subtracted if it is. Starting from 0, "
            "add and subtract all the numbers; let {y} be the remainder of the result modulo 1000000007, from 0 to "
            "1000000006.",
        ),
        ask=(
            "the sum of all numbers in {x}, reduced modulo 1000000007 to a value from 0 to 1000000006, where a number "
            "is a block of digits that cannot be extended and is negative if '-' stands right before it",
            "the remainder from 0 to 1000000006 that the sum of all maximal blocks of digits of {x} leaves modulo "
            "1000000007, where a block counts as negative if the character right before it is '-'",
        ),
        wrong=(
            Wrong("the last number is left out", 'x + "+"', "x"),
            Wrong("a minus changes all later signs", '-1 if char == "-" else 1', '-sign if char == "-" else sign'),
            Wrong("digits are added one by one", "number * 10 + int(char)", "number + int(char)"),
        ),
        growth="n",
        difficulty=0.0,
        signals=("parsing", "string scanning", "digits", "accumulation"),
    ),
)
