"""For verl, in two forms: rows with a reward function that asks our judge, and rows for verl's own scorer.

The first form serves every problem and never takes our failures for wrong answers (docs/verl.md). The second, in
``codecontests/``, needs no code: verl runs the program on a SandboxFusion address, which our judge server has, and
compares the outputs itself. It looks at ten tests and scores their share; a failure of ours or its own counts as 0.
"""

from pathlib import Path

import msgspec

from stepsmith.core.records import Problem
from stepsmith.exports.bundle import Bundle, ExportSettings
from stepsmith.exports.plain import not_plain, plain_tests
from stepsmith.scoring.tests import split_tests
from stepsmith.store.dataset import Row, write_rows
from stepsmith.train.verl import write_data
from stepsmith.train.verl.rows import ROW_SCHEMA, verl_row

OWN_SCORER, MOST_TESTS = "codecontests", 10  # verl's name of the scorer, and how many tests it looks at
DATA_FILES = {"default": {"train": "train.parquet", "test": "test.parquet"}}
USAGE = f"""\
`reward.custom_reward_function.path=FOLDER/reward.py`, `data.train_files=FOLDER/train.parquet` and a running
`stepsmith judge serve`; docs/verl.md of Stepsmith says more.

`FOLDER/{OWN_SCORER}` has the problems that verl's own scorer can judge, for
`reward.sandbox_fusion.url=http://127.0.0.1:8005/run_code` and no reward function. It compares outputs as texts, looks
at {MOST_TESTS} tests, gives the share that pass, and scores every failure with 0, also those of the sandbox: prefer the
first form.
"""


def refuses(_problem: Problem) -> str | None:
    """Return None: the reward function judges every environment, with any checker."""
    return None


def write(bundle: Bundle, folder: Path) -> None:
    """Write both halves and ``reward.py``. Raises ``ConfigError`` if a half is empty: verl wants both."""
    settings = bundle.settings
    write_data(bundle.train, bundle.test, folder, form=settings.form, tests=settings.tests)
    (folder / OWN_SCORER).mkdir()
    for name, part in bundle.halves:
        plain = [problem for problem in part if not_plain(problem) is None]
        rows = (own_scorer_row(problem, index, name, settings) for index, problem in enumerate(plain))
        write_rows(folder / OWN_SCORER / f"{name}.parquet", ROW_SCHEMA, rows)


def own_scorer_row(problem: Problem, index: int, half: str, settings: ExportSettings) -> Row:
    """Return the row of a plain problem for verl's own scorer."""
    tests = plain_tests(problem, split_tests(problem, settings.tests).rewarded[:MOST_TESTS])
    truth: dict[str, object] = {"inputs": [test.input for test in tests], "outputs": [test.output for test in tests]}
    if problem.contract.entry_point:
        truth["fn_name"] = problem.contract.entry_point.rpartition(".")[2]
        truth["outputs"] = [_as_printed(test.output) for test in tests]
    row = verl_row(problem, index, half, settings.form, settings.tests)
    model = {"style": "rule", "ground_truth": msgspec.json.encode(truth).decode()}
    return {**row, "data_source": OWN_SCORER, "reward_model": model}


def _as_printed(output: str) -> str:
    """Return a JSON value as verl prints what a function returns: a string without quotes."""
    value = msgspec.json.decode(output)
    return value if isinstance(value, str) else output
