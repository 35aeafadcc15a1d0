"""A folder with an inspect_ai task: the problems' prompts, and a scorer that asks Stepsmith for the verdicts."""

import json
import sys
from importlib.resources import files
from pathlib import Path

from stepsmith.benchmarks.data import BenchmarkData
from stepsmith.core.errors import ConfigError


def write_inspect_task(folder: Path, data: BenchmarkData, extraction: str) -> None:
    """Write ``task.py``, ``problems.jsonl`` and ``settings.json`` into a new or empty folder.

    Raises ``ConfigError`` for a folder that holds something.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"--out {folder} is not a new or empty folder; give another one")
    folder.mkdir(parents=True, exist_ok=True)
    text = files("stepsmith.evaluate").joinpath("files", "inspect_task.py").read_text("utf-8")
    (folder / "task.py").write_text(text.removeprefix("# mypy: ignore-errors\n"), "utf-8")
    rows = (
        {"id": problem.task_id, "prompt": data.benchmark.prompt(problem), "reference": problem.answer}
        for problem in data.problems
    )
    (folder / "problems.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    command = [
        sys.executable, "-m", "stepsmith", "eval", "answer",
        "--benchmark", data.benchmark.name, "--data", str(data.path.resolve()), "--extraction", extraction,
    ]  # fmt: skip
    settings = {"benchmark": data.benchmark.name, "problems_id": data.problems_id, "command": command}
    (folder / "settings.json").write_text(json.dumps(settings, indent=1) + "\n", "utf-8")
