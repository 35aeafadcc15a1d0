"""The ``unordered`` checker: lists, or lines of output, in any order.

Function interface: the elements of the value (a list, tuple or set) in any order; what is inside an element keeps its
order, unless the flag ``nested`` frees lists at every depth.

Stdio: an expected output that is one list is compared as a value, as above. Of other outputs the lines are compared in
any order, blank ones left out; within a line the tokens keep their order. An expected output of a single line is a row
of tokens in any order, however many lines the program spreads them over.
"""

import re

from stepsmith.judge.checkers.flags import Flags
from stepsmith.judge.checkers.literal import Rules, difference
from stepsmith.judge.checkers.result import ACCEPTED, CheckResult, rejected
from stepsmith.judge.checkers.tokens import SPACE, compare_tokens
from stepsmith.judge.checkers.values import MAX_DEPTH, NotLiteralError, Value, parse_value

_WORD = re.compile(rf"[^{SPACE}]+")


def unordered_rules(flags: Flags) -> Rules:
    """Return the rules for values: 1e-9 where the flags name no tolerance, one free level or all."""
    return Rules(
        absolute=flags.absolute if flags.floats else 1e-9,
        relative=flags.relative if flags.floats else 1e-9,
        unordered=MAX_DEPTH + 1 if flags.nested else 1,
    )


def compare_lines(expected: str, actual: str, flags: Flags) -> CheckResult:
    """Compare printed outputs; see the module."""
    if expected == actual:
        return ACCEPTED
    if expected.lstrip()[:1] in ("[", "(", "{"):
        try:
            want = parse_value(expected)
        except NotLiteralError:
            pass
        else:
            return _compare_value(want, actual, flags)
    want_rows, got_rows = _rows(expected), _rows(actual)
    if len(want_rows) == 1:
        want_rows, got_rows = _WORD.findall(expected), _WORD.findall(actual)
    rules = Rules(unordered=1, same_text=lambda left, right: compare_tokens(left, right, flags).ok)
    found = difference([*want_rows], [*got_rows], rules, "output")
    return rejected(found) if found else ACCEPTED


def _compare_value(want: Value, actual: str, flags: Flags) -> CheckResult:
    try:
        got = parse_value(actual)
    except NotLiteralError as error:
        return rejected(f"expected a list, got {error}")
    found = difference(want, got, unordered_rules(flags))
    return rejected(found) if found else ACCEPTED


def _rows(text: str) -> list[str]:
    return [" ".join(tokens) for line in text.split("\n") if (tokens := _WORD.findall(line))]
