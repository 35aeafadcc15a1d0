import pytest

from stepsmith.core.errors import CaseError
from stepsmith.core.records import Example, Verdict
from stepsmith.verify.formats.codecontests import MAX_PER_KIND, codecontests_plus_row, codecontests_row
from stepsmith.verify.formats.problems import UnsupportedError
from stepsmith.verify.verifier import VerifyOptions, verify_problem

ROW = {
    "name": "1_A. Sum",
    "description": "Add.",
    "public_tests": {"input": ["1 2\n"], "output": ["3\n"]},
    "private_tests": {"input": ["5 6\n"], "output": ["11\n"]},
    "generated_tests": {"input": None, "output": None},
    "solutions": {"language": [3, 1, 2, "PYTHON3"], "solution": ["print(3)", "print 3", "int main(){}", "print(2)"]},
    "incorrect_solutions": {"language": [3, 0], "solution": ["print(4)", "?"]},
    "time_limit": {"seconds": 1, "nanos": 500000000},
    "memory_limit_bytes": 268435456,
    "input_file": "",
    "output_file": "",
}
PLUS = {
    "id": "1_A",
    "source": "codeforces",
    "title": "Sum",
    "description": "Add.",
    "time_limit": 2000,
    "memory_limit": 256,
    "correct_submissions": [{"language": "py3", "code": "print(3)"}, {"language": "kotlin", "code": "?"}],
    "incorrect_submissions": [{"language": "cpp", "code": "int main() {}"}],
    "test_cases": [{"input": "1 2\n", "output": "3\n"}],
}
CHECKER = '#include "testlib.h"\nint main(int n, char **args) { return checked(args); }\n'
TESTLIB = """\
#include <fstream>
#include <string>
inline int checked(char **args) {
    std::string a, b;
    std::ifstream(args[2]) >> a;
    std::ifstream(args[3]) >> b;
    return a == b ? 0 : 1;
}
"""


def test_codecontests_rows():
    problem = codecontests_row(ROW)
    assert problem.inputs == ("1 2\n", "5 6\n")
    assert problem.kinds == ("nominal", "complex")
    assert problem.examples == (Example(input="1 2\n", output="3\n"),)
    assert [(c.language, c.verdict, c.name) for c in problem.candidates] == [
        ("python", Verdict.AC, "solutions[0]"),
        ("cpp", Verdict.AC, "solutions[2]"),
        ("python", Verdict.AC, "solutions[3]"),
        ("python", Verdict.WA, "incorrect_solutions[0]"),
    ]
    assert problem.left_out == (
        "1 programs in python2: not a language of the judge",
        "1 programs in unknown: not a language of the judge",
    )
    assert (problem.time_limit_s, problem.memory_limit_mb, problem.harness) == (1.5, 256, "codecontests")


def test_limits_that_are_not_given_are_the_usual_ones():
    problem = codecontests_row({**ROW, "time_limit": 0, "memory_limit_bytes": 0})
    assert (problem.time_limit_s, problem.memory_limit_mb) == (2.0, 512)


def test_problems_over_files_are_refused():
    with pytest.raises(UnsupportedError, match=r"input\.txt and output\.txt"):
        codecontests_row({**ROW, "input_file": "input.txt", "output_file": "output.txt"})


def test_hundreds_of_programs_are_too_many():
    many = {"language": [3] * 60, "solution": [f"print({k})" for k in range(60)]}
    problem = codecontests_row({**ROW, "solutions": many})
    assert sum(c.verdict is Verdict.AC for c in problem.candidates) == MAX_PER_KIND
    assert problem.left_out[-1].startswith("20 programs: at most")


def test_codecontests_plus_rows():
    problem = codecontests_plus_row(PLUS)
    assert (problem.problem_id, problem.time_limit_s, problem.memory_limit_mb) == ("codeforces/1_A", 2.0, 256)
    assert [(c.language, c.verdict) for c in problem.candidates] == [("python", Verdict.AC), ("cpp", Verdict.WA)]
    assert problem.left_out == ("1 programs in kotlin: not a language of the judge",)
    assert problem.contract.checker.name == "tokens"
    assert codecontests_plus_row({**PLUS, "time_limit": 2, "memory_limit": 1 << 28}).memory_limit_mb == 256


def test_codecontests_plus_without_tests_or_testlib_is_refused(tmp_path):
    with pytest.raises(UnsupportedError, match="no tests"):
        codecontests_plus_row({**PLUS, "test_cases": []})
    with pytest.raises(UnsupportedError, match="--testlib"):
        codecontests_plus_row({**PLUS, "checker": CHECKER})
    with pytest.raises(CaseError, match="--testlib"):
        codecontests_plus_row({**PLUS, "checker": CHECKER}, tmp_path / "missing.h")


def test_the_checker_and_validator_of_codecontests_plus_decide(tmp_path, local_judge):
    library = tmp_path / "testlib.h"
    library.write_text(TESTLIB)
    validator = (
        '#include "testlib.h"\n#include <iostream>\nint main() { int a; std::cin >> a; return a < 0 ? 3 : 0; }\n'
    )
    tests = [*PLUS["test_cases"], {"input": "-1 1\n", "output": "0\n"}]
    code = "a, b = map(int, input().split())\nprint(a + b)\n"
    submissions = [{"language": "py3", "code": code}, {"language": "py3", "code": code.replace("a + b", "b + a")}]
    row = {**PLUS, "checker": CHECKER, "validator": validator, "test_cases": tests, "correct_submissions": submissions}
    report = verify_problem(codecontests_plus_row(row, library), local_judge, VerifyOptions(strength=False))
    assert (report.status, report.audit.confirmed) == ("accepted", 1)
    assert [test.valid for test in report.tests] == [True, False]


def test_numbers_within_the_harness_tolerance_are_right(local_judge):
    tests = {"input": ["1\n"], "output": ["3\n"]}
    solutions = {"language": [3, 3], "solution": ["print('3.000001')", "print( '3.000001' )"]}
    row = {**ROW, "public_tests": tests, "private_tests": {}, "solutions": solutions}
    report = verify_problem(codecontests_row(row), local_judge, VerifyOptions(strength=False))
    assert (report.audit.confirmed, report.audit.wrong) == (1, ())
