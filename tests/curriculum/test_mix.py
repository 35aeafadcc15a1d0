from collections import Counter

import pytest

from stepsmith.core.errors import ConfigError
from stepsmith.curriculum import Item, Layout, Observation, Sampler, load_curriculum
from stepsmith.curriculum.mix import Mix
from tests.curriculum.items import an_item, batches_of, some_items


def test_the_share_of_real_problems_is_fixed_in_every_batch() -> None:
    layout = Layout(groups=8, group_size=1, batches=20)
    items = [*some_items(), *(an_item(f"real-{k}", None, real=True) for k in range(6))]
    ids = list(Sampler(items, load_curriculum("hard"), layout, mix=Mix(real=0.25)))
    for batch in batches_of(ids, layout):
        assert sum(i.startswith("real-") for i in batch) == 2
    assert max(Counter(i for i in ids if i.startswith("real-")).values()) == 7  # 40 draws over 6, in rotation
    assert not any(i.startswith("real-") for i in Sampler(items, load_curriculum("hard"), layout))


def test_environments_are_mixed_by_weight_and_each_follows_the_curriculum() -> None:
    kinds = ("induction", "deduction")
    items = [an_item(f"{kind}:{i.id}", i.band, environment=kind) for kind in kinds for i in some_items(6)]
    layout = Layout(groups=10, group_size=1, batches=40)
    sampler = Sampler(items, load_curriculum("uniform"), layout, mix=Mix(environments={"induction": 4, "deduction": 1}))
    ids = list(sampler)
    assert sum(i.startswith("induction") for i in ids) == pytest.approx(320, abs=2)
    for band in ("easy", "medium", "hard"):
        assert sum(i.startswith(f"deduction:{band}-0") for i in ids) == pytest.approx(80 / 3, abs=3)
    assert set(sampler.weights) == {f"{kind}/{band}" for kind in kinds for band in ("easy", "medium", "hard")}


def test_mastered_problems_leave_the_draws_and_come_back_for_review() -> None:
    items = [item for item in some_items(6) if item.band == "medium"]
    layout = Layout(groups=5, group_size=1, batches=20)

    def shares(review: float) -> Counter[str]:
        sampler = Sampler(items, load_curriculum("medium-only"), layout, mix=Mix(review=review))
        ids = iter(sampler)
        first = [next(ids) for _ in range(5)]
        for _ in range(3):
            sampler.observe([Observation(problem_id="medium-00", passes=16, attempts=16)])
        assert len(set(first)) == 5
        return Counter(next(ids) for _ in range(10))

    assert shares(0.2)["medium-00"] == 2  # a fifth of ten, and none beside
    assert shares(0.0)["medium-00"] in (1, 2)
    few = Sampler(items, load_curriculum("medium-only"), layout, mix=Mix(review=0.2))
    few.observe([Observation(problem_id="medium-00", passes=3, attempts=3)])  # 3 of 3 proves nothing yet
    assert few._mastered() == frozenset()


def test_all_mastered_is_no_dead_end() -> None:
    items = [item for item in some_items(3) if item.band == "medium"]
    sampler = Sampler(
        items, load_curriculum("medium-only"), Layout(groups=2, group_size=1, batches=10), mix=Mix(review=0.5)
    )
    sampler.observe([Observation(problem_id=item.id, passes=40, attempts=40) for item in items])
    assert len(list(sampler)) == 20


@pytest.mark.parametrize(
    ("items", "mix", "message"),
    [
        (some_items(2), Mix(real=0.5), "asks for 50% real problems, but none of the 8"),
        ([], Mix(), "no problem to train on"),
        ([an_item("a", real=True)], Mix(), "all problems are tagged real"),
        (
            some_items(2),
            Mix(environments={"fuzzing": 1}),
            "asks for fuzzing problems, but the data set has only induction",
        ),
        ([*some_items(1), an_item("f", "easy", environment="fuzzing")], Mix(environments={"fuzzing": 1}), "in fuzzing"),
        ([an_item("a"), an_item("a")], Mix(), "a is in the training set twice"),
    ],
)
def test_what_the_mix_lacks_is_said_at_the_start(items: list[Item], mix: Mix, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Sampler(items, load_curriculum("uniform"), Layout(groups=1, group_size=1, batches=1), mix=mix)


def test_shares_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="leave nothing"):
        Mix(real=0.6, review=0.4)
    with pytest.raises(ValueError, match="all their weights are 0"):
        Mix(environments={"fuzzing": 0})
