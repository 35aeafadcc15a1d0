"""Rules that turn probabilities into accept or reject; ``labels.py`` compares them.

A rule returns the threshold for a target (the wanted share of wrong golden solutions among accepted problems), from
picks whose truth is known. The fixed ones look at no pick.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

LEAST = 0.02  # of the draws: fewer accepted ones say nothing about a threshold


class Pick(NamedTuple):
    """What a method says of one draw: the score by which it ranks the problem, and whether its golden is right."""

    problem: str
    n: int
    score: float
    right: bool


def fixed(times: float) -> Callable[[Sequence[Pick], float], float]:
    """No accepted problem may be wrong with more than ``times`` the target, whatever is known."""
    return lambda _, target: 1 - times * target


def plug_in(known: Sequence[Pick], target: float) -> float:
    """The lowest threshold above which no more than the target was wrong."""
    return _lowest(known, lambda accepted, wrong: wrong <= target * accepted)


def one_more(known: Sequence[Pick], target: float) -> float:
    """The same if one more of the accepted problems had been wrong, as conformal risk control assumes.

    (m·risk + 1) / (m + 1) with m accepted problems; the draws of a problem count as one. A target of .02 needs m = 49.
    """
    per = len(known) / len({pick.problem for pick in known})
    return _lowest(known, lambda accepted, wrong: wrong / per + 1 <= target * (accepted / per + 1))


def mean_stated(known: Sequence[Pick], target: float) -> float:
    """The lowest threshold above which the model itself states a mean error of no more than the target."""
    order = sorted(known, key=lambda pick: -pick.score)
    stated = np.cumsum([1 - pick.score for pick in order]) / np.arange(1, len(order) + 1)
    fine = np.nonzero(stated <= target)[0]
    return order[int(fine[-1])].score if len(fine) else 1.0


def isotonic(known: Sequence[Pick], target: float) -> float:
    """The lowest threshold above which the mean error after isotonic calibration is no more than the target."""
    order = sorted(known, key=lambda pick: -pick.score)
    blocks: list[list[float]] = []  # pool adjacent violators: [wrong, count], the error rises as the score falls
    for pick in order:
        blocks.append([float(not pick.right), 1.0])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] >= blocks[-1][0] / blocks[-1][1]:
            wrong, count = blocks.pop()
            blocks[-1][0] += wrong
            blocks[-1][1] += count
    threshold, done, wrong_so_far = 1.0, 0, 0.0
    for wrong, count in blocks:
        wrong_so_far += wrong
        done += int(count)
        if wrong_so_far > target * done:
            break
        threshold = order[done - 1].score
    return threshold


def _lowest(known: Sequence[Pick], fine: Callable[[int, int], bool]) -> float:
    order = sorted(known, key=lambda pick: -pick.score)
    threshold, wrong = 1.0, 0
    for k, pick in enumerate(order, 1):
        wrong += not pick.right
        last_of_score = k == len(order) or order[k].score != pick.score
        if last_of_score and k >= LEAST * len(order) and fine(k, wrong):
            threshold = pick.score
    return threshold


RULES = {
    "1 − 2·target": fixed(2),
    "1 − 2.5·target": fixed(2.5),
    "1 − 3·target": fixed(3),
    "lowest threshold, as measured": plug_in,
    "one more wrong": one_more,
    "mean of what is stated": mean_stated,
    "isotonic": isotonic,
}
