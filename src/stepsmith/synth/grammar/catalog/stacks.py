"""Features that a stack answers."""

import random

from stepsmith.synth.grammar.domain import Domain, Size, Type, ints
from stepsmith.synth.grammar.feature import Feature, Params, Wrong
from stepsmith.synth.grammar.values import pick_length


def next_greater(x: list[int]) -> list[int]:
    result = [-1] * len(x)
    waiting: list[int] = []
    for i, value in enumerate(x):
        while waiting and x[waiting[-1]] < value:
            result[waiting.pop()] = value
        waiting.append(i)
    return result


def next_greater_slow(x: list[int]) -> list[int]:
    result = []
    for i in range(len(x)):
        larger = [value for value in x[i + 1 :] if value > x[i]]
        result.append(larger[0] if larger else -1)
    return result


def next_greater_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    if x.values[0] < 0:  # -1 stands for "none", so the elements must not be negative
        return None
    return ints(x.size, (-1, x.values[1]))


def next_greater_inputs(rng: random.Random, domain: Domain, size: Size, _: Params) -> list[int]:
    """Long descents, plateaus and saw-teeth: what makes the stack deep."""
    (low, high), n = domain.values, pick_length(rng, domain.size, size)
    shape = rng.choice(["falling", "plateaus", "saw"])
    if shape == "falling":
        return sorted((rng.randint(low, high) for _ in range(n)), reverse=True)
    if shape == "plateaus":
        return [rng.randint(low, min(high, low + 3)) for _ in range(n)]
    return [high - i % 5 if high - 5 >= low else low for i in range(n)]


FEATURES = (
    Feature(
        name="next_greater",
        category="data structure/stack/monotonic stack",
        takes=(Type.INTS,),
        gives=Type.INTS,
        code=next_greater,
        slow=next_greater_slow,
        result=next_greater_result,
        inputs=next_greater_inputs,
        let=(
            "For every position i, let {y[i]} be the first element after {x[i]} that is strictly greater than "
            "{x[i]}, or -1 if there is no such element.",
            "Define {y} by looking to the right: {y[i]} is the nearest later element of {x} exceeding {x[i]}, "
            "and -1 when none exists.",
        ),
        ask=(
            "for every element of {x}, the nearest later element that is strictly greater than it, "
            "or -1 if there is none",
        ),
        wrong=(
            Wrong("equal elements count as greater", "x[waiting[-1]] < value", "x[waiting[-1]] <= value"),
            Wrong("only one waiting element is released", "while waiting and", "if waiting and"),
            Wrong("missing elements become 0", "[-1] * len(x)", "[0] * len(x)"),
        ),
        growth="n",
        difficulty=0.4,
        signals=("while loop", "stack use", "comparison"),
    ),
)
