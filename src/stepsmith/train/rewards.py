"""Rewards: plain functions from what became of a reply to a number, or to None for "leave this sample out".

Every one of them keeps three rules. IE is never a reward: where our own machinery failed, the answer is None. No test
means no proof: a judgement without tests, or with fewer than there are, is no pass. And what a program does wrong,
crashing and running out of time included, costs it its reward: nothing that an answer can do gets it None.
"""

from collections.abc import Callable
from typing import Literal, NamedTuple

import msgspec

from stepsmith.core.records import Environment, Judgement, Record, Verdict

Status = Literal["judged", "no-answer", "truncated"]
RewardName = Literal["binary", "x-coder", "fraction", "all-or-part", "stepped"]


class Outcome(Record, frozen=True, kw_only=True):
    """What became of a reply: cut off at the length limit, without an answer in the asked form, or judged.

    ``judgement`` is over the ``tests`` tests that are rewarded; None unless judged.
    """

    status: Status
    judgement: Judgement | None = None
    tests: int = 0


class Reward(NamedTuple):
    """A reward function, and whether it needs the result of every test rather than the first failure."""

    function: Callable[[Outcome], float | None]
    every_test: bool


class RewardSettings(Record, frozen=True, kw_only=True):
    """Which reward, where need be by environment, and whether truncated replies are left out instead of punished."""

    reward: RewardName = "binary"
    environments: dict[Environment, RewardName] = msgspec.field(default_factory=dict)
    mask_truncated: bool = False

    def for_environment(self, environment: Environment) -> Reward:
        """Return the reward of an environment."""
        return REWARDS[self.environments.get(environment, self.reward)]


def binary(outcome: Outcome) -> float | None:
    """Deep Dive: 1 if every test passes, else 0."""
    if outcome.judgement is None:
        return 0.0
    if unjudged(outcome):
        return None
    return float(passed_all(outcome))


def x_coder(outcome: Outcome) -> float | None:
    """X-Coder: -2 for no code or a compile failure, else 5 × the fraction of tests passed."""
    if outcome.judgement is None or outcome.judgement.verdict is Verdict.CE:
        return -2.0
    part = fraction(outcome)
    return None if part is None else 5.0 * part


def fraction(outcome: Outcome) -> float | None:
    """The fraction of tests passed; 0 without an answer."""
    if outcome.judgement is None:
        return 0.0
    if unjudged(outcome):
        return None
    return passed(outcome) / outcome.tests


def all_or_part(outcome: Outcome) -> float | None:
    """1 if every test passes, else 0.3 × the fraction passed (our choice).

    X-Coder saw RL game edge cases for partial credit: here no part comes near the whole.
    """
    part = fraction(outcome)
    return part if part is None or passed_all(outcome) else 0.3 * part


def stepped(outcome: Outcome) -> float | None:
    """0 without an answer, 0.1 for one in the asked form, up to 0.4 for tests passed, 0.5 for all (our choice).

    For models that do not keep to the form yet.
    """
    part = fraction(outcome)
    if part is None or outcome.judgement is None:
        return part
    return 1.0 if passed_all(outcome) else 0.1 + 0.4 * part


def unjudged(outcome: Outcome) -> bool:
    """Say whether our machinery failed on any test, or there was no test to judge by."""
    judgement = outcome.judgement
    if judgement is None:
        return False
    if not outcome.tests:
        return True
    return judgement.verdict is Verdict.IE or any(test.verdict is Verdict.IE for test in judgement.tests)


def passed(outcome: Outcome) -> int:
    """Return how many tests passed."""
    return sum(test.verdict is Verdict.AC for test in outcome.judgement.tests) if outcome.judgement else 0


def passed_all(outcome: Outcome) -> bool:
    """Say whether the verdict is AC and every test is there and passed."""
    judged = outcome.judgement
    return judged is not None and judged.verdict is Verdict.AC and 0 < outcome.tests == passed(outcome)


REWARDS: dict[RewardName, Reward] = {
    "binary": Reward(binary, every_test=False),
    "x-coder": Reward(x_coder, every_test=True),
    "fraction": Reward(fraction, every_test=True),
    "all-or-part": Reward(all_or_part, every_test=True),
    "stepped": Reward(stepped, every_test=True),
}
