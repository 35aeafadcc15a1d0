"""Problem packages of both versions, read back by our own reader; `make interop` runs the tools of their consumers."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import yaml

from stepsmith.core.errors import CaseError
from stepsmith.core.records import Checker, Contract, Problem, Verdict
from stepsmith.exports import ExportSettings, write_export
from stepsmith.exports.kattis_package import output_flags, refuses, short_name, write_output_validator
from stepsmith.verify.formats.problems import VerifyProblem
from stepsmith.verify.formats.reading import ProblemSource, read_problems
from tests.envs.test_environments import PROBLEMS
from tests.exports.exported import a_checked_problem, a_package_problem
from tests.records import a_problem


def with_checker(problem: Problem, checker: Checker) -> Problem:
    return msgspec.structs.replace(problem, contract=Contract(interface="stdio", checker=checker))


@pytest.mark.parametrize("form", ["kattis-legacy", "kattis-2025-09"])
def test_a_package_reads_back_as_the_same_problem(form: str, tmp_path: Path) -> None:
    checked = a_checked_problem()
    problems = [a_package_problem(), checked]
    settings = ExportSettings(name="little", license="CC-BY-4.0", held_out=0.0)
    write_export([*problems, *PROBLEMS.values()], form, tmp_path / "set", settings)  # type: ignore[arg-type]
    packages = tmp_path / "set" / "train"
    assert sorted(path.name for path in packages.iterdir()) == sorted(map(short_name, problems))
    read = {one.problem_id: one for one in read_problems(ProblemSource(packages))}
    for problem in problems:
        one = read[short_name(problem)]
        assert isinstance(one, VerifyProblem), one
        assert set(zip(one.inputs, one.outputs or (), strict=True)) == {(t.input, t.output) for t in problem.tests}
        assert (one.time_limit_s, one.memory_limit_mb) == (problem.contract.limits.time_s, 512)
        assert one.candidates[0].code == problem.golden.code
        assert one.candidates[0].verdict is Verdict.AC
        assert one.left_out == ()
    assert [c.verdict for c in read[short_name(problems[0])].candidates[1:]] == [Verdict.RTE, Verdict.WA]
    assert read[short_name(checked)].checker == "custom-kattis"
    files = dict(checked.contract.checker.files)
    assert dict(read[short_name(checked)].checker_files) == {
        "main.py": files["checker.py"],
        "rules.py": files["rules.py"],
    }
    settings_of = yaml.safe_load((packages / short_name(checked) / "problem.yaml").read_text())
    assert (settings_of["license"], settings_of["rights_owner"]) == ("cc by", "The authors of little")


def test_the_input_validator_speaks_kattis(tmp_path: Path) -> None:
    write_export([a_package_problem()], "kattis-legacy", tmp_path / "set", ExportSettings(held_out=0.0))
    (script,) = (tmp_path / "set").glob("train/*/input_validators/validate.py")
    for text, code in (("7\n", 42), ("07\n", 43), ("x\n", 43), ("", 43)):
        assert subprocess.run([sys.executable, script], input=text, text=True, check=False).returncode == code


def test_the_statement_is_latex_without_its_examples(tmp_path: Path) -> None:
    write_export([a_package_problem()], "kattis-2025-09", tmp_path / "set", ExportSettings(held_out=0.0))
    (statement,) = (tmp_path / "set").glob("train/*/statement/problem.en.tex")
    assert statement.read_text() == (
        "\\problemname{50\\% of $x$ \\& more}\n\nSquare $x_1$.\n\n\\section*{Input}\n\n"
        "\\begin{itemize}\n\\item \\texttt{n}, \\textbf{one} line\n\\end{itemize}\n"
    )


@pytest.mark.parametrize(
    ("checker", "flags"),
    [
        (Checker(name="tokens"), []),
        (Checker(name="tokens", flags=("case_sensitive",)), ["case_sensitive"]),
        (Checker(name="float:1e-6"), ["float_tolerance", "1e-6"]),
        (Checker(name="exact"), ["case_sensitive", "space_change_sensitive"]),
        (Checker(name="unordered"), None),
        (Checker(name="custom-testlib", files=(("check.cpp", ""),)), None),
        (Checker(name="custom-kattis:2", files=(("check.py", ""),)), None),
    ],
)
def test_checkers_become_the_flags_of_the_default_validator(checker: Checker, flags: list[str] | None) -> None:
    problem = with_checker(a_package_problem(), checker)
    assert (refuses(problem) is None) == (flags is not None)
    if flags is not None:
        assert output_flags(problem) == flags


def test_an_interactive_problem_says_so(tmp_path: Path) -> None:
    checker = Checker(name="interactive-kattis", files=(("interactor.py", "import sys\nsys.exit(43)\n"),))
    problem = msgspec.structs.replace(with_checker(a_package_problem(), checker), wrong=())
    for form, key, said in (
        ("kattis-legacy", "validation", "custom interactive"),
        ("kattis-2025-09", "type", ["pass-fail", "interactive"]),
    ):
        write_export([problem], form, tmp_path / form, ExportSettings(held_out=0.0))  # type: ignore[arg-type]
        (settings,) = (tmp_path / form).glob("train/*/problem.yaml")
        assert yaml.safe_load(settings.read_text())[key] == said


@pytest.mark.parametrize("name", ["../../evil.txt", "a/../../evil.txt"])
def test_a_checker_of_anybody_does_not_leave_the_folder(name: str, tmp_path: Path) -> None:
    checker = Checker(name="custom-kattis", files=(("main.py", "raise SystemExit(42)\n"), (name, "")))
    problem = a_problem(contract=Contract(interface="stdio", checker=checker))
    with pytest.raises(CaseError, match="is not a plain relative path"):
        write_output_validator(problem, tmp_path / "deep" / "folder")
    assert not list(tmp_path.rglob("evil.txt"))
