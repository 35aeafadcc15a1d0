"""A data set for Hugging Face's ``datasets``: every column of ``problems.parquet``, and the prompt.

``load_problems`` reads the Parquet files, too: nothing is lost.
"""

from pathlib import Path

import pyarrow as pa

from stepsmith.core.records import Problem
from stepsmith.exports.bundle import Bundle
from stepsmith.store.dataset import PROBLEM_SCHEMA, Row, problem_row, write_rows
from stepsmith.train.settings import PromptLength
from stepsmith.train.verl.rows import prompt_of

SCHEMA = PROBLEM_SCHEMA.append(pa.field("prompt", pa.string()))
DATA_FILES = {"default": {"train": "data/train.parquet", "test": "data/test.parquet"}}
USAGE = """\
```python
from datasets import load_dataset

problems = load_dataset("FOLDER", split="train")
```

`stepsmith.load_problems("FOLDER/data")` reads the same files as problems that can be judged.
"""


def refuses(_problem: Problem) -> str | None:
    """Return None: every problem can be a row."""
    return None


def write(bundle: Bundle, folder: Path) -> None:
    """Write ``data/train.parquet`` and ``data/test.parquet``."""
    (folder / "data").mkdir()
    for name, part in bundle.halves:
        write_rows(folder / "data" / f"{name}.parquet", SCHEMA, (row(one, bundle.settings.form) for one in part))


def row(problem: Problem, form: PromptLength) -> Row:
    """Return the row of a problem, under ``SCHEMA``."""
    return {**problem_row(problem), "prompt": prompt_of(problem, form)}
