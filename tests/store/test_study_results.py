from pathlib import Path

import msgspec
import pytest

from stepsmith.core.errors import StoreError
from stepsmith.core.stats import mean_of, paired
from stepsmith.store.study_results import (
    RESULTS,
    SUMMARY,
    ArmResult,
    ArmRow,
    Comparison,
    MetricTable,
    Summary,
    read_summary,
    write_results,
    write_summary,
)

RESULT = ArmResult(arm="a", seed=3, values={"all": 0.5}, stages={"rl": "rl-1"}, steps={"rl": 9}, curve=((0, 0.1),))
TABLE = MetricTable(
    rows=(ArmRow(arm="a", values={3: 0.5, 4: 0.7}, mean=mean_of([0.5, 0.7])), ArmRow(arm="b", values={}, mean=None)),
    comparisons=(Comparison(arm="a", against="b", paired=paired([0.5, 0.7], [0.1, 0.2]), adjusted_p=0.4),),
)
WHOLE = Summary(
    name="s", question="Which?", source="", reading="", seeds=(3, 4), arms={"a": "", "b": ""},
    metrics={"all": TABLE}, results=(RESULT,), failures={"b, seed 3": "gone"},
)  # fmt: skip


def test_a_summary_comes_back(tmp_path: Path) -> None:
    write_summary(tmp_path, WHOLE)
    assert read_summary(tmp_path) == WHOLE


def test_results_are_a_record_per_line_and_are_replaced(tmp_path: Path) -> None:
    write_results(tmp_path, [RESULT, RESULT])
    write_results(tmp_path, [RESULT])
    (line,) = (tmp_path / RESULTS).read_bytes().splitlines()
    assert msgspec.json.decode(line, type=ArmResult) == RESULT


def test_a_missing_summary_and_an_older_one_are_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"summary\.json cannot be read: No such file"):
        read_summary(tmp_path)
    (tmp_path / SUMMARY).write_text('{"name": "s", "outcomes": {}}')
    with pytest.raises(StoreError, match=r"outcomes.*--resume to write it again"):
        read_summary(tmp_path)
