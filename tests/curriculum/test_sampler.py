import json
from collections import Counter
from collections.abc import Iterator
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stepsmith.core.errors import ConfigError
from stepsmith.curriculum import Item, Layout, Mix, Observation, Sampler, Schedule, Segment, load_curriculum, presets
from tests.curriculum.items import a_chain, an_item, batches_of, some_items

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


def test_a_layout_has_at_least_one_of_everything() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Layout(groups=0, group_size=1, batches=1)
