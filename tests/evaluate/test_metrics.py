"""Figures by hand, and against the published estimator."""

import pytest

from stepsmith.benchmarks.problem import BenchmarkProblem
from stepsmith.benchmarks.verdict import Outcome
from stepsmith.core.stats import wilson_interval
from stepsmith.evaluate.metrics import figures_of_counts, metrics_of, shares
from stepsmith.evaluate.scoring import ScoredSample


def sample(task: str, number: int, outcome: Outcome, **more: object) -> ScoredSample:
    return ScoredSample(task_id=task, number=number, outcome=outcome, **more)  # type: ignore[arg-type]


PROBLEMS = [
    BenchmarkProblem(task_id="a", prompt="", difficulty="easy", date="2024-10-05"),
    BenchmarkProblem(task_id="b", prompt="", difficulty="hard", date="2024-11-05", features=("dp", "graphs")),
]
SCORED = [
    sample("a", 0, "passed", parts=(("base", True), ("plus", True)), characters=10, tokens=5),
    sample("a", 1, "wrong answer", parts=(("base", True), ("plus", False)), characters=30, tokens=15),
    sample("b", 0, "crash", parts=(("base", False), ("plus", False)), characters=20),
    sample("b", 1, "wrong answer", parts=(("base", False), ("plus", True)), characters=50),
]


def test_figures_by_hand() -> None:
    metrics = metrics_of(PROBLEMS, SCORED)
    assert metrics.all.pass_at_k == {"1": 0.25, "2": 0.5}
    assert metrics.all.average == 0.25
    assert metrics.all.standard_error == pytest.approx(0.5 / 2 / 2**0.5, rel=0.05)  # of a mean of two clusters
    assert metrics.parts["base"].average == 0.5
    assert {value: one.average for value, one in metrics.groups["difficulty"].items()} == {"easy": 0.5, "hard": 0.0}
    assert list(metrics.groups["month"]) == ["2024-10", "2024-11"]
    assert metrics.groups["feature"]["dp"].problems == 1
    assert "environment" not in metrics.groups
    wrong = metrics.outcomes["wrong answer"]
    assert (wrong.count, wrong.share, wrong.median_characters, wrong.mean_tokens) == (2, 0.5, 40.0, 15.0)
    assert list(metrics.outcomes) == ["passed", "wrong answer", "crash"]
    assert shares(SCORED) == {"a": 0.5, "b": 0.0}


def test_unequal_numbers_of_samples_give_pass_at_k_up_to_the_fewest() -> None:
    metrics = metrics_of(PROBLEMS, [*SCORED, sample("a", 2, "passed")])
    assert list(metrics.all.pass_at_k) == ["1", "2"]
    assert metrics.all.average == pytest.approx((2 / 3 + 0) / 2)


def test_equal_shares_still_have_an_interval() -> None:
    none = figures_of_counts([(4, 0)] * 20)
    assert (none.low, none.high) == wilson_interval(0, 20)
    assert none.standard_error == 0.0
