"""The built-in checkers by name: what ``exact``, ``tokens``, ... mean on each interface."""

import math
from collections.abc import Callable
from functools import lru_cache

from stepsmith.core.errors import CaseError
from stepsmith.core.records import Checker, Interface
from stepsmith.judge.checkers.custom import CUSTOM, checker_program, custom_kind
from stepsmith.judge.checkers.flags import Flags, parse_flags
from stepsmith.judge.checkers.literal import Rules, difference
from stepsmith.judge.checkers.result import ACCEPTED, CheckResult, rejected
from stepsmith.judge.checkers.tokens import compare_exact, compare_tokens
from stepsmith.judge.checkers.unordered import compare_lines, unordered_rules
from stepsmith.judge.checkers.values import NotLiteralError, Value, parse_value

NAMES = ("exact", "tokens", "literal", "unordered", "float:EPS", *CUSTOM)


class UnreadableError(CaseError):
    """The expected output is not a value, where the checker compares values."""


Comparison = Callable[[str, str], CheckResult]


def is_custom(checker: Checker) -> bool:
    """Return whether a checker is a program of its own, which ``compare`` cannot run.

    Raises ``CaseError`` for one whose number of passes is invalid.
    """
    return custom_kind(checker.name) is not None


def judges_texts(checker: Checker) -> bool:
    """Return whether a checker looks at one output, and not at an interaction or several runs."""
    kind = custom_kind(checker.name)
    return kind is None or not (kind.interactive or kind.passes > 1)


def compare(
    checker: Checker,
    interface: str,
    input_text: str,  # noqa: ARG001 - no built-in checker looks at it
    expected: str,
    actual: str,
) -> CheckResult:
    """Compare a program's output with the expected one under a built-in checker.

    On the function interface both texts are Python literals (or JSON) and values are compared; on stdio the texts are.
    Every ``actual`` gets a result. Raises ``CaseError`` for a checker or flag that does not exist, and
    ``UnreadableError`` if values are compared and ``expected`` is not a literal.
    """
    return _comparison(checker.name, checker.flags, interface == "function")(expected, actual)


def check_checker(checker: Checker, interface: Interface) -> None:
    """Raise ``CaseError`` for a checker that cannot be used: unknown name or flag, or a custom one without program."""
    kind = custom_kind(checker.name)
    if kind is None:
        if checker.files:
            raise CaseError(f"checker {checker.name!r} takes no checker_files; only {' and '.join(CUSTOM)} do")
        _comparison(checker.name, checker.flags, interface == "function")
    else:
        if interface == "function" and not judges_texts(checker):
            raise CaseError(f"checker {checker.name!r} runs programs on stdio, not functions")
        checker_program(checker)


def check_expected(checker: Checker, interface: Interface, expected: str) -> None:
    """Raise ``CaseError`` if a built-in checker cannot read this expected output."""
    if interface == "function" and not is_custom(checker):
        _read_expected(expected)


@lru_cache(maxsize=1024)
def _comparison(name: str, flags: tuple[str, ...], values: bool) -> Comparison:
    if name == "exact":
        if flags:
            raise CaseError(f"checker 'exact' has no flags, got {' '.join(flags)!r}")
        return _values(Rules(exact=True)) if values else compare_exact
    if name == "tokens":
        return _tokens(parse_flags(name, flags), values)
    if name == "literal":
        if flags:
            raise CaseError(f"checker 'literal' has no flags, got {' '.join(flags)!r}; use 'float:EPS' for a tolerance")
        return _values(Rules()) if values else _printed_values
    if name == "unordered":
        parsed = parse_flags(name, flags)
        if values:
            return _values(unordered_rules(parsed))
        return lambda expected, actual: compare_lines(expected, actual, parsed)
    if name.startswith("float:"):
        return _tokens(parse_flags(name, flags, default_tolerance=_epsilon(name)), values)
    raise CaseError(f"unknown checker {name!r}; use one of {', '.join(NAMES)}")


def _epsilon(name: str) -> float:
    try:
        epsilon = float(name.removeprefix("float:"))
    except ValueError:
        epsilon = math.nan
    if not (math.isfinite(epsilon) and epsilon >= 0):
        raise CaseError(f"checker {name!r} needs a tolerance of 0 or more, as in 'float:1e-6'")
    return epsilon


def _tokens(flags: Flags, values: bool) -> Comparison:
    """Compare text by token; compare values as ``literal`` does, with the flags' tolerance, and strings by token."""
    if not values:
        return lambda expected, actual: compare_tokens(expected, actual, flags)
    return _values(
        Rules(
            absolute=flags.absolute if flags.floats else 1e-9,
            relative=flags.relative if flags.floats else 1e-9,
            same_text=lambda left, right: compare_tokens(left, right, flags).ok,
        )
    )


def _values(rules: Rules) -> Comparison:
    def compare_values(expected: str, actual: str) -> CheckResult:
        if expected == actual:
            return ACCEPTED
        want = _read_expected(expected)
        try:
            got = parse_value(actual)
        except NotLiteralError as error:
            return rejected(f"the returned value is not a literal: {error}")
        found = difference(want, got, rules)
        return rejected(found) if found else ACCEPTED

    return compare_values


def _read_expected(expected: str) -> Value:
    try:
        return parse_value(expected)
    except NotLiteralError as error:
        raise UnreadableError(f"the expected output is not a Python literal: {error}") from None


def _printed_values(expected: str, actual: str) -> CheckResult:
    """``literal`` on stdio: the output is one value, or else each line is one; other lines are compared as text."""
    if expected == actual:
        return ACCEPTED
    try:
        want = parse_value(expected)
    except NotLiteralError:
        return _printed_lines(expected, actual)
    try:
        got = parse_value(actual)
    except NotLiteralError as error:
        return rejected(f"expected one value, got {error}")
    found = difference(want, got, Rules())
    return rejected(found) if found else ACCEPTED


def _printed_lines(expected: str, actual: str) -> CheckResult:
    want_lines = [line.strip() for line in expected.rstrip().split("\n")]
    got_lines = [line.strip() for line in actual.rstrip().split("\n")]
    for number, (want, got) in enumerate(zip(want_lines, got_lines, strict=False), 1):
        if want == got:
            continue
        try:
            found = difference(parse_value(want), parse_value(got), Rules())
        except NotLiteralError:
            found = f"expected {want!r}, got {got!r}"
        if found:
            return rejected(f"line {number}: {found}")
    if len(want_lines) != len(got_lines):
        return rejected(f"expected {len(want_lines)} lines, got {len(got_lines)}")
    return ACCEPTED
