import pytest

from stepsmith.core.errors import CaseError
from stepsmith.core.records import Solution
from stepsmith.verify.formats.problems import Candidate, InputValidator, VerifyProblem, check_problem, stepsmith_row

OWN = {
    "problem_id": "own/1",
    "interface": "function",
    "entry_point": "f",
    "inputs": ["(1,)", "(2,)"],
    "outputs": ["1", None],
    "checker": "literal",
    "candidates": [{"language": "python", "code": "def f(x): return x", "is_correct": True}],
    "anything": {"else": 1},
}


def test_what_is_not_known_is_ignored():
    problem = stepsmith_row(OWN)
    assert problem.outputs == ("1", None)
    assert problem.contract.entry_point == "f"
    assert problem.contract.checker.name == "literal"
    assert problem.examples is None
    check_problem(problem)


def test_defaults_depend_on_the_interface():
    row = {key: value for key, value in OWN.items() if key != "checker"}
    assert stepsmith_row(row).contract.checker.name == "literal"
    stdio = stepsmith_row({**row, "interface": "stdio", "checker_flags": "float_tolerance 1e-6 case_sensitive"})
    assert stdio.contract.checker.name == "tokens"
    assert stdio.contract.checker.flags == ("float_tolerance", "1e-6", "case_sensitive")
    assert stdio.contract.entry_point is None


def test_one_validator_or_several():
    one = {"language": "python", "code": "pass"}
    assert stepsmith_row(OWN).validators == ()
    assert stepsmith_row({**OWN, "validator": one}).validators == (InputValidator(language="python", code="pass"),)
    assert len(stepsmith_row({**OWN, "validator": [one, one]}).validators) == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"inputs": ["(1,)"]}, "1 `inputs` but 2 `outputs`"),
        ({"kinds": ["nominal"]}, "2 `inputs` but 1 `kinds`"),
        ({"interface": "telepathy"}, "telepathy"),
        ({"checker": "vibes"}, "vibes"),
        ({"checker_flags": "'unclosed", "interface": "stdio", "checker": "tokens"}, "checker_flags"),
        ({"time_limit_s": -1}, "time_limit_s"),
        ({"time_limit_s": float("nan")}, "time_limit_s"),
        ({"output_limit_mb": 0}, "output_limit_mb"),
        ({"candidates": [{"language": "python"}]}, "code"),
        ({"examples": [{"given": 1}]}, "examples"),
        ({"harness": "mine"}, "harness"),
        ({"inputs": ["(1,)", "('\ud800',)"]}, "`inputs` holds half a character"),
        ({"statement": "\udfff"}, "`statement` holds half a character"),
    ],
)
def test_malformed_rows_say_what_is_wrong(change, words):
    with pytest.raises(CaseError) as caught:
        check_problem(stepsmith_row({**OWN, **change}))
    assert words in str(caught.value)


def test_programs_run_as_the_harness_runs_them():
    candidate = Candidate(language="python", code="print(Counter())")
    plain = VerifyProblem(problem_id=1, interface="stdio", inputs=())
    assert plain.solution(candidate).code == candidate.code
    imported = VerifyProblem(problem_id=1, interface="stdio", inputs=(), harness="livecodebench")
    assert imported.solution(candidate).code.endswith(candidate.code)
    assert imported.runnable(Solution(language="cpp", code="int main() {}")).code == "int main() {}"
