from collections import Counter

import pytest

from stepsmith.core.errors import ConfigError
from stepsmith.core.stats import pass_rate
from stepsmith.curriculum import (
    Evidence,
    Layout,
    Sampler,
)
from stepsmith.curriculum.adaptive import Learnability, LearningProgress, Thompson
from tests.curriculum.items import an_item, moment, seen


def test_learnability_odds_by_hand_and_re_estimated() -> None:
    items = [an_item("a", pass_rate=pass_rate(16, 32)), an_item("b", pass_rate=pass_rate(0, 32))]
    evidence = Evidence(half_life=0.1)
    cell = Learnability(prior_attempts=8).cells(moment(items, evidence))["all"]
    assert cell.odds == pytest.approx([25 / 110, 9 / 110])  # Beta(5, 5), Beta(1, 9)
    for k in range(40):  # b is learnt half, a wholly
        seen(evidence, "a", 8, 8, now=0.5 + k / 100)
        seen(evidence, "b", 4, 8, now=0.5 + k / 100)
    later = Learnability(prior_attempts=8).cells(moment(items, evidence, 0.9))["all"]
    assert later.odds[1] > 10 * later.odds[0]


def test_learnability_draws_by_its_odds() -> None:
    items = [an_item("even", pass_rate=pass_rate(32, 64)), an_item("never", pass_rate=pass_rate(0, 64))]
    curriculum = Learnability(prior_attempts=8, half_life=1000)
    ids = Counter(Sampler(items, curriculum, Layout(groups=1, group_size=1, batches=2000)))
    assert ids["even"] / 2000 == pytest.approx(25 / 34, abs=0.04)  # four standard deviations


def test_thompson_takes_what_is_near_the_target_and_explores_the_unknown() -> None:
    items = [an_item(f"sure-{k:02}", pass_rate=pass_rate(64, 64)) for k in range(20)]
    items += [an_item("half", pass_rate=pass_rate(32, 64)), an_item("unknown", None)]
    curriculum = Thompson(prior_attempts=64)
    picks = Counter(
        item.id
        for seed in range(200)
        for item in curriculum.cells(moment(items, Evidence(), wanted=1, seed=seed))["nearest"].items
    )
    assert picks["half"] > 120
    assert picks["unknown"] > 10
    assert picks["half"] + picks["unknown"] == 200
    assert len(curriculum.cells(moment(items, Evidence(), wanted=5))["nearest"].items) == 5


def test_thompson_comes_back_to_what_it_gave_up() -> None:
    evidence = Evidence(half_life=0.1)
    items = [an_item("hopeless", None), an_item("half", None)]

    def share(now: float) -> float:
        seen(evidence, "half", 50, 100, now)
        draws = [Thompson().cells(moment(items, evidence, now, 1, seed))["nearest"].items[0].id for seed in range(300)]
        return draws.count("hopeless") / 300

    seen(evidence, "hopeless", 0, 64, 0.0)
    assert share(0.0) == 0
    assert share(0.8) > 0.02


def test_learning_progress_by_hand() -> None:
    items = [an_item("easy", "easy"), an_item("hard", "hard"), an_item("medium", "medium")]
    curriculum = LearningProgress(half_life=0.2, fast=0.5, explore=0.3)
    evidence = Evidence(half_life=curriculum.half_life, fast_half_life=curriculum.fast_half_life)
    even = {name: cell.weight for name, cell in curriculum.cells(moment(items, evidence)).items()}
    assert even == pytest.approx({"easy": 1 / 3, "medium": 1 / 3, "hard": 1 / 3})
    for name, first, second in (("easy", 8, 8), ("medium", 0, 8), ("hard", 8, 0)):
        seen(evidence, name, first, 8, now=0.0)
        seen(evidence, name, second, 8, now=0.2)
    # medium: slow 8 of 12 (the old 8 count half), fast 8 of 10 (a quarter): |.8 - 2/3|; hard mirrors it; easy is flat
    weights = {name: cell.weight for name, cell in curriculum.cells(moment(items, evidence, 0.2)).items()}
    assert weights == pytest.approx({"easy": 0.1, "medium": 0.1 + 0.35, "hard": 0.1 + 0.35})


def test_learning_progress_needs_a_choice() -> None:
    with pytest.raises(ConfigError, match="all 3 problems are medium"):
        LearningProgress().check([an_item(str(k)) for k in range(3)], "")
