"""JSON Lines: the columns of ``problems.parquet`` as one object a line, and the prompt. Nothing is lost."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from stepsmith.core.records import Problem
from stepsmith.exports import hf
from stepsmith.exports.bundle import Bundle

DATA_FILES = {"default": {"train": "train.jsonl", "test": "test.jsonl"}}
USAGE = """\
One JSON object a line, with the columns of `problems.parquet` and the prompt. `stepsmith import FOLDER/train.jsonl`
makes problems of them again.
"""


def refuses(_problem: Problem) -> str | None:
    """Return None: every problem can be a line."""
    return None


def write(bundle: Bundle, folder: Path) -> None:
    """Write ``train.jsonl`` and ``test.jsonl``."""
    for name, part in bundle.halves:
        write_lines(folder / f"{name}.jsonl", (hf.row(problem, bundle.settings.form) for problem in part))


def write_lines(path: Path, rows: Iterable[object]) -> None:
    """Write values as JSON, one a line."""
    with path.open("wb") as file:
        for row in rows:
            file.write(msgspec.json.encode(row) + b"\n")
