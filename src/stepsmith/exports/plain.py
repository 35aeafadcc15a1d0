"""Plain problems, for scorers that have no checkers: inputs, and outputs that are compared as they are.

LiveCodeBench's harness and verl's ``codecontests`` scorer compare texts, or JSON values for functions. A problem that
needs more than that has no such form: right answers would be called wrong.
"""

import json
import math
from collections.abc import Sequence
from typing import NamedTuple

from stepsmith.core.integers import read_literal
from stepsmith.core.records import Problem, TestCase
from stepsmith.judge.checkers import is_custom
from stepsmith.judge.checkers.flags import TOLERANCE_FLAGS


class PlainTest(NamedTuple):
    """A test as text. That of a function has its arguments as JSON, one a line, and its value as JSON."""

    input: str
    output: str


class NotPlainError(Exception):
    """A value that is not the same in JSON; the message says why."""


def not_plain(problem: Problem) -> str | None:
    """Return in words why a problem has no plain form, or None."""
    contract = problem.contract
    checker = contract.checker
    if problem.environment != "induction":
        return "its answer is a value, not a program"
    if is_custom(checker):
        return "a checker program of its own decides, which this consumer does not run"
    if checker.name not in ("exact", "tokens", "literal") or set(checker.flags) & set(TOLERANCE_FLAGS):
        return f"its checker ({checker.name}) accepts more than one output, and this consumer compares with one"
    if contract.interface == "stdio":
        return (
            "its outputs are compared as values, and this consumer compares texts"
            if checker.name == "literal"
            else None
        )
    try:
        plain_tests(problem, problem.tests)
    except NotPlainError as error:
        return str(error)
    return None


def plain_tests(problem: Problem, tests: Sequence[TestCase]) -> list[PlainTest]:
    """Return tests as text. Raises ``NotPlainError`` if a function's values are not the same in JSON."""
    if problem.contract.interface == "stdio":
        return [PlainTest(test.input, test.output) for test in tests]
    return [
        PlainTest(
            "\n".join(json.dumps(argument) for argument in _arguments(test.input)),
            json.dumps(_value(test.output, floats=False)),
        )
        for test in tests
    ]


def _arguments(text: str) -> list[object]:
    arguments = _literal(text)
    if not isinstance(arguments, tuple | list):
        raise NotPlainError("its arguments have names")
    return [_same_in_json(argument, floats=True) for argument in arguments]


def _value(text: str, *, floats: bool) -> object:
    value = _literal(text)
    return _same_in_json(list(value) if isinstance(value, tuple) else value, floats=floats)


def _literal(text: str) -> object:
    try:
        return read_literal(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        raise NotPlainError("an argument or output is no plain literal") from None


def _same_in_json(value: object, *, floats: bool) -> object:
    """Return a value that JSON gives back as it is. A tuple would come back as a list, a float with other digits."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float) and math.isfinite(value):
        if not floats:
            raise NotPlainError("an output holds a float, which this consumer compares without a tolerance")
        return value
    if isinstance(value, list):
        return [_same_in_json(one, floats=floats) for one in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: _same_in_json(one, floats=floats) for key, one in value.items()}
    raise NotPlainError(f"an argument or output holds a {type(value).__name__}, which JSON does not have")
