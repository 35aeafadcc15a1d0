from pathlib import Path

import pytest

from stepsmith.pipeline.studies.definition import Study
from stepsmith.pipeline.studies.summary import summarize
from stepsmith.store.study_results import ArmResult
from tests.pipeline.study_runs import STUDY, written


@pytest.fixture
def small(tmp_path: Path) -> Study:
    return written(tmp_path, STUDY.partition("[arms.chance]")[0])  # the arms none, plain and best


def result(arm: str, seed: int, value: float) -> ArmResult:
    return ArmResult(arm=arm, seed=seed, values={"all": value}, stages={})


def test_means_and_differences_by_hand(small: Study) -> None:
    """Differences of best and none are .3, .4 and .5: t(.975, 2) * .1 / sqrt 3 = .2484."""
    values = {"none": (0.1, 0.1, 0.2), "plain": (0.2, 0.3, 0.3), "best": (0.4, 0.5, 0.7)}
    results = [result(arm, seed, value) for arm, row in values.items() for seed, value in enumerate(row)]
    found = summarize(small, (0, 1, 2), list(small.arms), results, {}).metrics["all"]
    assert [(row.arm, row.mean.n, row.mean.mean) for row in found.rows if row.mean] == [
        (arm, 3, pytest.approx(sum(row) / 3)) for arm, row in values.items()
    ]
    pairs = {(c.arm, c.against): c for c in found.comparisons}
    assert set(pairs) == {("plain", "none"), ("best", "none"), ("best", "plain")}
    best = pairs["best", "none"].paired
    assert (best.n, best.mean, best.positive, best.negative) == (3, pytest.approx(0.4), 3, 0)
    assert best.interval == (pytest.approx(0.4 - 0.2484, abs=1e-4), pytest.approx(0.4 + 0.2484, abs=1e-4))
    lowest = min(found.comparisons, key=lambda c: c.paired.p or 1)
    assert lowest.adjusted_p == pytest.approx(3 * (lowest.paired.p or 1))  # Holm: the smallest p times the number


def test_only_seeds_that_both_arms_have_are_compared(small: Study) -> None:
    results = [result("none", 0, 0.1), result("none", 1, 0.2), result("best", 1, 0.5)]
    summary = summarize(small, (0, 1), list(small.arms), results, {"best, seed 0": "the judge is gone"})
    table = summary.metrics["all"]
    (only,) = table.comparisons
    assert (only.arm, only.against, only.paired.n, only.paired.mean) == ("best", "none", 1, pytest.approx(0.3))
    assert (only.paired.p, only.adjusted_p) == (None, None)
    assert {row.arm: row.mean and row.mean.n for row in table.rows} == {"none": 2, "plain": None, "best": 1}
    assert set(summary.metrics) == {"all"}  # a metric without values has no table
    assert summary.failures == {"best, seed 0": "the judge is gone"}


FITS = """
[[fits]]
name = "tasks"
arms = { none = 250, plain = 500, best = 1000 }
[[fits]]
name = "steps"
curve = "best"
"""


def scaled(arm: str, seed: int, loss: float, curve: dict[int, float] | None = None) -> ArmResult:
    values = {"all": 1 - loss, "all:loss": loss}
    steps = tuple((curve or {}).items())
    return ArmResult(arm=arm, seed=seed, values=values, stages={}, loss_curve=steps)


def test_power_laws_are_fitted_to_arms_and_to_a_curve(tmp_path: Path) -> None:
    text = STUDY.partition("[arms.chance]")[0].replace('"all@4", "all:no_answer"', '"all:loss"')
    study = written(tmp_path, text + FITS)
    curve = {0: 6.0, 10: 0.8, 20: 0.4, 40: 0.2}  # step 0 has no logarithm
    results = [
        scaled(arm, seed, factor * size**-0.5, curve if arm == "best" else None)
        for arm, size in (("none", 250), ("plain", 500), ("best", 1000))
        for seed, factor in enumerate((5, 10))
    ]
    found = {(fit.size, fit.metric): fit for fit in summarize(study, (0, 1), list(study.arms), results, {}).fits}
    assert set(found) == {("tasks", "all"), ("tasks", "all:loss"), ("steps", "all:loss")}
    tasks = found["tasks", "all:loss"]
    assert tasks.law.exponent.mean == pytest.approx(-0.5, abs=1e-3)  # values are rounded as they are printed
    assert tasks.values[1] == {250: 0.6325, 500: 0.4472, 1000: 0.3162}
    assert found["tasks", "all"].values == tasks.values  # of a pass rate, what is not solved
    assert found["steps", "all:loss"].law.exponent.mean == pytest.approx(-1)
    assert list(found["steps", "all:loss"].values[0]) == [10, 20, 40]
