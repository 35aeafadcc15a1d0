"""Harbor tasks: a folder each, judged inside the container, without a server.

``tests/`` holds the tests, our checkers, and a small judge that runs a solution as a process of its own. Harbor copies
``tests/`` into the container once the agent has finished.
"""

import sys
from importlib.metadata import version
from pathlib import Path

import msgspec

from stepsmith.core.records import Problem, Solution
from stepsmith.core.stats import likely_band
from stepsmith.envs import ENVIRONMENTS
from stepsmith.exports.bundle import Bundle
from stepsmith.exports.kattis_package import short_name
from stepsmith.exports.templates import filled
from stepsmith.exports.vendored import vendored
from stepsmith.judge.checkers import is_custom
from stepsmith.report.toml import to_toml
from stepsmith.scoring.tests import split_tests
from stepsmith.train.verl.rows import prompt_of

MODULES = ("stepsmith.envs", "stepsmith.judge.checkers")
USAGE = """\
Tasks for Harbor (schema 1.4), in `train/` and `test/`:

    harbor run --path FOLDER/train --agent oracle

The answer is a file in `/app`; `tests/test.sh` judges it in the container and writes `reward.json` with `reward` (1 or
0) and `tests_passed`. The container is the only wall around a solution. Where judging itself fails there is no reward
file, which Harbor records as a failure of the verifier.
"""


def refuses(problem: Problem) -> str | None:
    """Return why a problem cannot be a task, or None: its checker program must be Python and run once.

    The container has only Python, and no interaction and no second pass.
    """
    checker = problem.contract.checker
    if not is_custom(checker):
        return None
    if checker.name == "custom-kattis" and all(name.endswith(".py") for name, _ in checker.files):
        return None
    return f"its checker program ({checker.name}) is none that runs in the container: Python, of the Kattis convention"


def write(bundle: Bundle, folder: Path) -> None:
    """Write a task for each problem."""
    archive = vendored(MODULES)
    for half, part in bundle.halves:
        for problem in part:
            _write(problem, folder / half / short_name(problem), bundle, archive)


def _write(problem: Problem, folder: Path, bundle: Bundle, archive: bytes) -> None:
    marks = {
        "ANSWER": "solution.py" if problem.environment == "induction" else "answer.txt",
        "PYTHON": ".".join(map(str, sys.version_info[:2])),
        "MSGSPEC": version("msgspec"),
    }
    for part in ("environment", "tests", "solution"):
        (folder / part).mkdir(parents=True)
    (folder / "task.toml").write_text(to_toml(_task(problem, bundle)), "utf-8")
    what = "program" if problem.environment == "induction" else "answer"
    where = f"Write the {what} into the file `/app/{marks['ANSWER']}`; that file alone is judged.\n"
    (folder / "instruction.md").write_text(f"{prompt_of(problem, bundle.settings.form)}\n{where}", "utf-8")
    for name in ("environment/Dockerfile", "tests/test.sh", "tests/grade.py", "solution/solve.sh"):
        (folder / name).write_text(filled(f"harbor/{Path(name).name}", marks), "utf-8")
        (folder / name).chmod(0o755 if name.endswith(".sh") else 0o644)
    (folder / "tests" / "stepsmith.zip").write_bytes(archive)
    (folder / "tests" / "problem.json").write_bytes(msgspec.json.encode(_judged_by(problem, bundle)))
    golden = ENVIRONMENTS[problem.environment].golden(problem)
    (folder / "solution" / marks["ANSWER"]).write_text(golden.text, "utf-8")


def _judged_by(problem: Problem, bundle: Bundle) -> Problem:
    """Return the problem with the rewarded tests alone, and without what a solver could learn an answer from."""
    induction = problem.environment == "induction"
    return msgspec.structs.replace(
        problem,
        tests=split_tests(problem, bundle.settings.tests).rewarded if induction else problem.tests,
        golden=Solution(language="python", code=""),
        statement="",
        examples=(),
        wrong=(),
        validator="",
        provenance=(),
    )


def _task(problem: Problem, bundle: Bundle) -> dict[str, object]:
    measured = problem.pass_rate
    tests = max(1, len(problem.tests))
    return {
        "schema_version": "1.4",
        "task": {
            "name": f"{bundle.settings.module}/{short_name(problem)}",
            "description": problem.title,
            "keywords": [use.name for use in problem.features],
        },
        "metadata": {
            "problem": problem.id,
            "chain": problem.lineage.chain_id,
            "turn": problem.lineage.turn,
            "environment": problem.environment,
            "band": measured.claimed_band if measured else None,
            "likely_band": likely_band(measured),
        },
        "verifier": {"timeout_sec": 60.0 + tests * (10 * problem.contract.limits.time_s + 10)},
        "agent": {"timeout_sec": 1800.0},
        "environment": {
            "build_timeout_sec": 600.0,
            "cpus": 1,
            "memory_mb": problem.contract.limits.memory_mb + 1024,
            "storage_mb": 10240,
        },
    }
