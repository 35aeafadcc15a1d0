import pytest

from stepsmith.audit.checks.rejected import _other_order
from stepsmith.core.records import Verdict
from stepsmith.verify.formats.problems import Candidate
from tests.audit.subjects import findings_of, item

MEAN = "def mean(xs):\n    return sum(xs) / len(xs)\n"


def _program(code, name=""):
    return Candidate(language="python", code=code, verdict=Verdict.AC, name=name)


def test_floats_that_must_be_equal_to_the_last_bit(judge):
    given = {"entry_point": "mean", "inputs": ("([0.1, 0.7, 0.5],)", "([1, 1],)")}
    given["outputs"] = ("0.4333333333333333", "1.0")
    (found,) = findings_of(judge, item(MEAN, **given, checker="exact"), "rejected")
    assert "last bit" in found.message
    assert findings_of(judge, item(MEAN, **given), "rejected") == ()


def test_floats_with_one_right_value_are_left_alone(judge):
    given = {"entry_point": "f", "inputs": ("([0.30000000000000004, 7],)",), "checker": "exact"}
    kept = item("def f(xs):\n    return xs[::-1]\n", **given, outputs=("[7, 0.30000000000000004]",))
    assert findings_of(judge, kept, "rejected") == ()
    mean = item(MEAN, entry_point="mean", inputs=("([1, 2, 2],)",), outputs=("1.6666666666666667",), checker="exact")
    assert findings_of(judge, mean, "rejected") == ()
    divided = item("def f(xs):\n    return xs[0] / xs[1]\n", **given, outputs=("0.04285714285714286",))
    assert findings_of(judge, divided, "rejected") == ()


def test_a_function_with_the_name_of_a_builtin(judge):
    given = {"entry_point": "sum", "inputs": ("(10, 15)",), "outputs": ("25",), "checker": "exact"}
    assert findings_of(judge, item("def sum(a, b):\n    return a + b\n", **given), "rejected") == ()


def test_an_order_that_the_statement_leaves_open(judge):
    code = "def f(n):\n    return [n, n + 1]\n"
    given = {"entry_point": "f", "inputs": ("(1,)",), "outputs": ("[1, 2]",), "statement": "Return both, in any order."}
    (found,) = findings_of(judge, item(code, **given), "rejected")
    assert "another order" in found.message
    assert findings_of(judge, item(code, **given, checker="unordered"), "rejected") == ()
    assert findings_of(judge, item(code, **{**given, "statement": "Return both, sorted."}), "rejected") == ()


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("1 3\n4 2\n", "4 2\n1 3\n"), ("2\n1\n5\n", "2\n5\n1\n"), ("YES\n1 3\n4 2\n", None),
        ("1\n1 \n3\n3 4 6\n", None),
    ],
)  # fmt: skip
def test_printed_lines_in_another_order(text, other):
    assert _other_order(text, "9 9\n") == (other or text)


def test_an_order_of_something_else(judge):
    given = {
        "interface": "stdio", "entry_point": None, "inputs": ("7\n",), "outputs": ("3\n4\n",),
        "statement": "You may do the operations in any order. Print what comes out.",
    }  # fmt: skip
    assert findings_of(judge, item("print('3\\n4')\n", **given), "rejected") == ()
    allowed = {**given, "statement": "Print them in any order."}
    assert len(findings_of(judge, item("print('3\\n4')\n", **allowed), "rejected")) == 1
    cases = {**allowed, "inputs": ("2\n3 4\n",)}
    assert findings_of(judge, item("print('3\\n4')\n", **cases), "rejected") == ()


def test_zeros_that_a_checker_of_tokens_asks_for(judge):
    given = {
        "interface": "stdio", "entry_point": None, "inputs": ("1\n",), "outputs": ("0.500\n",),
        "statement": "Print half of n. An absolute or relative error of 1e-6 is allowed.",
    }  # fmt: skip
    (found,) = findings_of(judge, item("print('0.500')\n", **given), "rejected")
    assert "zeros at the end" in found.message
    assert findings_of(judge, item("print('0.500')\n", **{**given, "checker": "float:1e-6"}), "rejected") == ()


def test_spaces_that_an_exact_checker_refuses(judge):
    given = {"interface": "stdio", "entry_point": None, "inputs": ("1\n",), "outputs": ("1\n",)}
    (found,) = findings_of(judge, item("print(input())\n", **given, checker="exact"), "rejected")
    assert "line break" in found.message
    assert findings_of(judge, item("print(input())\n", **given), "rejected") == ()


def test_several_answers_and_a_checker_that_knows_one(judge):
    given = {
        "entry_point": "f", "inputs": ("(6,)",), "outputs": ("2",),
        "statement": "Return any divisor of n above 1. If there are several answers, any of them is accepted.",
    }  # fmt: skip
    other = _program("def f(n):\n    return 3\n", "b.py")
    found = findings_of(judge, item("def f(n):\n    return 2\n", **given, candidates=(other,)), "rejected")
    assert any("takes one answer" in f.message for f in found)


def test_a_claim_that_the_tests_break_is_ambiguous(judge):
    found = findings_of(judge, item(candidates=(_program("def add(a, b):\n    return a\n", "x.py"),)), "rejected")
    assert [bool(f.ambiguous) for f in found] == [True]
