"""Test inputs of a composition, and the small ones that make good worked samples."""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass

from stepsmith.core.records import TestKind
from stepsmith.synth.grammar.composition import FEATURES, Case, Composition, Given, trace
from stepsmith.synth.grammar.domain import Size, Value
from stepsmith.synth.grammar.values import contains, generate

KIND_OF_SIZE: dict[Size, TestKind] = {
    "edge": "boundary",
    "small": "nominal",
    "random": "nominal",
    "large": "complex",
    "stress": "stress",
}
DEFAULT_COUNTS: dict[Size, int] = {"edge": 3, "small": 4, "random": 3, "large": 2, "stress": 2}
TRIES = 12  # draws for one distinct input before a narrow domain is taken to be exhausted
SAMPLE_CANDIDATES = 24


@dataclass(frozen=True, slots=True)
class CaseInput:
    """An input case and the kind of test it makes."""

    case: Case
    kind: TestKind


def make_inputs(
    rng: random.Random, composition: Composition, counts: Mapping[Size, int] = DEFAULT_COUNTS
) -> list[CaseInput]:
    """Draw distinct inputs, ``counts[size]`` of each size class (fewer where a domain is too narrow)."""
    made: list[CaseInput] = []
    seen: set[str] = set()
    for size, count in counts.items():
        for _ in range(count):
            for _ in range(TRIES):
                case = draw_case(rng, composition, size)
                key = repr(case)
                if key not in seen:
                    seen.add(key)
                    made.append(CaseInput(case, KIND_OF_SIZE[size]))
                    break
    return made


def draw_case(rng: random.Random, composition: Composition, size: Size) -> Case:
    """Draw one input case; half of the sources are shaped by a feature that reads them, if one of them can."""
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


def sample_cases(rng: random.Random, composition: Composition, count: int = 2) -> list[Case]:
    """Return small cases for the worked samples: easy to check by hand, not trivial, with different answers."""
    candidates: list[tuple[float, str, Case]] = []
    for _ in range(SAMPLE_CANDIDATES):
        case = draw_case(rng, composition, "small")
        values = trace(composition, case)
        candidates.append((_interest(values) + rng.random(), repr(values[-1]), case))
    candidates.sort(key=lambda candidate: -candidate[0])
    chosen: list[tuple[str, Case]] = []
    for fresh_answer in (True, False):  # different answers first; equal ones only where there is no choice
        for _, answer, case in candidates:
            taken = any(answer == old or case == earlier for old, earlier in chosen)
            if len(chosen) < count and not (taken if fresh_answer else any(case == old for _, old in chosen)):
                chosen.append((answer, case))
    return [case for _, case in chosen]


def _interest(values: list[Value]) -> float:
    """Score how much a trace shows: middling lengths, distinct values on the way, an answer that is not nothing."""
    score = 0.0
    for value in values[:-1]:
        size = _length(value)
        if size is not None:
            score += 1.5 - abs(size - 5) * 0.3 if size else -1.0
    answer = values[-1]
    if answer in (0, -1, False, "") or answer == []:
        score -= 1.5
    if len({repr(value) for value in values}) < len(values):
        score -= 2.5  # a step that changes nothing here explains nothing
    return score - len(repr(values)) / 80  # long numbers are hard to follow


def _length(value: Value) -> int | None:
    if isinstance(value, tuple):  # a graph: its vertices
        return value[0] if isinstance(value[0], int) else None
    return len(value) if isinstance(value, (list, str)) else None
