"""Random values of every type, by size class, within a domain."""

import random

from stepsmith.synth.grammar.domain import Size


def pick_length(rng: random.Random, bounds: tuple[int, int], size: Size) -> int:
    """Pick a length within ``bounds`` (inclusive): edge near the lower end, small up to 8, stress at the upper end."""
    low, high = bounds
    if size == "edge":
        return rng.choice([low, min(high, low + 1)])
    if size == "small":
        return rng.randint(low, max(low, min(high, 8)))
    if size == "large":
        return rng.randint((low + high) // 2, high)
    if size == "stress":
        return high
    return rng.randint(low, high)
