"""Evaluations in the list of runs: finished, going on, stopped, damaged."""

import os
from pathlib import Path

import pytest

from stepsmith.core.errors import RunFolderError
from stepsmith.evaluate.asking import ASKED, SAMPLES
from stepsmith.evaluate.evaluation import EVALUATION, Evaluation, write_evaluation
from stepsmith.evaluate.metrics import Failures, Figures, ScoreTable, metrics_of
from stepsmith.view.evaluations import evaluation_figures, evaluation_status, score_figures
from stepsmith.view.runs import figures_in, status_of
from tests.evaluate.test_comparing import BASE
from tests.evaluate.test_metrics import PROBLEMS, SCORED, sample
from tests.report.runs import HOSTILE
from tests.view.conftest import serving

SCORE = Figures(
    problems=2, samples=4, average=0.5, standard_error=0.1, low=0.3, high=0.7, pass_at_k={"1": 0.5, "2": 0.8}
)
METRICS = ScoreTable(
    all=SCORE, parts={"base": SCORE}, groups={"difficulty": {"easy": SCORE}},
    outcomes={"passed": Failures(count=2, share=0.5, median_characters=10.0)},
)  # fmt: skip


def test_a_finished_one_tells_its_figures(tmp_path: Path) -> None:
    (tmp_path / EVALUATION).write_bytes(b"{}")
    status = evaluation_status(tmp_path)
    assert status is not None
    assert status.state == "finished"
    with pytest.raises(RunFolderError, match="cannot be read"):
        evaluation_figures(tmp_path)
    figures = score_figures(METRICS)
    assert figures["average"] == {"": 0.5}
    assert figures["pass@k"] == {"k = 1": 0.5, "k = 2": 0.8}
    assert figures["outcomes"] == {"passed": 2.0}
    assert figures["average by difficulty"] == {"easy": 0.5}


def test_one_that_goes_on_counts_its_answers_and_one_that_stopped_says_how_to_go_on(tmp_path: Path) -> None:
    assert evaluation_status(tmp_path) is None
    (tmp_path / ASKED).write_text("{}")
    (tmp_path / SAMPLES).write_text("{}\n{}\n{")
    assert status_of(tmp_path).state == "running"
    assert evaluation_figures(tmp_path) == {"answers": {"": 2.0}}
    for name in (ASKED, SAMPLES):
        os.utime(tmp_path / name, (1, 1))
    assert status_of(tmp_path).state == "stopped"
    assert "same `stepsmith eval` command" in status_of(tmp_path).resume


def test_the_page_has_the_grid_the_curves_and_the_shortest_failing_tests(tmp_path: Path) -> None:
    scored = [*SCORED, sample("b", 2, "wrong answer", failed_test=f"f(1) {HOSTILE}", got="2")]
    folder = tmp_path / "runs" / "score"
    write_evaluation(folder, Evaluation(conditions=BASE, metrics=metrics_of(PROBLEMS, scored)), scored)
    with serving(tmp_path / "runs") as served:
        _, _, text = served.request("/runs/0/score")
        _, _, first = served.request("/")
    assert '<a href="/runs">Show the runs</a>' in first  # the first page lists problems, and here are none
    for key in ("grid", "curve", "lengths"):
        assert f'id="figure-{key}"' in text
    assert "Shortest failing tests" in text
    assert "<code>f(1) " in text
    assert HOSTILE not in text


def test_what_is_numbered_stands_in_the_order_of_its_numbers() -> None:
    counted = {"pass@k": {f"k = {k}": k / 10 for k in (8, 1, 2)}, "outcomes": {"crash": 1.0, "passed": 2.0}}
    ranked, others = figures_in(counted).counted
    assert [name for name, _, _ in ranked.parts] == ["k = 1", "k = 2", "k = 8"]
    assert [name for name, _, _ in others.parts] == ["passed", "crash"]
