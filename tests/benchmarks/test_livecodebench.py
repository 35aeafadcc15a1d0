import json

import pytest

from stepsmith.benchmarks.harness import HarnessSettings
from stepsmith.benchmarks.livecodebench import CodeExecution, OutputPrediction, asserted
from stepsmith.benchmarks.rows import PlacedRow
from stepsmith.core.errors import CaseError

EXECUTION = {
    "id": "sample_7", "question_id": "1", "contest_date": "2023-05-07T00:00:00", "difficulty": "easy",
    "function_name": "top", "code": "def top(xs : List[int]) -> int:\n    return heappop(xs)",
    "input": "top(xs = [2, 1])", "output": "1",
}  # fmt: skip
PREDICTION = {
    "question_id": "2", "test_id": 3, "question_content": "Add.", "function_name": "add", "difficulty": "easy",
    "starter_code": "class Solution:\n    def add(self, a: int, b: int) -> List[int]:\n        ",
    "test": json.dumps([{"input": "1\n2", "output": "[3, null]", "testtype": "functional"}]),
    "contest_date": "2024-01-01 00:00:00",
}  # fmt: skip


def outcomes(judge, benchmark, row, answers):
    (problem,) = benchmark.read([PlacedRow("rows, line 1", 1, row)])
    return [verdict.outcome for verdict in benchmark.judge(judge, problem, answers, HarnessSettings())]


def test_execution_runs_the_assertion_after_the_imports(judge):
    benchmark = CodeExecution()
    assert outcomes(judge, benchmark, EXECUTION, ["1", "2", "top(xs = [2, 1])", "min([1, 2])"]) == [
        "passed", "wrong answer", "wrong answer", "passed",
    ]  # fmt: skip
    (problem,) = benchmark.read([PlacedRow("", 1, EXECUTION)])
    assert (problem.date, problem.difficulty) == ("2023-05-07", "easy")
    assert problem.prompt.endswith("assert top(xs = [2, 1]) == ??\n[/PYTHON]\n[ANSWER]\n")
    assert benchmark.program(problem, "assert top(xs = [2, 1]) == 1\n[/ANSWER]") == "1"


def test_predictions_are_compared_with_the_json_output(judge):
    benchmark = OutputPrediction()
    answers = [
        "assert add(1, 2) == [3, None]",
        "[3, None]",
        "assert add(1, 2) == [3]",
        "assert add(1, 2)",
        "",
        "[3, null]",
    ]
    found = outcomes(judge, benchmark, PREDICTION, answers)
    assert found[:3] == ["passed", "passed", "wrong answer"]
    assert all(outcome in ("crash", "syntax", "wrong answer") for outcome in found[3:])
    (problem,) = benchmark.read([PlacedRow("", 1, PREDICTION)])
    assert problem.task_id == "2/3"
    assert "assert add(1, 2) == # TODO" in benchmark.prompt(problem)


@pytest.mark.parametrize(
    ("answer", "expression"),
    [
        ("assert f(1) == 2", "2"),
        ("# a == b\nx = 1\nassert f(1) == (1,\\\n 2)", "(1,\\"),
        ("assert f(1) == 2, 'why'", "2"),
        ("assert f(1) != 2", "Not an equality assertion"),
        ("assert (", "Invalid syntax"),
        (" 17 ", "17"),
    ],
)
def test_the_expression_of_an_assertion(answer, expression):
    if expression.endswith("\\"):  # the official evaluator takes one line, which then is no assertion
        assert asserted(answer) == "Invalid syntax"
    else:
        assert asserted(answer) == expression


def test_rows_of_another_scenario_are_refused():
    with pytest.raises(CaseError, match="not a row of LiveCodeBench code execution: it lacks id"):
        CodeExecution().read([PlacedRow("x", 1, PREDICTION)])
    with pytest.raises(CaseError, match="test: not a list of one test"):
        OutputPrediction().read([PlacedRow("x", 1, {**PREDICTION, "test": "[]"})])
