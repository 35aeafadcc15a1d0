import functools
from pathlib import Path

import pytest

from stepsmith.core.errors import ConfigError
from stepsmith.pipeline.studies.definition import Study
from stepsmith.pipeline.study import run_study
from tests.pipeline.fake_training import GAIN, fake_train
from tests.pipeline.study_runs import STUDY, Watcher, go, written


def test_the_figures_are_those_of_the_runs(study: Study, tmp_path: Path) -> None:
    _, results = go(study, tmp_path / "out")
    for (arm, _), result in results.items():
        assert result.values["4 features"] == pytest.approx(result.values["all"] / 2)
        assert result.values["all@4"] == pytest.approx(result.values["all"])
        gain = result.curve[-1][1] - result.curve[0][1]
        if arm in ("best", "plain"):
            assert gain == pytest.approx(GAIN["learnability" if arm == "best" else "shuffled"], abs=0.003)
        if arm == "chance":
            assert gain == 0
    trainer = functools.partial(fake_train, calls=tmp_path / "calls.jsonl")
    summary = run_study(study, tmp_path / "out", Watcher(), trainer=trainer, resume=True)
    rows = {row.arm: row for row in summary.metrics["all"].rows}
    means = {arm: row.mean.mean for arm, row in rows.items() if row.mean}
    assert means["best"] == pytest.approx(sum(results["best", seed].values["all"] for seed in range(3)) / 3)
    compared = {(c.arm, c.against): c for c in summary.metrics["all"].comparisons}
    assert set(compared) == {(arm, "none") for arm in study.arms if arm != "none"} | {("best", "plain")}
    best = compared["best", "plain"]
    assert best.paired.n == best.paired.positive == 3
    assert best.paired.mean == pytest.approx(means["best"] - means["plain"])
    assert best.paired.p is not None
    assert best.adjusted_p is not None
    assert best.adjusted_p >= best.paired.p
    chance = compared["chance", "none"].paired
    assert (chance.mean, chance.p) == (0, 1.0)


def test_an_unknown_metric_names_what_was_measured(tmp_path: Path) -> None:
    study = written(tmp_path, STUDY.replace('["all", "4 features"', '["9 features", "all"'))
    with pytest.raises(ConfigError, match=r"'9 features'.*all, 4 features"):
        go(study, tmp_path / "out")
