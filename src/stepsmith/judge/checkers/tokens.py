"""Compare text: character by character, or token by token as Kattis's default output validator does.

The token rules are those of the validator in Kattis/problemtools (support/default_validator): tokens are separated by
the six ASCII white-space characters, letters are compared without case unless ``case_sensitive``, only ASCII letters
have case, and where a tolerance is given a token that the judge's answer writes as a finite number (C's ``%lf``, so
also ``0x1p3``, but not ``1_000``, ``inf`` or ``nan``) is compared as a number. One difference: a NUL byte is an
ordinary character here, where the C++ program's comparison stops at it.
"""

import math
import re
from itertools import zip_longest

from stepsmith.judge.checkers.flags import Flags
from stepsmith.judge.checkers.result import ACCEPTED, CheckResult, rejected, shown, shown_pair

SPACE = " \t\n\v\f\r"
_PIECE = re.compile(rf"([{SPACE}]*)([^{SPACE}]*)")  # white space, then a token; both empty only at the end
_TOKEN = re.compile(rf"[^{SPACE}]+")
# What glibc's scanf reads as a number, even an exponent without digits ("1e+" is 1) and "0x." (which is 0).
# The quantifiers are possessive, so that a token of a million digits takes a million steps.
_DECIMAL = re.compile(r"([+-]?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?)(?:[eE][+-]?)?")
_HEX_BODY = r"[0-9a-fA-F]++(?:\.[0-9a-fA-F]*+)?|\.[0-9a-fA-F]++"
_HEXADECIMAL = re.compile(rf"([+-]?0[xX](?:{_HEX_BODY})(?:[pP][+-]?[0-9]++)?)(?:[pP][+-]?)?|[+-]?0[xX]\.")


def compare_exact(expected: str, actual: str) -> CheckResult:
    """Accept the same text; the newline that ends a text may be missing on either side."""
    left, right = expected.removesuffix("\n"), actual.removesuffix("\n")
    if left == right:
        return ACCEPTED
    for number, (a, b) in enumerate(zip_longest(left.split("\n"), right.split("\n")), 1):
        if a is None:
            return rejected(f"line {number}: expected the end, got {shown(b)}")
        if b is None:
            return rejected(f"line {number}: expected {shown(a)}, got the end")
        if a != b:
            want, got = shown_pair(a, b)
            return rejected(f"line {number}: expected {want}, got {got}")
    raise AssertionError("texts that differ have a line that differs")


def compare_tokens(expected: str, actual: str, flags: Flags) -> CheckResult:
    """Accept as Kattis's default validator does. One pass over both texts, token by token."""
    if expected == actual:
        return ACCEPTED
    if flags.space_change_sensitive:
        return _compare_pieces(expected, actual, flags)
    pairs = zip_longest(_TOKEN.finditer(expected), _TOKEN.finditer(actual))
    for number, (want, got) in enumerate(pairs, 1):
        if want is None:
            return rejected(f"{_place(actual, got, number)}: expected the end, got {shown(got[0])}")
        if got is None:
            return rejected(f"{_end(actual, number)}: expected {shown(want[0])}, got the end")
        if want[0] != got[0] and not same_token(want[0], got[0], flags):
            return rejected(f"{_place(actual, got, number)}: {_difference(want[0], got[0], flags)}")
    return ACCEPTED


def _compare_pieces(expected: str, actual: str, flags: Flags) -> CheckResult:
    """The same with white space compared character by character."""
    for number, (want, got) in enumerate(zip(_PIECE.finditer(expected), _PIECE.finditer(actual), strict=False), 1):
        if want[1] != got[1]:
            line = _line(actual, got.start(2))
            return rejected(f"line {line}, before token {number}: expected white space {want[1]!r}, got {got[1]!r}")
        if want[2] != got[2] and not (want[2] and got[2] and same_token(want[2], got[2], flags)):
            return rejected(
                f"line {_line(actual, got.start(2))}, token {number}: {_difference(want[2], got[2], flags)}"
            )
        if not want[2]:
            break
    return ACCEPTED


def same_token(expected: str, actual: str, flags: Flags) -> bool:
    """Compare two tokens that are not identical."""
    if flags.floats:
        want = number_of(expected)
        if want is not None:
            got = number_of(actual)
            return got is not None and flags.close(want, got)
    return not flags.case_sensitive and fold(expected) == fold(actual)


def number_of(token: str) -> float | None:
    """Return the finite number that C's ``%lf`` reads from the whole token, or None."""
    if decimal := _DECIMAL.fullmatch(token):
        value = float(decimal[1])
        return value if math.isfinite(value) else None
    if hexadecimal := _HEXADECIMAL.fullmatch(token):
        try:
            return float.fromhex(hexadecimal[1] or "0")
        except OverflowError:
            return None
    return None


def fold(token: str) -> bytes:
    """Lower the ASCII letters and nothing else, as ``strcasecmp`` does in the C locale."""
    return token.encode("utf-8", "surrogatepass").lower()


def _difference(expected: str, actual: str, flags: Flags) -> str:
    want, got = (number_of(expected), number_of(actual)) if flags.floats else (None, None)
    if want is not None and got is not None:
        error = abs(want - got)
        relative = f"{error / abs(want):.3g}" if want else "undefined"
        return f"expected {shown(expected)}, got {shown(actual)} (absolute error {error:.3g}, relative {relative})"
    if not expected or not actual:
        return f"expected {shown(expected) if expected else 'the end'}, got {shown(actual) if actual else 'the end'}"
    left, right = shown_pair(expected, actual)
    return f"expected {left}, got {right}"


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _place(text: str, token: re.Match[str], number: int) -> str:
    return f"line {_line(text, token.start())}, token {number}"


def _end(text: str, number: int) -> str:
    return f"line {_line(text.rstrip(SPACE), len(text))}, token {number}"
