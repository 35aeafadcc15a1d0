"""Test inputs of a composition, by size class.

Boundary inputs are chosen among several: on the smallest inputs most programs, right and wrong, give the same answer.
"""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stepsmith.core.records import TestKind
from stepsmith.synth.grammar.composition import FEATURES, Case, Composition, Given, evaluate, trace
from stepsmith.synth.grammar.domain import Size, Value
from stepsmith.synth.grammar.values import contains, generate
from stepsmith.synth.grammar.variants import structural_mistakes

KIND_OF_SIZE: dict[Size, TestKind] = {
    "edge": "boundary",
    "small": "nominal",
    "random": "nominal",
    "large": "complex",
    "stress": "stress",
}
DEFAULT_COUNTS: dict[Size, int] = {"edge": 3, "small": 4, "random": 3, "large": 2, "stress": 2}
BOUNDARY_CANDIDATES = 24  # draws among which boundary inputs are chosen
TRIES = 12  # draws for one distinct input before a narrow domain is taken to be exhausted


@dataclass(frozen=True, slots=True)
class CaseInput:
    """An input case and the kind of test it makes."""

    case: Case
    kind: TestKind


def make_inputs(
    rng: random.Random, composition: Composition, counts: Mapping[Size, int] = DEFAULT_COUNTS
) -> list[CaseInput]:
    """Draw distinct inputs, ``counts[size]`` of each size class (fewer where a domain is too narrow)."""
    made = [CaseInput(case, KIND_OF_SIZE["edge"]) for case in _boundary_cases(rng, composition, counts.get("edge", 0))]
    seen = {repr(item.case) for item in made}
    for size, count in counts.items():
        if size == "edge":
            continue
        for _ in range(count):
            for _ in range(TRIES):
                case = draw_case(rng, composition, size)
                key = repr(case)
                if key not in seen:
                    seen.add(key)
                    made.append(CaseInput(case, KIND_OF_SIZE[size]))
                    break
    return made


def _boundary_cases(rng: random.Random, composition: Composition, count: int) -> list[Case]:
    """Choose distinct edge cases: the smallest, then one after another the one that shows most that is new.

    What a case shows: structural mistakes that change its answer, steps whose result tells something, its answer. The
    larger of equally good cases is taken. Only the features' own code runs here.
    """
    drawn = {repr(case): case for case in (draw_case(rng, composition, "edge") for _ in range(BOUNDARY_CANDIDATES))}
    mistakes = [changed for _, _, changed in structural_mistakes(composition)]
    rest = [(_shown(composition, mistakes, case), len(text), case) for text, case in drawn.items()]
    chosen: list[Case] = []
    known: set[str] = set()
    while rest and len(chosen) < count:
        best = max(rest, key=lambda item: (len(item[0] - known) if chosen else -item[1], item[1]))
        rest.remove(best)
        known |= best[0]
        chosen.append(best[2])
    return chosen


def _shown(composition: Composition, mistakes: list[Composition], case: Case) -> set[str]:
    values = trace(composition, case)
    count = len(composition.sources)
    told = {f"mistake {i}" for i, changed in enumerate(mistakes) if evaluate(changed, case) != values[-1]}
    steps = {f"step {i}" for i in range(count, len(values)) if tells_something(values[i], values[:i])}
    return told | steps | {f"answer {values[-1]!r}"}


def tells_something(value: Value, before: Sequence[Value]) -> bool:
    """Say whether a result shows what led to it: not one of the values ``before``, not empty, not all of one element.

    The numbers 0 and -1 tell nothing either: mostly they say that nothing was found. Truth values always tell.
    """
    if isinstance(value, bool):
        return True
    if value in (0, -1) or repr(value) in map(repr, before):
        return False
    if not isinstance(value, (list, str)):
        return True
    leaves = {repr(leaf) for part in value for leaf in (part if isinstance(part, (list, str)) else [part])}
    return len({repr(part) for part in value}) > 1 and len(leaves) > 1


def draw_case(rng: random.Random, composition: Composition, size: Size) -> Case:
    """Draw one input case; half of the sources come from the maker of a feature that reads them, if one has a maker."""
    given = [_draw_given(rng, parameter, size) for parameter in composition.given]
    sources = [_draw_source(rng, composition, index, size, given) for index in range(len(composition.sources))]
    return (*sources, *given)


def _draw_given(rng: random.Random, given: Given, size: Size) -> int:
    low, high = given.low, given.high
    if size == "edge" and rng.random() < 0.6:
        return rng.choice([low, high])
    if size in ("edge", "small"):
        return rng.randint(low, min(high, low + 6))
    if rng.random() < 0.5:  # log-uniform: most features turn trivial when the parameter exceeds the length
        return min(high, low - 1 + int(math.exp(rng.uniform(0, math.log(high - low + 2)))))
    return rng.randint(low, high)


def _draw_source(rng: random.Random, composition: Composition, index: int, size: Size, given: list[int]) -> Value:
    domain = composition.sources[index]
    makers = []
    position = 0
    for step in composition.steps:
        maker = FEATURES[step.feature].inputs
        if maker and step.inputs[0] == index:
            values = given[position : position + len(step.given)]
            names = [parameter.name for parameter in step.given]
            makers.append((maker, {**dict(step.constants), **dict(zip(names, values, strict=True))}))
        position += len(step.given)
    if makers and rng.random() < 0.5:
        maker, params = rng.choice(makers)
        value = maker(rng, domain, size, params)
        if contains(domain, value):  # a maker need not know every tag
            return value
    return generate(rng, domain, size)
