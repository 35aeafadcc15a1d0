import msgspec
import pytest

from stepsmith.verify.formats.problems import InputValidator
from tests.audit.subjects import findings_of, item


def contracted(given, code):
    return msgspec.structs.replace(given, contract_code=code)


def _validator(test):
    return InputValidator(language="python", code=f"def validate(a, b):\n    return {test}\n")


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


LINES = {
    "interface": "stdio", "entry_point": None, 
    "inputs": ("3\n1 2 3\n", "1\n-5\n", "2\n0 9\n"), "outputs": ("6", "-5", "9"),
    "statement": "The first line has an integer n, 1 <= n <= 9. "
    "The second line has n integers a_1, ..., a_n, -9 <= a_i <= 9.",
}  # fmt: skip


@pytest.mark.parametrize(
    ("test", "beyond"),
    [
        ("1 <= n <= 10 and low >= -9 and high <= 9", "10"),
        ("0 <= n <= 9 and low >= -9 and high <= 9", "0"),
        ("1 <= n <= 9 and low >= -10 and high <= 9", "-10"),
        ("1 <= n <= 9 and low >= -9 and high <= 10", "10"),
        ("1 <= n <= 9 and low >= -9 and high <= 9", None),
    ],
)
def test_a_validator_of_lines_that_is_off_by_one(judge, test, beyond):
    code = (
        "import sys\nn, *xs = map(int, sys.stdin.read().split())\nlow, high = min(xs, default=0), max(xs, default=0)\n"
        f"sys.exit(42 if len(xs) == n and {test} else 43)\n"
    )
    validator = InputValidator(language="python", code=code)
    given = item("input()\nprint(sum(map(int, input().split())))\n", **LINES, validator=validator)
    found = findings_of(judge, given, "inputs")
    assert [f.kind for f in found] == ["loose-validator"] * bool(beyond)
    assert not beyond or beyond in dict(found[0].evidence)["input"].replace("\\n", " ").split()


def test_a_contract_that_accepts_what_crashes_the_reference(judge):
    code = "def add(a, b):\n    return a + b if a > 0 else 1 // 0\n"
    (found,) = findings_of(judge, contracted(item(code), "    assert type(a) == int and type(b) == int"), "inputs")
    assert (found.kind, found.place.part) == ("loose-validator", "contract")
    assert findings_of(judge, contracted(item(code), "    assert a > 0"), "inputs") == ()


def test_the_arguments_of_a_function_are_no_lines_of_standard_input(judge):
    code = "twice = (2).__mul__\n"  # a function whose parameters have no names
    validator = InputValidator(language="python", code="def validate(n):\n    return True\n")
    given = {"entry_point": "twice", "inputs": ("3", "4"), "outputs": ("6", "8"), "validator": validator}
    assert findings_of(judge, item(code, statement="The only line has n, 1 <= n <= 9.", **given), "inputs") == ()
