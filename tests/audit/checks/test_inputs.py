import ast

import msgspec
import pytest

from stepsmith.audit.checks.inputs import _bounds, fits_hint
from stepsmith.audit.findings import DropTest
from stepsmith.verify.formats.problems import InputValidator
from tests.audit.subjects import findings_of, item, reasons


def contracted(given, code):
    return msgspec.structs.replace(given, contract_code=code)


def _validator(test):
    return InputValidator(language="python", code=f"def validate(a, b):\n    return {test}\n")


def test_an_input_that_the_validator_rejects(judge):
    (found,) = findings_of(judge, item(validator=_validator("b >= 0 and isinstance(a, int)")), "inputs")
    assert (found.kind, found.place.part) == ("input-outside-statement", "tests[2].input")
    assert found.fixes == (DropTest(test=2),)


def test_a_validator_that_accepts_what_crashes_the_reference(judge):
    code = "def add(a, b):\n    return a + b if a > 0 else 1 // 0\n"
    (found,) = findings_of(judge, item(code, validator=_validator("True")), "inputs")
    assert found.kind == "loose-validator"
    assert findings_of(judge, item(code, validator=_validator("a > 0")), "inputs") == ()


def test_a_validator_that_accepts_what_the_statement_rules_out(judge):
    given = {"statement": "Given an integer a from 1 to 20 and an integer b from -9 to 9, add them."}
    (found,) = findings_of(judge, item(**given, validator=_validator("True")), "inputs")
    assert found.kind == "loose-validator"
    assert "from 1 to 20" in found.message
    assert findings_of(judge, item(**given, validator=_validator("1 <= a <= 20 and -9 <= b <= 9")), "inputs") == ()


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
    assert [found[:3] for found in _bounds(statement)] == ([bounds] if bounds else [])


def test_a_contract_that_accepts_what_crashes_the_reference(judge):
    code = "def add(a, b):\n    return a + b if a > 0 else 1 // 0\n"
    (found,) = findings_of(judge, contracted(item(code), "    assert type(a) == int and type(b) == int"), "inputs")
    assert (found.kind, found.place.part) == ("loose-validator", "contract")
    assert findings_of(judge, contracted(item(code), "    assert a > 0"), "inputs") == ()


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
