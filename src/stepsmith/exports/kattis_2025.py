"""Problem packages in version 2025-09 of the problem package format, which BAPCtools reads."""

from pathlib import Path
from typing import Any

from stepsmith.core.records import Problem
from stepsmith.exports import kattis_package as package
from stepsmith.exports.bundle import Bundle
from stepsmith.judge.checkers import custom_kind

USAGE = """\
One problem package a folder, in `train/` and `test/`. With BAPCtools:

    cd FOLDER/train/NAME && bt validate && bt run

The wrong programs lie in the folders of the verdicts that Stepsmith's judge gave them.
"""


def write(bundle: Bundle, folder: Path) -> None:
    """Write a package for each problem."""
    package.write_packages(bundle, folder, _write)


def _write(problem: Problem, folder: Path, bundle: Bundle) -> None:
    checker, limits = problem.contract.checker, problem.contract.limits
    kind = custom_kind(checker.name)
    settings: dict[str, Any] = {
        "problem_format_version": "2025-09",
        "type": ["pass-fail", "interactive"] if kind and kind.interactive else "pass-fail",
        "name": {"en": problem.title},
        "uuid": package.package_id(problem),
        **package.rights(bundle.settings.license, bundle.settings.name),
        "keywords": [use.name for use in problem.features],
        "limits": {
            "time_limit": limits.time_s,
            "memory": limits.memory_mb,
            "output": max(1, round(limits.output_mb)),
        },
    }
    package.write_yaml(folder / "problem.yaml", settings)
    package.write_text(folder / "statement" / "problem.en.tex", package.statement_of(problem))
    package.write_tests(problem, folder)
    if flags := package.output_flags(problem):
        package.write_yaml(folder / "data" / "test_group.yaml", {"output_validator_args": flags})
    package.write_input_validator(problem, folder)
    package.write_output_validator(problem, folder / "output_validator")
