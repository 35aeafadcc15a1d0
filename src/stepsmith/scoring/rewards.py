"""Rewards: functions from the outcome of a completion to a number, or to None for "leave this completion out".

Every reward keeps three rules. A failure of our own machinery (IE) is never a reward: the result is None. An answer
that was judged on no tests, or only on some of them, has not passed. A program that crashes or runs out of time has
failed: a completion can never cause its own reward to be masked.

It uses only the standard library, because the reward file for verl contains this module.
"""

from collections.abc import Callable
from typing import NamedTuple

from stepsmith.scoring.outcome import Outcome


class Reward(NamedTuple):
    """A reward function. ``every_test`` says that it needs the result of every test, not only the first failure."""

    function: Callable[[Outcome], float | None]
    every_test: bool


def binary(outcome: Outcome) -> float | None:
    """Return 1 if every test passes, else 0 (Deep Dive, arXiv 2603.24202)."""
    return None if outcome.unjudged else float(outcome.solved)


def x_coder(outcome: Outcome) -> float | None:
    """Return -2 for no code or a compile failure, else 5 × the fraction of tests passed (X-Coder, arXiv 2601.06953)."""
    if outcome.unjudged:
        return None
    return -2.0 if outcome.status != "judged" or outcome.verdict == "CE" else 5.0 * outcome.fraction


def fraction(outcome: Outcome) -> float | None:
    """Return the fraction of tests passed; 0 without an answer."""
    return None if outcome.unjudged else outcome.fraction


def all_or_part(outcome: Outcome) -> float | None:
    """Return 1 if every test passes, else 0.3 × the fraction passed (our choice).

    X-Coder saw RL collect partial credit from edge cases; here partial credit stays far below a full pass.
    """
    if outcome.unjudged:
        return None
    return 1.0 if outcome.solved else 0.3 * outcome.fraction


def stepped(outcome: Outcome) -> float | None:
    """Return 0 without an answer, else 1 if every test passes, else 0.1 + 0.4 × the fraction passed (our choice).

    For models that do not yet write answers in the right format.
    """
    if outcome.unjudged:
        return None
    if outcome.status != "judged":
        return 0.0
    return 1.0 if outcome.solved else 0.1 + 0.4 * outcome.fraction


REWARDS: dict[str, Reward] = {
    "binary": Reward(binary, every_test=False),
    "x-coder": Reward(x_coder, every_test=True),
    "fraction": Reward(fraction, every_test=True),
    "all-or-part": Reward(all_or_part, every_test=True),
    "stepped": Reward(stepped, every_test=True),
}
