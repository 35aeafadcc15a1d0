"""How probable a behaviour of strong solvers is: a rule with two figures, because there are too few records for a fit.

A solver's program is right with probability RIGHT; two that are wrong are wrong in the same way with probability ALIKE;
everything else is independent. Then a behaviour with s effective members has the odds o·(o/ALIKE)^(s-1) against "no
behaviour is right", where o = RIGHT / (1 - RIGHT): the first program says little, each one that agrees says much.
Both figures come from ``python benchmarks/strong_votes.py`` over recorded solutions of a strong model; no problem of an
evaluation is among them.
"""

import math
from collections.abc import Sequence

from stepsmith.verify.labels.behaviour import Behaviour

RIGHT = 0.64  # 16 of 25 recorded programs
ALIKE = 0.21  # 1 of 6 pairs of wrong programs of a problem, with half a pair added on either side


def strong_belief(found: Sequence[Behaviour], examples: int) -> list[float]:
    """Return the probability of each behaviour; the rest to 1 is the probability that none is right.

    A behaviour that fails on an input, or does not reproduce all ``examples``, is not right. Neither is a program that
    was given up before it had run on every input.
    """
    odds = math.log(RIGHT / (1 - RIGHT))
    step = odds - math.log(ALIKE)
    scores = [-math.inf if None in b.answers or b.passed < examples else odds + step * (b.effective - 1) for b in found]
    top = max([0.0, *scores])
    terms = [math.exp(score - top) for score in scores]
    total = math.exp(-top) + sum(terms)
    return [term / total for term in terms]
