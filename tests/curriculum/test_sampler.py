import json
from collections import Counter
from collections.abc import Iterator
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stepsmith.core.errors import ConfigError
from stepsmith.curriculum import Item, Layout, Mix, Observation, Sampler, Schedule, Segment, load_curriculum, presets
from stepsmith.curriculum.quotas import Quotas
from tests.curriculum.items import a_chain, an_item, some_items

ALL = Schedule(segments=(Segment(easy=1, easy_medium=1, medium=1, hard=1),))


def trl_order(unique: list[list[str]], layout: Layout) -> list[str]:
    """The loops of TRL's RepeatSampler (trl 1.16, trainer/utils.py), over batches that are given."""
    return [
        problem
        for chunk in unique
        for _ in range(layout.repeats)
        for problem in chunk
        for _ in range(layout.group_size)
    ]


def batches_of(ids: list[str], layout: Layout) -> list[list[str]]:
    """The problems of each batch, once each."""
    starts = range(0, len(ids), layout.batch_length)
    return [ids[s : s + layout.groups * layout.group_size : layout.group_size] for s in starts]


@given(st.integers(1, 5), st.integers(1, 4), st.integers(1, 4), st.integers(1, 3))
@settings(max_examples=40)
def test_ids_lie_as_trl_lays_them(groups: int, size: int, batches: int, repeats: int) -> None:
    layout = Layout(groups=groups, group_size=size, batches=batches, repeats=repeats)
    sampler = Sampler(some_items(), ALL, layout)
    ids = list(sampler)
    assert len(ids) == len(sampler) == groups * size * batches * repeats
    unique = batches_of(ids, layout)
    assert ids == trl_order(unique, layout)
    assert all(len(set(batch)) == groups for batch in unique)
    assert list(sampler) == []


def environments(kind: str) -> list[Item]:
    return some_items(4, environment=kind, chain_id=f"c-{kind}")


def crowd() -> list[Item]:
    chains = [item for k in range(6) for item in a_chain(f"k{k}", [30, 24, 15, 5 + k])]
    real = [an_item(f"real-{k}", None, real=True) for k in range(5)]
    fuzz = [an_item(f"fuzz-{band}", band, environment="fuzzing") for band in ("easy", "easy-medium", "medium", "hard")]
    return [*chains, *real, *fuzz]


def answered(problem_id: str, time: int) -> Observation:
    """A made-up result that depends on nothing but its arguments."""
    passes = (sum(map(ord, problem_id)) + time) % 9
    return Observation(problem_id=problem_id, passes=passes, attempts=8)


def play(sampler: Sampler, layout: Layout, ids: Iterator[str], done: int, count: int) -> list[str]:
    """Take ``count`` more ids after ``done``, and observe each batch that ends."""
    taken = []
    for at in range(done, done + count):
        taken.append(next(ids))
        if (at + 1) % layout.batch_length == 0:
            sampler.observe([answered(taken[-1], at), answered("k0.1", at)])
    return taken


MIXES = [
    Mix(),
    Mix(real=0.25, review=0.2, mastered=0.3),
    Mix(environments={"induction": 3, "fuzzing": 1}, real=0.1, review=0.1, mastered=0.4),
]


@pytest.mark.parametrize("name", presets())
@given(st.data())
@settings(max_examples=15)
def test_interrupted_anywhere_it_goes_on_the_same(name: str, data: st.DataObject) -> None:
    mix = data.draw(st.sampled_from(MIXES))
    layout = Layout(groups=3, group_size=2, batches=9, repeats=data.draw(st.integers(1, 2)))
    seed = data.draw(st.integers(0, 3))

    def fresh(items: list[Item]) -> Sampler:
        return Sampler(items, load_curriculum(name), layout, mix=mix, seed=seed)

    whole = fresh(crowd())
    expected = play(whole, layout, iter(whole), 0, len(whole))
    cut = data.draw(st.integers(0, len(expected)))
    first = fresh(crowd())
    before = play(first, layout, iter(first), 0, cut)
    saved = json.loads(json.dumps(first.state_dict()))
    second = fresh(data.draw(st.permutations(crowd())))
    second.load_state_dict(saved)
    assert second.state_dict() == saved
    assert before + play(second, layout, iter(second), cut, len(expected) - cut) == expected
    assert second.state_dict() == whole.state_dict()


def test_batches_read_ahead_of_the_trainer_are_given_out_again() -> None:
    layout = Layout(groups=2, group_size=3, batches=10)
    sampler = Sampler(crowd(), load_curriculum("learnability"), layout, seed=4)
    ids = iter(sampler)
    ahead = [next(ids) for _ in range(5 * layout.batch_length + 2)]  # a loader is in the sixth batch
    sampler.observe([answered("k1.2", 3)])
    saved = json.loads(json.dumps(sampler.state_dict(trained=4)))
    resumed = Sampler(crowd(), load_curriculum("learnability"), layout, seed=4)
    resumed.load_state_dict(saved)
    again = list(resumed)
    at_six = Sampler(crowd(), load_curriculum("learnability"), layout)
    list(islice(at_six, 6 * layout.batch_length))
    assert again == ahead[4 * layout.batch_length :] + list(ids)
    with pytest.raises(ValueError, match="7 batches were trained, but only the states of 0 to 6 are kept"):
        at_six.state_dict(trained=7)


def test_a_state_of_something_else_is_refused() -> None:
    layout = Layout(groups=2, group_size=2, batches=4)
    state = Sampler(some_items(), ALL, layout).state_dict()
    with pytest.raises(ConfigError, match="other problems"):
        Sampler(some_items(11), ALL, layout).load_state_dict(state)
    with pytest.raises(ConfigError, match="another curriculum"):
        Sampler(some_items(), ALL, layout, seed=1).load_state_dict(state)
    with pytest.raises(ConfigError, match="another curriculum"):
        Sampler(some_items(), load_curriculum("soft"), layout).load_state_dict(state)
    with pytest.raises(ConfigError, match="not the state of a sampler"):
        Sampler(some_items(), ALL, layout).load_state_dict({"drawn": 1})


def test_another_seed_is_another_order() -> None:
    layout = Layout(groups=4, group_size=1, batches=10)
    orders = {tuple(Sampler(some_items(), ALL, layout, seed=seed)) for seed in range(5)}
    assert len(orders) == 5


def test_every_problem_of_a_band_comes_once_before_any_comes_again() -> None:
    items = [item for item in some_items(12) if item.band == "medium"]
    ids = list(Sampler(items, load_curriculum("medium-only"), Layout(groups=3, group_size=1, batches=12)))
    rounds = [ids[start : start + 12] for start in range(0, 36, 12)]
    assert all(len(set(one)) == 12 for one in rounds)
    assert rounds[0] != rounds[1]


def test_a_newcomer_does_not_make_up_for_the_rounds_it_missed() -> None:
    items = [item for item in some_items(4) if item.band == "medium"]
    sampler = Sampler(items, load_curriculum("medium-only"), Layout(groups=1, group_size=1, batches=40))
    ids = iter(sampler)
    for _ in range(20):
        next(ids)
    sampler.add([an_item("newcomer")])
    rest = Counter(ids)
    assert rest["newcomer"] in (4, 5)  # of 20 draws over 5 problems
    with pytest.raises(ConfigError, match="newcomer is in the training set twice"):
        sampler.add([an_item("newcomer")])


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
    with pytest.raises(ValueError, match="at least 1"):
        Layout(groups=0, group_size=1, batches=1)


def test_more_groups_than_problems_repeat_rather_than_fail() -> None:
    ids = list(
        Sampler([an_item("a"), an_item("b")], load_curriculum("medium-only"), Layout(groups=5, group_size=1, batches=1))
    )
    assert sorted(ids) in (["a", "a", "a", "b", "b"], ["a", "a", "b", "b", "b"])


def test_a_result_of_an_unknown_problem_is_an_error_and_a_masked_group_none() -> None:
    sampler = Sampler(some_items(2), ALL, Layout(groups=1, group_size=1, batches=1))
    with pytest.raises(ConfigError, match="nobody"):
        sampler.observe([Observation(problem_id="nobody", passes=1, attempts=1)])
    sampler.observe([Observation(problem_id="easy-00", passes=0, attempts=0)])
    assert sampler.evidence.slow == {}


@given(st.lists(st.integers(0, 9), min_size=1, max_size=5).filter(any), st.integers(1, 200))
def test_quotas_never_stray(raw: list[int], picks: int) -> None:
    weights = {str(k): value / sum(raw) for k, value in enumerate(raw)}
    quotas, counts = Quotas(), Counter[str]()
    for n in range(1, picks + 1):
        counts[quotas.pick("x", weights)] += 1
        for name, weight in weights.items():
            assert -1 - 1e-9 < n * weight - counts[name] < len(weights)
    assert all(weights[name] > 0 for name in counts)
