from collections import Counter

import pytest

from stepsmith.core.errors import ConfigError
from stepsmith.core.ids import derive_rng
from stepsmith.core.stats import pass_rate, wilson_interval
from stepsmith.curriculum import (
    Curriculum,
    Evidence,
    Item,
    Layout,
    Moment,
    Observation,
    Sampler,
    load_curriculum,
    presets,
)
from stepsmith.curriculum.adaptive import Learnability, LearningProgress, Thompson
from stepsmith.curriculum.chains import Chains, stepping_stones
from tests.curriculum.items import a_chain, an_item, some_items


def moment(items: list[Item], evidence: Evidence, progress: float = 0.0, wanted: int = 2, seed: int = 0) -> Moment:
    return Moment(progress, "", items, evidence, wanted, derive_rng(seed, "test"))


def seen(evidence: Evidence, problem_id: str, passes: int, attempts: int, now: float = 0.0) -> None:
    evidence.observe(Observation(problem_id=problem_id, passes=passes, attempts=attempts), now)


@pytest.mark.parametrize("name", presets())
@pytest.mark.parametrize("progress", [0.0, 0.3, 0.99])
def test_laws_of_every_curriculum(name: str, progress: float) -> None:
    curriculum: Curriculum = load_curriculum(name)
    items = sorted([*some_items(3), *a_chain("c", [31, 20, 3])], key=lambda item: item.id)
    evidence = Evidence(half_life=curriculum.half_life, fast_half_life=curriculum.fast_half_life)
    for k, item in enumerate(items):
        seen(evidence, item.id, k % 5, 4 + k % 3, now=progress / 2)
    curriculum.check(items, "")
    cells = curriculum.cells(moment(items, evidence, progress))
    assert sum(cell.weight for cell in cells.values()) == pytest.approx(1.0, abs=1e-12)
    for cell in cells.values():
        assert cell.weight >= 0
        assert cell.items
        assert len(cell.odds) in (0, len(cell.items))
    assert curriculum.cells(moment(items, evidence, progress)) == cells


def test_observations_fade_by_half_in_a_half_life() -> None:
    evidence = Evidence(half_life=0.2, fast_half_life=0.1)
    seen(evidence, "a", 6, 8, now=0.1)
    assert evidence.counts("a", 0.1) == (6, 8)
    assert evidence.counts("a", 0.3) == pytest.approx((3, 4))
    seen(evidence, "a", 0, 8, now=0.3)
    assert evidence.counts("a", 0.5) == pytest.approx((1.5, 6))
    assert evidence.together([an_item("a")], 0.3, fast=True) == pytest.approx((1.5, 10))


def test_the_posterior_by_hand() -> None:
    evidence = Evidence(half_life=0.1)
    item = an_item("a", pass_rate=pass_rate(24, 32))
    assert evidence.beta(item, 0.0, 8) == (1 + 6, 1 + 2)  # 24 of 32 counts like 6 of 8
    assert evidence.beta(item, 0.1, 8) == pytest.approx((1 + 3, 1 + 1))
    assert evidence.beta(item, 0.0, 100) == (1 + 24, 1 + 8)  # never like more than it was
    seen(evidence, "a", 1, 4, now=0.1)
    assert evidence.beta(item, 0.1, 8) == pytest.approx((1 + 3 + 1, 1 + 1 + 3))
    assert evidence.beta(an_item("b", None), 0.5, 8) == (1, 1)


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


def unlocked(curriculum: Chains, items: list[Item], evidence: Evidence, now: float = 0.0) -> dict[str, list[str]]:
    return {name: [i.id for i in cell.items] for name, cell in curriculum.cells(moment(items, evidence, now)).items()}


def test_stones_are_ordered_by_what_was_measured() -> None:
    items = [*a_chain("c", [4, 30, 16]), an_item("c.9", None, chain_id="c", turn=9), *a_chain("b", [1])]
    assert {c: [i.id for i in s] for c, s in stepping_stones(items).items()} == {
        "b": ["b.1"],
        "c": ["c.2", "c.3", "c.1", "c.9"],
    }


def test_a_stone_is_unlocked_by_its_easier_sibling_and_the_interval_counts() -> None:
    items, evidence = [*a_chain("c", [30, 16, 4]), *a_chain("d", [20])], Evidence()
    rule = Chains(threshold=0.5, confidence=0.8)
    assert unlocked(rule, items, evidence) == {"frontier": ["c.1", "d.1"]}
    seen(evidence, "c.1", 1, 1)
    assert wilson_interval(1, 1, 0.8)[0] < 0.5
    assert unlocked(rule, items, evidence) == {"frontier": ["c.1", "d.1"]}  # one lucky pass is not enough
    seen(evidence, "c.2", 8, 8)  # not the sibling that bars the way
    assert unlocked(rule, items, evidence)["frontier"] == ["c.1", "d.1"]
    seen(evidence, "c.1", 5, 6)
    assert wilson_interval(6, 7, 0.8)[0] >= 0.5
    assert unlocked(rule, items, evidence) == {"frontier": ["c.3", "d.1"], "before": ["c.1", "c.2"]}


def test_what_is_unlocked_stays_so() -> None:
    items, evidence = a_chain("c", [30, 16]), Evidence()
    seen(evidence, "c.1", 8, 8)
    assert unlocked(Chains(), items, evidence)["frontier"] == ["c.2"]
    for _ in range(5):
        seen(evidence, "c.1", 0, 8, now=0.5)
    assert unlocked(Chains(), items, evidence, 0.5)["frontier"] == ["c.2"]


def test_chains_advance_in_a_run() -> None:
    items = [item for k in range(3) for item in a_chain(f"c{k}", [30, 16, 4])]
    layout = Layout(groups=3, group_size=8, batches=30)
    sampler = Sampler(items, Chains(), layout)
    first_seen: dict[str, int] = {}
    for at, problem_id in enumerate(sampler):
        batch, within = divmod(at, layout.batch_length)
        first_seen.setdefault(problem_id, batch)
        if within % 8 == 7:  # chain c2 is never solved, the others always
            passes = 0 if problem_id.startswith("c2") else 8
            sampler.observe([Observation(problem_id=problem_id, passes=passes, attempts=8)])
    assert first_seen["c0.1"] < first_seen["c0.2"] < first_seen["c0.3"]
    assert "c1.3" in first_seen
    assert "c2.1" in first_seen
    assert "c2.2" not in first_seen
