import ast

import pytest

from stepsmith.audit.checks.bounds import bounds_of, fits_hint
from stepsmith.audit.findings import DropTest
from stepsmith.verify.formats.problems import InputValidator
from tests.audit.subjects import findings_of, item, reasons


def _validator(test):
    return InputValidator(language="python", code=f"def validate(a, b):\n    return {test}\n")


def test_an_input_that_the_validator_rejects(judge):
    (found,) = findings_of(judge, item(validator=_validator("b >= 0 and isinstance(a, int)")), "inputs")
    assert (found.kind, found.place.part) == ("input-outside-statement", "tests[2].input")
    assert found.fixes == (DropTest(test=2),)


def test_bounds_that_hold_for_some_alone_are_none():
    assert bounds_of("xs[0] == 0\n1 <= xs[i] <= 105 for 1 <= i < n\n0 < k < 9 if n is even") == []


def test_bounds_of_several_names():
    assert [(n, low, high) for n, low, high, _ in bounds_of("0 <= a, b < 10")] == [("a", 0, 9), ("b", 0, 9)]


def test_bounds_of_the_statement(judge):
    given = {
        "statement": "Add two numbers, 1 <= a <= 5 and -10^3 <= b <= 10^3.",
        "inputs": ("(1, 2)", "(6, 4)"),
        "outputs": ("3", "10"),
    }
    (found,) = findings_of(judge, item(**given), "inputs")
    assert "a is 6" in found.message
    lengths = {
        "entry_point": "f", "statement": "1 <= len(xs) <= 2, 0 ≤ xs[i] < 9",
        "inputs": ("([1, 2, 3],)", "([9],)", "([8],)"),
        "outputs": ("3", "1", "1"),
    }  # fmt: skip
    found = findings_of(judge, item("def f(xs):\n    return len(xs)\n", **lengths), "inputs")
    assert [f.place.part for f in found] == ["tests[0].input", "tests[1].input"]


def test_bounds_that_are_given_case_by_case(judge):
    given = {
        "statement": "For small numbers 1 <= a <= 5, for large ones 90 <= a <= 99.",
        "inputs": ("(1, 2)", "(95, 4)", "(50, 1)"),
        "outputs": ("3", "99", "51"),
    }
    assert [f.place.part for f in findings_of(judge, item(**given), "inputs")] == ["tests[2].input"]


@pytest.mark.parametrize(
    ("statement", "bounds"),
    [
        ("-2^31 <= x <= 2^31 - 1", ("x", -(2**31), 2**31 - 1)), ("1 <= n <= 10**6", ("n", 1, 10**6)),
        ("1 <= xs.length <= 104\n-109 <= a", ("xs.length", 1, 10**4)), ("1 <= n <= 231 - 1", ("n", 1, 2**31 - 1)),
        ("1 <= n <= 5 * 104", ("n", 1, 50000)), ("- 1 <= x <= 1,000", ("x", 1, 1000)), ("1 <= n <= 2 * m", None),
        ("n - 1 <= x <= 5", None), ("0.5 <= x <= 3", None), ("1 <= x <= 3.5", None), ("1 <= k <= 100 - j", None),
    ],
)  # fmt: skip
def test_numbers_of_bounds(statement, bounds):
    assert [found[:3] for found in bounds_of(statement)] == ([bounds] if bounds else [])


def test_type_hints(judge):
    code = "from typing import List\ndef f(xs: List[int]):\n    return len(xs)\n"
    (found,) = findings_of(
        judge, item(code, entry_point="f", inputs=("([1],)", "(['a'],)"), outputs=("1", "1")), "inputs"
    )
    assert "xs is not List[int]" in found.message
    assert reasons(judge, item(None))["inputs"].startswith("no validator, no contract")


@pytest.mark.parametrize(
    ("hint", "value", "fits"),
    [
        ("int", 3, True), ("int", "3", False), ("float", 3, True), ("Optional[int]", None, True), ("str", None, False),
        ("list[str]", ["a", 1], False), ("Dict[str, int]", {"a": 1}, True), ("Dict[str, int]", {1: 1}, False),
        ("int | None", None, True), ("Union[str, int]", 1.5, False), ("Any", 1, True), ("Tuple[int]", [1], True),
    ],
)  # fmt: skip
def test_hints(hint, value, fits):
    assert fits_hint(ast.parse(hint, mode="eval").body, value) is fits


def test_numbers_of_lines_outside_the_statement(judge):
    given = {
        "interface": "stdio", "entry_point": None, "outputs": ("6", "-5", "9", "12", "1"),
        "inputs": ("3\n1 2 3\n", "1\n-5\n", "2\n0 9\n", "5\n1 2 3 5 1\n", "1\n1\n"),
    }  # fmt: skip
    first, second = "The first line has an integer $n$ ($1 \\le n \\le {}$).", " The second line has $n$ integers."
    code = "input()\nprint(sum(map(int, input().split())))\n"
    (found,) = findings_of(judge, item(code, **given, statement=first.format(4) + second), "inputs")
    assert (found.kind, found.place.part) == ("input-outside-statement", "tests[3].input")
    for most in (5, 2):  # none is outside; so many are that the statement was misread
        assert findings_of(judge, item(code, **given, statement=first.format(most) + second), "inputs") == ()
