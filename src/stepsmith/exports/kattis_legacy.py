"""Problem packages in the legacy version of the Kattis format, which ``verifyproblem`` and Kattis itself read."""

from pathlib import Path

from stepsmith.core.records import Problem
from stepsmith.exports import kattis_package as package
from stepsmith.exports.bundle import Bundle
from stepsmith.judge.checkers import custom_kind

USAGE = """\
One problem package a folder, in `train/` and `test/`. With `problemtools` (its Python 3 is PyPy; tell it of CPython in
`$XDG_CONFIG_HOME/problemtools/languages.yaml` where PyPy is not installed):

    verifyproblem -p config data submissions validators FOLDER/train/NAME

`.timelimit` has the time limit in seconds; give it to `verifyproblem` as `-t`, which otherwise takes 5 times the golden
solution's time. The wrong programs lie in the folders of the verdicts that Stepsmith's judge gave them.
"""


def write(bundle: Bundle, folder: Path) -> None:
    """Write a package for each problem."""
    package.write_packages(bundle, folder, _write)


def _write(problem: Problem, folder: Path, bundle: Bundle) -> None:
    checker, limits = problem.contract.checker, problem.contract.limits
    kind = custom_kind(checker.name)
    settings = {
        "problem_format_version": "legacy",
        "name": problem.title,
        "uuid": package.package_id(problem),
        **package.rights(bundle.settings.license, bundle.settings.name),
        "limits": {"memory": limits.memory_mb, "output": max(1, round(limits.output_mb))},
        "validation": "default" if kind is None else "custom interactive" if kind.interactive else "custom",
        "keywords": " ".join(use.name for use in problem.features),
    }
    if flags := package.output_flags(problem):
        settings["validator_flags"] = " ".join(flags)
    package.write_yaml(folder / "problem.yaml", settings)
    package.write_text(folder / ".timelimit", f"{limits.time_s:g}\n")
    package.write_text(folder / "problem_statement" / "problem.en.tex", package.statement_of(problem))
    package.write_tests(problem, folder)
    package.write_input_validator(problem, folder)
    package.write_output_validator(problem, folder / "output_validators" / "validate")
