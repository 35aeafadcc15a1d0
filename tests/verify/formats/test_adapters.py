import base64
import json
import pickle
import zlib

import msgspec
import pytest

from stepsmith.core.errors import CaseError
from stepsmith.core.records import Solution, Verdict, WrongSolution
from stepsmith.store import dataset
from stepsmith.verify.formats.adapters import guess_format, read_problems
from stepsmith.verify.formats.problems import decode_problem
from stepsmith.verify.verifier import VerifyOptions, verify_problem

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


def _file(tmp_path, *rows):
    path = tmp_path / "in.jsonl"
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows) + "\n\n")
    return path


def test_own_format_ignores_what_it_does_not_know(tmp_path):
    (problem,) = read_problems(_file(tmp_path, OWN))
    assert problem.outputs == ("1", None)
    assert problem.contract.entry_point == "f"
    assert problem.contract.checker.name == "literal"
    assert decode_problem(json.dumps({**OWN, "checker": None})).contract.checker.name == "literal"
    stdio = {**OWN, "interface": "stdio", "checker": None, "checker_flags": "float_tolerance 1e-6 case_sensitive"}
    assert decode_problem(json.dumps(stdio)).contract.checker.flags == ("float_tolerance", "1e-6", "case_sensitive")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"inputs": ["(1,)"]}, "1 `inputs` but 2 `outputs`"),
        ({"kinds": ["nominal"]}, "2 `inputs` but 1 `kinds`"),
        ({"interface": "telepathy"}, "telepathy"),
        ({"checker": "vibes"}, "vibes"),
        ({"time_limit_s": -1}, "time_limit_s"),
        ({"candidates": [{"language": "python"}]}, "code"),
    ],
)
def test_malformed_lines_are_named(tmp_path, change, words):
    path = _file(tmp_path, OWN, {**OWN, **change})
    with pytest.raises(CaseError, match="line 2") as caught:
        list(read_problems(path, "stepsmith"))
    assert words in str(caught.value)


def test_what_is_no_json_or_no_file(tmp_path):
    with pytest.raises(CaseError, match="line 1: not a JSON object"):
        list(read_problems(_file(tmp_path, "[1, 2]")))
    with pytest.raises(CaseError, match="line 2"):
        list(read_problems(_file(tmp_path, OWN, "{torn")))
    with pytest.raises(CaseError, match="cannot read"):
        list(read_problems(tmp_path / "missing.jsonl"))
    with pytest.raises(CaseError, match="folder"):
        list(read_problems(tmp_path, "apps"))
    with pytest.raises(CaseError, match=r"problem\.yaml"):
        list(read_problems(tmp_path))


def test_apps_stdio_rows(tmp_path):
    row = {
        "problem_id": 7,
        "question": "Add.\n-----Sample Input-----\n1 2\n\n-----Sample Output-----\n3\n",
        "solutions": json.dumps(["print(sum(map(int, input().split())))"]),
        "input_output": json.dumps({"inputs": ["1 2\n", ["3 4", ""]], "outputs": ["3\n", ["7"]]}),
        "difficulty": "introductory",
    }
    (problem,) = read_problems(_file(tmp_path, row))
    assert (problem.problem_id, problem.interface) == (7, "stdio")
    assert problem.inputs == ("1 2\n", "3 4\n\n")
    assert problem.outputs == ("3\n", "7\n")
    assert problem.candidates[0].verdict is Verdict.AC


def test_apps_call_based_rows(tmp_path):
    tests = {"fn_name": "twice", "inputs": [[1], [[2, 3]]], "outputs": [[2], [[4, 6]]]}
    row = {"question": "?", "solutions": "", "input_output": json.dumps(tests), "starter_code": "class Solution:\n"}
    (problem,) = read_problems(_file(tmp_path, row), "apps")
    assert (problem.problem_id, problem.entry_point) == (1, "twice")  # no id: the line's number
    assert problem.inputs == ("(1,)", "([2, 3],)")
    assert problem.outputs == ("2", "[4, 6]")
    plain = {"fn_name": "twice", "inputs": [[1], [2]], "outputs": [2, [1, 2]]}
    (problem,) = read_problems(_file(tmp_path, {**row, "input_output": json.dumps(plain)}))
    assert problem.outputs == ("2", "[1, 2]")


def test_taco_limits_are_read_out_of_words(tmp_path):
    limits = {"time_limit": "2.5 seconds", "memory_limit": "256.0 megabytes"}
    row = {"name": "t", "question": "?", "solutions": "[]", "input_output": "", **limits}
    (problem,) = read_problems(_file(tmp_path, row), "taco")
    assert (problem.problem_id, problem.time_limit_s, problem.memory_limit_mb) == ("t", 2.5, 256)
    assert problem.inputs == ()


def test_codecontests_rows(tmp_path):
    row = {
        "name": "1_A. Sum",
        "description": "Add.",
        "public_tests": {"input": ["1 2\n"], "output": ["3\n"]},
        "private_tests": {"input": ["5 6\n"], "output": ["11\n"]},
        "generated_tests": {"input": [], "output": []},
        "solutions": {"language": [3, 1, 2], "solution": ["print(3)", "print 3", "int main(){}"]},
        "incorrect_solutions": {"language": [3, 4], "solution": ["print(4)", "class A {}"]},
        "time_limit": {"seconds": 1, "nanos": 500000000},
        "memory_limit_bytes": 268435456,
    }
    (problem,) = read_problems(_file(tmp_path, row))
    assert problem.kinds == ("nominal", "complex")
    assert [(c.language, c.verdict) for c in problem.candidates] == [
        ("python", Verdict.AC),
        ("cpp", Verdict.AC),
        ("python", Verdict.WA),
    ]
    assert (problem.time_limit_s, problem.memory_limit_mb) == (1.5, 256)


def test_livecodebench_rows(tmp_path):
    public = [{"input": "[1,2]\n3", "output": "[4,5]", "testtype": "functional"}]
    private = [{"input": "[null]\ntrue", "output": '"x"', "testtype": "functional"}]
    packed = base64.b64encode(zlib.compress(pickle.dumps(json.dumps(private)))).decode()
    row = {
        "question_id": "abc_1",
        "question_content": "Shift.",
        "starter_code": "class Solution:\n    def shift(self, xs, k):\n        ",
        "public_test_cases": json.dumps(public),
        "private_test_cases": packed,
        "metadata": json.dumps({"func_name": "shift"}),
        "code_list": ["class Solution: ..."],
    }
    (problem,) = read_problems(_file(tmp_path, row))
    assert problem.entry_point == "Solution.shift"
    assert problem.inputs == ("([1, 2], 3)", "([None], True)")
    assert problem.outputs == ("[4, 5]", "'x'")
    assert problem.kinds == ("nominal", "complex")
    assert problem.candidates[0].verdict is None
    typed = [{"input": "1\n", "output": "2\n", "testtype": "stdin"}]
    plain = {**row, "public_test_cases": json.dumps(typed), "private_test_cases": ""}
    (problem,) = read_problems(_file(tmp_path, plain))
    assert (problem.interface, problem.inputs) == ("stdio", ("1\n",))


class Evil:
    def __reduce__(self):
        return print, ("unpickled",)


def test_a_pickle_that_wants_more_than_text_is_refused(tmp_path, capsys):
    for payload in (Evil(), ["a", "list"]):
        packed = base64.b64encode(zlib.compress(pickle.dumps(payload))).decode()
        row = {"question_id": "x", "public_test_cases": "[]", "private_test_cases": packed}
        with pytest.raises(CaseError, match="line 1: private_test_cases"):
            list(read_problems(_file(tmp_path, row)))
    with pytest.raises(CaseError, match="private_test_cases"):
        list(read_problems(_file(tmp_path, {"question_id": "x", "private_test_cases": "%%%"})))
    assert capsys.readouterr().out == ""


def test_guessing(tmp_path):
    assert guess_format(json.dumps(OWN).encode()) == "stepsmith"
    assert guess_format(b'{"input_output": ""}') == "apps"


def _package(
    folder, yaml="name: Sum\nvalidation: default\nvalidator_flags: float_tolerance 1e-4\nlimits:\n  time_limit: 3\n"
):
    files = {
        "problem.yaml": yaml,
        "data/sample/1.in": "1 2\n",
        "data/sample/1.ans": "3\n",
        "data/secret/a.in": "5 6\n",
        "data/secret/a.ans": "11\n",
        "data/secret/b.in": "x\n",
        "submissions/accepted/sum.py": "print(sum(map(int, input().split())))\n",
        "submissions/accepted/sum.java": "class Sum {}\n",
        "submissions/wrong_answer/zero.cc": "int main() {}\n",
        "submissions/time_limit_exceeded/slow.py": "while True: pass\n",
        "input_validators/check.py": "import sys\nassert sys.stdin.read().split()[0].isdigit()\nsys.exit(42)\n",
        "problem_statement/problem.en.tex": "Add two numbers.",
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_kattis_packages(tmp_path):
    _package(tmp_path / "sum")
    (problem,) = read_problems(tmp_path)
    assert problem == next(read_problems(tmp_path / "sum", "kattis"))
    assert problem.problem_id == "sum"
    assert problem.inputs == ("1 2\n", "5 6\n", "x\n")
    assert problem.outputs == ("3\n", "11\n", None)
    assert problem.kinds == ("nominal", "complex", "complex")
    assert problem.contract.checker.flags == ("float_tolerance", "1e-4")
    assert problem.time_limit_s == 3.0
    assert [(c.name, c.language, c.verdict) for c in problem.candidates] == [
        ("accepted/sum.py", "python", Verdict.AC),
        ("wrong_answer/zero.cc", "cpp", Verdict.WA),
        ("time_limit_exceeded/slow.py", "python", Verdict.TLE),
    ]
    assert problem.validator.language == "python"
    assert "Sample Output 1" in problem.statement


def test_kattis_packages_with_their_own_checker(tmp_path):
    folder = _package(tmp_path / "any", "name: Any\nvalidation: custom\n")
    (folder / "output_validators" / "v").mkdir(parents=True)
    (folder / "output_validators" / "v" / "validate.cpp").write_text('#include "helper.h"\nint main() { return 42; }\n')
    (folder / "output_validators" / "v" / "helper.h").write_text("// help\n")
    (folder / ".timelimit").write_text("2\n")
    (problem,) = read_problems(folder)
    assert problem.contract.checker.name == "custom-kattis"
    assert [name for name, _ in problem.contract.checker.files] == ["validate.cpp", "helper.h"]
    assert problem.time_limit_s == 2.0


def test_our_own_data_sets_can_be_verified_again(tmp_path, local_judge):
    from tests.verify.suite.test_admission import GOLDEN, _problem

    golden = Solution(language="python", code=f"def f(x):\n    return {GOLDEN}\n")
    wrong = Solution(language="python", code="def f(x):\n    return x * x\n")
    problem = msgspec.structs.replace(
        _problem(),
        golden=golden,
        wrong=(WrongSolution(solution=wrong, killed_by=2, origin="mutant: no bonus"),),
        validator="def validate(x):\n    return -9 <= x <= 9\n",
    )
    dataset.write_rows(tmp_path / "problems.parquet", dataset.PROBLEM_SCHEMA, [dataset.problem_row(problem)])
    (found,) = read_problems(tmp_path)
    assert found == next(read_problems(tmp_path / "problems.parquet"))
    assert found.problem_id == problem.id
    assert [c.verdict for c in found.candidates] == [Verdict.AC, Verdict.WA]
    outcome = verify_problem(found, local_judge, VerifyOptions())
    assert outcome.audit.confirmed == len(problem.tests)
    assert outcome.audit.verdict_mismatches == ()
