"""An evaluation is read back as it was written."""

from pathlib import Path

import pytest

from stepsmith.core.errors import RunFolderError
from stepsmith.evaluate.evaluation import Evaluation, holds_evaluation, read_evaluation, write_evaluation
from stepsmith.evaluate.metrics import metrics_of
from tests.evaluate.test_comparing import BASE
from tests.evaluate.test_metrics import PROBLEMS, SCORED


def test_written_and_read(tmp_path: Path) -> None:
    evaluation = Evaluation(conditions=BASE, metrics=metrics_of(PROBLEMS, SCORED))
    write_evaluation(tmp_path / "e", evaluation, SCORED)
    assert holds_evaluation(tmp_path / "e")
    assert read_evaluation(tmp_path / "e") == (evaluation, SCORED)


def test_a_folder_without_one(tmp_path: Path) -> None:
    assert not holds_evaluation(tmp_path)
    with pytest.raises(RunFolderError, match=r"holds no evaluation .evaluation.json is missing"):
        read_evaluation(tmp_path)
    (tmp_path / "evaluation.json").write_text("{}")
    with pytest.raises(RunFolderError, match="cannot be read"):
        read_evaluation(tmp_path)
