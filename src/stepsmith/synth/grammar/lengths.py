"""How long a value of a size class is."""

import math
import random

from stepsmith.synth.grammar.domain import Size

SMALL = 8  # the longest value of class "small"


def pick_length(rng: random.Random, bounds: tuple[int, int], size: Size) -> int:
    """Pick a length within ``bounds`` (inclusive).

    ``edge`` is near the lower end, ``small`` at most 8, ``large`` in the upper half, ``stress`` at the upper end;
    ``random`` is log-uniform, so that short and middling lengths are as likely as long ones.
    """
    low, high = bounds
    if size == "edge":
        return rng.choice([low, min(high, low + 1)])
    if size == "small":
        return rng.randint(low, max(low, min(high, SMALL)))
    if size == "large":
        return rng.randint((low + high) // 2, high)
    if size == "stress":
        return high
    return min(high, low - 1 + int(math.exp(rng.uniform(0, math.log(high - low + 2)))))
