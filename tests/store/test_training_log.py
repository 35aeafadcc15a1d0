from pathlib import Path

import pytest

from stepsmith.core.errors import RunFolderError, StoreError
from stepsmith.store.json_lines import read_lines
from stepsmith.store.training_log import (
    EVAL_RESULTS,
    METRICS,
    TRAINING,
    EvalResult,
    Score,
    Step,
    TrainingLog,
    read_training,
)


def a_step(step: int, seconds: float) -> Step:
    return Step(stage="rl", step=step, of=40, seconds=seconds)


def an_evaluation(step: int) -> EvalResult:
    score = Score(problems=5, samples=1, pass_at_1=0.4, low=0.1, high=0.8)
    return EvalResult(stage="rl", step=step, name="held-out", temperature=0.0, groups={"all": score})


def test_records_come_back_in_order_while_the_log_grows(tmp_path: Path) -> None:
    log = TrainingLog(tmp_path)
    assert log.seconds() == 0.0
    for step in (10, 20):
        log.step(a_step(step, step / 2))
        assert [record.step for record in read_lines(tmp_path / METRICS, Step)] == list(range(10, step + 1, 10))
    assert log.seconds() == 10.0
    log.evaluated(an_evaluation(20))
    assert list(read_lines(tmp_path / EVAL_RESULTS, EvalResult)) == [an_evaluation(20)]


def test_a_resumed_run_forgets_what_came_after_its_checkpoint(tmp_path: Path) -> None:
    log = TrainingLog(tmp_path)
    log.cut_after(0)  # nothing is there yet
    for step in (10, 20, 30):
        log.step(a_step(step, step))
        log.evaluated(an_evaluation(step))
    log.cut_after(20)
    assert [record.step for record in read_lines(tmp_path / METRICS, Step)] == [10, 20]
    assert [record.step for record in read_lines(tmp_path / EVAL_RESULTS, EvalResult)] == [10, 20]
    assert log.seconds() == 20


def test_a_half_written_last_line_is_left_out_and_a_damaged_one_is_named(tmp_path: Path) -> None:
    log = TrainingLog(tmp_path)
    log.step(a_step(10, 1.0))
    path = tmp_path / METRICS
    with path.open("ab") as file:
        file.write(b'{"stage": "rl", "st')
    assert [record.step for record in read_lines(path, Step)] == [10]
    with path.open("ab") as file:
        file.write(b"\n")
    with pytest.raises(StoreError, match=r"metrics\.jsonl, line 2"):
        list(read_lines(path, Step))


def test_a_log_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"metrics\.jsonl cannot be written"):
        TrainingLog(tmp_path / "absent").step(a_step(1, 1.0))


def test_an_unfinished_run_and_a_damaged_manifest_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="not a finished training run"):
        read_training(tmp_path)
    (tmp_path / TRAINING).write_text("{}")
    with pytest.raises(RunFolderError, match=r"training\.json cannot be read: .*required field"):
        read_training(tmp_path)
