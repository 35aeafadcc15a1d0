"""For verifiers: a package that installs one task set, whose replies are judged by our server."""

from pathlib import Path

import msgspec

from stepsmith.core.records import Problem
from stepsmith.core.stats import likely_band
from stepsmith.envs import ENVIRONMENTS
from stepsmith.exports.bundle import Bundle, ExportSettings
from stepsmith.exports.jsonl import write_lines
from stepsmith.exports.templates import filled
from stepsmith.train.verl.rows import ground_truth, prompt_of
from stepsmith.train.verl.standalone import standalone

USAGE = """\
An environment package for verifiers 0.4 (API v1), judged by a running `stepsmith judge serve`:

    pip install FOLDER
    vf-validate MODULE --runtime.type subprocess --rich False

`--env.taskset.half test` has the test half, `--env.taskset.task.judge_url` is the judge's address (or
`STEPSMITH_JUDGE_URL`), `--env.taskset.task.reward` one of Stepsmith's rewards. What cannot be judged is an error of the
trace, never a reward of 0.
"""


def refuses(_problem: Problem) -> str | None:
    """Return None: the judge serves every environment, with any checker."""
    return None


def write(bundle: Bundle, folder: Path) -> None:
    """Write ``pyproject.toml`` and the package, with all problems of both halves."""
    module = bundle.settings.module
    package = folder / module
    package.mkdir()
    marks = {"MODULE": module, "JUDGE_URL": bundle.settings.judge_url}
    (folder / "pyproject.toml").write_text(filled("verifiers/pyproject.toml", marks), "utf-8")
    (package / "__init__.py").write_text(filled("verifiers/init.py", marks), "utf-8")
    (package / "taskset.py").write_text(filled("verifiers/taskset.py", marks), "utf-8")
    (package / "judging.py").write_text(standalone("stepsmith.train.verl.reward"), "utf-8")
    rows = (task_row(problem, half, bundle.settings) for half, part in bundle.halves for problem in part)
    write_lines(package / "problems.jsonl", rows)


def task_row(problem: Problem, half: str, settings: ExportSettings) -> dict[str, object]:
    """Return what ``taskset.py`` knows of a problem: the task's data, what replies are judged by, a golden reply."""
    environment, measured = ENVIRONMENTS[problem.environment], problem.pass_rate
    task = {
        "id": problem.id,
        "name": problem.title,
        "prompt": prompt_of(problem, settings.form),
        "environment": problem.environment,
        "band": measured.claimed_band if measured else None,
        "likely_band": likely_band(measured),
        "chain": problem.lineage.chain_id,
    }
    truth = msgspec.json.encode(ground_truth(problem, settings.tests)).decode()
    golden = environment.write(environment.golden(problem))
    return {"half": half, "task": task, "ground_truth": truth, "golden": golden}
