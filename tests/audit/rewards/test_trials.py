import pytest

from stepsmith.audit.rewards.trials import Expected, Odd, Reply, Tried

RIGHT, WRONG = Reply(rewards=(1.0,)), Reply(rewards=(0.0,))


@pytest.mark.parametrize(
    ("expected", "holding", "not_holding"),
    [
        (Expected(kind="earns", low=0.5), RIGHT, WRONG),
        (Expected(kind="earns", low=0.5), RIGHT, Reply(ending="raised")),
        (Expected(kind="refused", high=0.5), WRONG, RIGHT),
        (Expected(kind="refused", high=0.5), WRONG, Reply(rewards=(None,))),
        (Expected(kind="outside", low=0.0, high=1.0), Reply(rewards=(1.5,)), RIGHT),
        (Expected(kind="masked"), Reply(rewards=(None,)), Reply()),
        (Expected(kind="odd"), Reply(rewards=(1.0, Odd(text="nan"))), RIGHT),
        (Expected(kind="ends", word="died"), Reply(ending="died"), Reply(ending="raised")),
        (Expected(kind="unequal", wanted=(1.0,)), WRONG, RIGHT),
        (Expected(kind="unequal", wanted=(1.0,)), Reply(rewards=(1.0, 1.0)), Reply(ending="raised")),
    ],
)
def test_what_a_trial_shows(expected: Expected, holding: Reply, not_holding: Reply) -> None:
    assert expected.holds(Tried((holding,), None))
    assert not expected.holds(Tried((not_holding,), None))


def test_markers_and_variation() -> None:
    assert Expected(kind="marks", word="fork").holds(Tried((WRONG,), "fork program"))
    assert not Expected(kind="marks", word="fork").holds(Tried((WRONG,), None))
    assert Expected(kind="varies").holds(Tried((RIGHT, WRONG), None))
    assert not Expected(kind="varies").holds(Tried((RIGHT, RIGHT), None))
