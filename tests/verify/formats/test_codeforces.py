import pytest

from stepsmith.core.records import Example
from stepsmith.verify.formats.codeforces import codeforces_row
from stepsmith.verify.formats.problems import Candidate, UnsupportedError
from stepsmith.verify.verifier import VerifyOptions, verify_problem

ROW = {
    "id": "1/A",
    "title": "Split",
    "description": "Write n as a sum of two.",
    "input_format": "An integer.",
    "output_format": "Two integers.",
    "time_limit": 1.5,
    "memory_limit": 256.0,
    "input_mode": "stdio",
    "examples": [{"input": "5\n", "output": "2 3\n"}],
    "official_tests": [{"input": "5\n", "output": "2 3\n"}, {"input": "9\n", "output": "4 5\n"}],
    "official_tests_complete": False,
    "generated_checker": None,
    "code_list": ["n = int(input())\nprint(n // 2, n - n // 2)", "n = int(input())\nprint(1, n - 1)"],
}
CHECKER = """
import sys
n = int(open(sys.argv[1]).read())
answer = open(sys.argv[2]).read()
got = list(map(int, open(sys.argv[3]).read().split()))
print(1 if answer and len(got) == 2 and sum(got) == n else 0)
"""


def _read(**columns):
    return codeforces_row({key: value for key, value in {**ROW, **columns}.items() if value is not None})


def test_rows():
    problem = _read()
    assert (problem.problem_id, problem.time_limit_s, problem.memory_limit_mb) == ("1/A", 1.5, 256)
    assert problem.inputs == ("5\n", "9\n")
    assert problem.kinds == ("nominal", "complex")
    assert problem.examples == (Example(input="5\n", output="2 3\n"),)
    assert problem.left_out == ("official tests that were too long for the data set",)
    assert problem.contract.checker.name == "tokens"
    assert "An integer." in problem.statement


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"interaction_format": "Ask."}, "interactive"),
        ({"input_mode": "file"}, "read and write files"),
        ({"official_tests": []}, "no official tests"),
    ],
)
def test_what_is_not_served_is_refused(columns, words):
    with pytest.raises(UnsupportedError, match=words):
        _read(**columns)


@pytest.mark.parametrize(("code", "right"), [(0, True), (1, True), ("print(1, 1)", False), ("print()", False)])
def test_the_generated_checker_decides(local_judge, code, right):
    problem = _read(generated_checker=CHECKER)
    program = problem.candidates[code] if isinstance(code, int) else Candidate(language="python", code=code)
    run = local_judge.execute(problem.solution(program), problem.contract, ["9\n"])[0]
    assert local_judge.agree(problem.contract, "9\n", "4 5\n", run.output) is right


def test_a_problem_from_start_to_end(local_judge):
    same = [ROW["code_list"][0], ROW["code_list"][0] + "\n"] * 2
    report = verify_problem(_read(code_list=same), local_judge, VerifyOptions(strength=False))
    assert report.audit.confirmed == 2
