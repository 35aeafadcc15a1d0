import pytest

from stepsmith.benchmarks.cruxeval import CruxEval, filled
from stepsmith.benchmarks.harness import HarnessSettings
from stepsmith.benchmarks.rows import PlacedRow
from stepsmith.core.errors import CaseError

PLAIN = HarnessSettings()

ROW = {"id": "sample_0", "code": "def f(xs):\n    return sorted(xs)[-1]", "input": "[1, 3]", "output": "3"}
PLACED = PlacedRow("file, line 1", 1, ROW)


def verdicts(judge, task, answers):
    benchmark = CruxEval(task)
    (problem,) = benchmark.read([PLACED])
    return [(verdict.outcome, verdict.message) for verdict in benchmark.judge(judge, problem, answers, PLAIN)]


def test_inputs_are_right_when_the_call_gives_the_output(judge):
    found = verdicts(judge, "input", ["f([3])", "f([1])", "[3]", "f([3]) or 3", "f(", "f([3], 4)"])
    assert [outcome for outcome, _ in found] == [
        "passed", "wrong answer", "wrong answer", "passed", "syntax", "crash",
    ]  # fmt: skip
    assert found[2][1] == "it calls no `f`"


def test_outputs_are_values_or_expressions(judge):
    found = verdicts(judge, "output", ["3", "3.0", "4", "f([1, 3])", "1 + 2", "exit()", "__import__('os')._exit(0)"])
    assert [outcome for outcome, _ in found][:5] == ["passed", "passed", "wrong answer", "wrong answer", "passed"]
    assert found[3][1] == "it repeats the call in place of its value"
    assert all(outcome not in ("passed", "not judged") for outcome, _ in found[5:])


def test_prompts_are_the_official_ones():
    (problem,) = CruxEval("input", cot=True).read([PLACED])
    assert problem.prompt.endswith(f"[PYTHON]\n{ROW['code']}\nassert f(??) == 3\n[/PYTHON]\n[THOUGHT]\n")
    assert CruxEval("output").read([PLACED])[0].prompt.endswith("assert f([1, 3]) == ??\n[/PYTHON]\n[ANSWER]\n")
    assert "{input}" in filled("cruxeval-output", code="{input}", input="1"), "a value is not filled in again"


def test_answers_are_taken_out_of_completions():
    benchmark = CruxEval("output")
    (problem,) = benchmark.read([PLACED])
    assert benchmark.program(problem, "assert f([1, 3]) == 3\n[/ANSWER]") == problem.answer == "3"


def test_a_row_of_another_benchmark_is_refused():
    with pytest.raises(CaseError, match=r"file, line 1: not a row of CRUXEval: it lacks id, code"):
        CruxEval("input").read([PlacedRow("file, line 1", 1, {"input": "x", "output": "y"})])
