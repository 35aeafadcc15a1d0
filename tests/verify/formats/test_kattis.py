from stepsmith.core.records import Verdict
from stepsmith.verify.formats.reading import ProblemSource, read_problems


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
    (problem,) = read_problems(ProblemSource(tmp_path))
    assert problem == next(read_problems(ProblemSource(tmp_path / "sum", "kattis")))
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
    assert problem.validators[0].language == "python"
    assert "Sample Output 1" in problem.statement


def test_kattis_packages_with_their_own_checker(tmp_path):
    folder = _package(tmp_path / "any", "name: Any\nvalidation: custom\n")
    (folder / "output_validators" / "v").mkdir(parents=True)
    (folder / "output_validators" / "v" / "validate.cpp").write_text('#include "helper.h"\nint main() { return 42; }\n')
    (folder / "output_validators" / "v" / "helper.h").write_text("// help\n")
    (folder / ".timelimit").write_text("2\n")
    (problem,) = read_problems(ProblemSource(folder))
    assert problem.contract.checker.name == "custom-kattis"
    assert [name for name, _ in problem.contract.checker.files] == ["validate.cpp", "helper.h"]
    assert problem.time_limit_s == 2.0
