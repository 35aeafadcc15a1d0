import json

import pytest

from stepsmith.core.errors import CaseError
from stepsmith.core.records import Verdict
from stepsmith.verify.formats.problems import UnsupportedError
from stepsmith.verify.formats.rl_rows import deepcoder_row, prime_row, primeintellect_row

LISTS = {"inputs": ["1\n"], "outputs": ["2\n"]}
CALLS = {"fn_name": "f", "inputs": ["[1]\n2", '{"3": 4}'], "outputs": ["[3]", "null"]}
TYPED = [{"type": "function_call", "fn_name": "f", "input": [[1], 2], "output": [3]}]


def _deepcoder(tests, **columns):
    return deepcoder_row({"problem": "Do.", "tests": json.dumps(tests), **columns})


def test_parallel_lists():
    problem = _deepcoder(LISTS, solutions=["```python\nprint(2)\n```", "print(1 + 1)"])
    assert (problem.interface, problem.inputs, problem.outputs) == ("stdio", ("1\n",), ("2\n",))
    assert [c.code for c in problem.candidates] == ["print(2)\n", "print(1 + 1)"]
    assert {c.verdict for c in problem.candidates} == {Verdict.AC}
    assert (problem.harness, problem.problem_id) == ("prime", "")


@pytest.mark.parametrize(
    ("tests", "inputs", "outputs"),
    [
        (CALLS, ("([1], 2)", "({3: 4},)"), ("[3]", "None")),
        (TYPED, ("([1], 2)",), ("[3]",)),
        ([{**TYPED[0], "input": "[1]\n2", "output": "3"}], ("([1], 2)",), ("3",)),
    ],
)
def test_calls(tests, inputs, outputs):
    problem = _deepcoder(tests)
    assert (problem.interface, problem.entry_point) == ("function", "f")
    assert (problem.inputs, problem.outputs) == (inputs, outputs)


def test_typed_tests_over_standard_input():
    problem = _deepcoder([{"type": "stdin_stdout", "input": "1\n", "output": "2\n"}, {"input": "3", "output": "4"}])
    assert (problem.inputs, problem.outputs) == (("1\n", "3"), ("2\n", "4"))


def test_tests_of_livecodebench():
    tests = [{"input": "1\n2", "output": "3", "testtype": "functional", "metadata": {"func_name": "add"}}]
    problem = _deepcoder(tests, starter_code="class Solution:\n    def add(self, a, b): ...")
    assert (problem.entry_point, problem.inputs, problem.harness) == ("Solution.add", ("(1, 2)",), "livecodebench")
    nowhere = [{**tests[0], "metadata": None}]
    assert _deepcoder(nowhere, metadata='{"func_name": "add"}').entry_point == "add"


@pytest.mark.parametrize(
    ("tests", "error", "words"),
    [
        ({"functional": "assert f(1)"}, UnsupportedError, "code of their own"),
        ([*TYPED, {**TYPED[0], "fn_name": "g"}], UnsupportedError, "different functions"),
        ([*TYPED, {"type": "stdin_stdout", "input": "", "output": ""}], UnsupportedError, "mix calls"),
        ([{"input": 1}], CaseError, "output"),
        ([3], CaseError, "object"),
    ],
)
def test_tests_of_no_known_shape(tests, error, words):
    with pytest.raises(error, match=words):
        _deepcoder(tests)


def test_prime_rows():
    row = {
        "data_source": "taco",
        "prompt": [{"role": "system", "content": "Think."}, {"role": "user", "content": "Add."}],
        "ability": "code",
        "reward_model": {"style": "rule", "ground_truth": json.dumps(LISTS)},
        "extra_info": {"index": 3, "split": "train"},
    }
    problem = prime_row(row)
    assert (problem.problem_id, problem.statement, problem.inputs) == ("taco/3", "Add.\n", ("1\n",))
    with pytest.raises(UnsupportedError, match="ability 'math'"):
        prime_row({**row, "ability": "math"})
    with pytest.raises(CaseError):
        prime_row({**row, "reward_model": {"ground_truth": "{torn"}})


def test_primeintellect_rows():
    info = {"language": "python", "test_cases": TYPED}
    row = {"problem_id": "v_1", "prompt": "Do.", "gold_standard_solution": "```python\ndef f(a, b): ...\n```"}
    for text in (json.dumps(info), repr(info)):  # both forms are published
        problem = primeintellect_row({**row, "verification_info": text})
        assert (problem.problem_id, problem.inputs) == ("v_1", ("([1], 2)",))
        assert problem.candidates[0].code == "def f(a, b): ...\n"
    with pytest.raises(UnsupportedError, match="rust"):
        primeintellect_row({**row, "verification_info": {**info, "language": "rust"}})
