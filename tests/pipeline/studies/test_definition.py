from pathlib import Path

import pytest

from stepsmith.core.errors import ConfigError
from stepsmith.pipeline.studies.definition import load_study, shipped
from tests.pipeline.study_runs import STUDY, written


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("question =", "quest ="), "quest"),
        (('baseline = "none"', 'baseline = "nobody"'), "no arm 'nobody'"),
        (('["best", "plain"]', '["none", "best"]'), "best and none are one arm, or are compared twice"),
        (('["best", "plain"]', '["best", "best"]'), "best and best are one arm"),
        (('"shuffled"', "3"), "str"),
        (("change.sft.steps", "change.sft.stairs"), "stairs"),
        (('as_long_as = "best"', 'as_long_as = "none"'), "as_long_as"),
        (('[arms.none]\nstages = ["sft"]', '[arms.none]\nstages = ["rl"]'), "rl needs a model"),
        (('[arms.none]\nstages = ["sft"]', '[arms.none]\nstages = ["sft", "synth"]'), "must be its only stage"),
        (('metrics = ["all"', 'metrics = []\nextra = ["all"'), "extra"),
        (('metrics = ["all", "4 features", "all@4", "all:no_answer"]', "metrics = []"), "at least one metric"),
        (("metrics = ", "outcomes = "), "`outcomes` is now called `metrics`"),
    ],
)
def test_a_wrong_study_is_refused_in_one_line(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        written(tmp_path, STUDY.replace(*change))
    assert "mine.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_study_is_found_by_its_name_or_its_file(tmp_path: Path) -> None:
    written(tmp_path, STUDY, "named")
    assert load_study(str(tmp_path / "named.toml")).name == "named"
    assert load_study("controls") == shipped()["controls"]
    with pytest.raises(ConfigError, match=r"no study 'control': .*controls"):
        load_study("control")
    with pytest.raises(ConfigError, match=r"absent\.toml cannot be read"):
        load_study(str(tmp_path / "absent.toml"))


def test_an_arm_overrides_the_study_which_overrides_the_preset(tmp_path: Path) -> None:
    study = written(tmp_path, STUDY.replace("change.rl.random_reward", "change.rl.steps = 7\nchange.rl.random_reward"))
    trainings = study.trainings()
    assert {name: config.rl.steps for name, config in trainings.items()} == dict.fromkeys(study.arms, 40) | {
        "chance": 7
    }
    assert trainings["chance"].rl.random_reward
    assert trainings["best"].rl.curriculum == "learnability"
