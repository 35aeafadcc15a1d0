import json
import math

import pytest

from stepsmith.core.errors import CaseError
from stepsmith.core.records import Verdict
from stepsmith.verify.formats.apps import apps_row, stdio_checker
from stepsmith.verify.formats.json_rows import decode_object
from stepsmith.verify.verifier import VerifyOptions, verify_problem


def _row(tests, *solutions, **columns):
    return {"question": "?", "solutions": json.dumps(solutions), "input_output": json.dumps(tests), **columns}


def test_stdio_rows():
    row = _row({"inputs": ["1 2\n", ["3 4", ""]], "outputs": ["3\n", ["7"]]}, "print(3)", problem_id=7)
    problem = apps_row(row)
    assert (problem.problem_id, problem.interface, problem.harness) == (7, "stdio", "apps")
    assert (problem.inputs, problem.outputs) == (("1 2\n", "3 4\n\n"), ("3\n", "7\n"))
    assert problem.candidates[0].verdict is Verdict.AC
    assert problem.time_limit_s == 4.0


@pytest.mark.parametrize(
    ("inputs", "outputs", "texts", "expected"),
    [
        ([[1], [[2, 3]]], [[2], [[4, 6]]], ("(1,)", "([2, 3],)"), ("[2]", "[[4, 6]]")),
        ([[1], [2]], [2, [1, 2]], ("(1,)", "(2,)"), ("2", "[1, 2]")),
        ([[{"1": 2}]], [{"3": 4}], ("({1: 2},)",), ("{3: 4}",)),
        ([[{"1": 2}, 5]], [[{"-3": 4}]], ("({1: 2}, 5)",), ("[{-3: 4}]",)),
        ([[{"1": 2, "x": 3}]], [{"y": 4}], ("({'1': 2, 'x': 3},)",), ("{'y': 4}",)),
        ([[5, {"1": 2}]], [None], ("(5, {'1': 2})",), ("None",)),
        ([[]], [True], ("()",), ("True",)),
    ],
)
def test_call_based_rows(inputs, outputs, texts, expected):
    problem = apps_row(_row({"fn_name": "f", "inputs": inputs, "outputs": outputs}))
    assert (problem.interface, problem.entry_point) == ("function", "f")
    assert (problem.inputs, problem.outputs) == (texts, expected)


def test_columns_may_be_values_nulls_or_absent():
    row = decode_object('{"question": null, "input_output": {"inputs": ["1"], "outputs": ["1"]}, "solutions": ["a"]}')
    problem = apps_row(row)
    assert (problem.inputs, problem.candidates[0].code, problem.problem_id) == (("1",), "a", "")
    assert apps_row({"question": "?", "input_output": ""}).inputs == ()
    assert apps_row({"input_output": '{"fn_name": null, "inputs": null}'}).inputs == ()
    nan = apps_row({"input_output": '{"fn_name": "f", "inputs": [[1]], "outputs": [[NaN]]}'})
    assert math.isnan(eval(nan.outputs[0], {"nan": math.nan})[0])
    with pytest.raises(CaseError, match="2 inputs but 1 outputs"):
        apps_row(_row({"inputs": ["1", "2"], "outputs": ["1"]}))


def test_taco_rows_have_limits_in_words():
    limits = {"time_limit": "2.5 seconds", "memory_limit": "256.0 megabytes", "name": "t", "raw_tags": "[]"}
    problem = apps_row({"question": "?", "solutions": "[]", "input_output": "", **limits})
    assert (problem.problem_id, problem.time_limit_s, problem.memory_limit_mb) == ("t", 2.5, 256)
    assert problem.harness == "taco"


def test_decimals_are_compared_with_a_tolerance():
    assert stdio_checker(("1 2\n", "-0.50\n")) == "float:1e-6"
    assert stdio_checker(("1 2\n", "v1.x 3. .\n", "1.2.3")) == "tokens"


@pytest.mark.parametrize(
    ("tests", "code", "accepted"),
    [
        # programs that lean on the imports or on a deep recursion
        ({"fn_name": "f", "inputs": [[[1, 2]]], "outputs": [3]}, "def f(x: List[int]): return sum(x)", True),
        ({"inputs": ["9999\n"], "outputs": ["0\n"]}, "def g(n): return n and g(n - 1)\nprint(g(int(input())))", True),
        # integer keys, and outputs in a list of one
        ({"fn_name": "f", "inputs": [[{"1": 2}]], "outputs": [[2]]}, "def f(d): return d[1]", True),
        ({"fn_name": "f", "inputs": [[1]], "outputs": [[1]]}, "def f(x): return [x]", True),
        ({"fn_name": "f", "inputs": [[1]], "outputs": [{"1": 1}]}, "def f(x): return {x: x}", True),
        # an order that the harness does not look at, and one mistake that it sees
        ({"inputs": ["1\n"], "outputs": ["1 2\n3\n"]}, "print('3\\n2 1')", True),
        ({"inputs": ["1\n"], "outputs": ["1 2\n4\n"]}, "print('3\\n2 1')", False),
    ],
)  # fmt: skip
def test_labels_are_wrong_where_the_harness_disagrees(local_judge, tests, code, accepted):
    report = verify_problem(apps_row(_row(tests, code, code)), local_judge, VerifyOptions(strength=False))
    assert report.status == "accepted"
    assert report.audit.confirmed == accepted
    assert len(report.audit.wrong) == (not accepted)
    assert len(report.audit.verdict_mismatches) == (0 if accepted else 2)
