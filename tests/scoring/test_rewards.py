"""Rewards: their values by hand, and the three rules that all of them keep."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepsmith.core.records import Verdict
from stepsmith.scoring import outcome as outcomes
from stepsmith.scoring.outcome import Outcome
from stepsmith.scoring.rewards import REWARDS
from stepsmith.scoring.scorer import RewardSettings

NO_ANSWER, TRUNCATED = Outcome("no-answer"), Outcome("truncated")


def judged(*verdicts: str, tests: int | None = None) -> Outcome:
    """Of tests with these verdicts; "CE" alone is a compile failure."""
    first = next((v for v in verdicts if v != "AC"), "AC")
    results = [] if verdicts == ("CE",) else list(verdicts)
    return outcomes.judged(first, results, len(verdicts) if tests is None else tests)


ALL, HALF, NONE, CE = judged("AC", "AC"), judged("AC", "WA"), judged("TLE", "RTE"), judged("CE", tests=2)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [  # all, half, none, compile failure, no answer, truncated; by hand
        ("binary", (1.0, 0.0, 0.0, 0.0, 0.0, 0.0)),
        ("x-coder", (5.0, 2.5, 0.0, -2.0, -2.0, -2.0)),
        ("fraction", (1.0, 0.5, 0.0, 0.0, 0.0, 0.0)),
        ("all-or-part", (1.0, 0.15, 0.0, 0.0, 0.0, 0.0)),
        ("stepped", (1.0, 0.3, 0.1, 0.1, 0.0, 0.0)),
    ],
)
def test_rewards_by_hand(name: str, wanted: tuple[float, ...]) -> None:
    function = REWARDS[name].function
    got = tuple(function(outcome) for outcome in (ALL, HALF, NONE, CE, NO_ANSWER, TRUNCATED))
    assert got == pytest.approx(wanted)


@pytest.mark.parametrize("name", REWARDS)
@given(verdicts=st.lists(st.sampled_from([v.value for v in Verdict if v != "CE"]), min_size=1, max_size=6))
def test_ie_is_never_a_reward_and_nothing_else_is_none(name: str, verdicts: list[str]) -> None:
    reward = REWARDS[name].function(judged(*verdicts))
    assert (reward is None) == ("IE" in verdicts)
    best = REWARDS[name].function(ALL)
    if reward is not None:
        assert (reward == best) == (set(verdicts) == {"AC"})


@pytest.mark.parametrize("name", REWARDS)
def test_a_missing_test_is_no_pass(name: str) -> None:
    function = REWARDS[name].function
    assert function(judged("AC", "AC", tests=0)) is None
    assert function(Outcome("judged", "AC", 0, 3)) < function(ALL)
    assert function(judged("AC", tests=2)) < function(ALL)
    assert function(Outcome("judged", "IE", 0, 3)) is None


def test_rewards_are_chosen_by_environment() -> None:
    settings = RewardSettings(reward="x-coder", environments={"deduction": "binary"})
    assert settings.for_environment("induction") is REWARDS["x-coder"]
    assert settings.for_environment("deduction") is REWARDS["binary"]
