"""Worked samples: small cases that show a reader what is asked for."""

import random
from collections import Counter
from typing import NamedTuple

from stepsmith.synth.grammar.composition import Case, Composition, trace
from stepsmith.synth.grammar.domain import Type, Value
from stepsmith.synth.grammar.inputs import draw_case, tells_something

DRAWS = 48  # cases that are drawn at a time
ROUNDS = 3  # how many times, while too few of them tell something
MOST_EQUAL = 0.5  # the largest share of cases with one answer; what more of them give is the usual answer


class _Drawn(NamedTuple):
    case: Case
    values: list[Value]
    chance: float  # added to the interest, so that samples are not all alike


class _RankedCase(NamedTuple):
    case: Case
    answer: str
    telling: bool
    interest: float


def sample_cases(rng: random.Random, composition: Composition, count: int = 2) -> list[Case]:
    """Return small cases for the worked samples: easy to check by hand, with different answers that tell something.

    An answer that most cases give tells nothing, whatever it looks like. Cases with an answer that tells nothing are
    taken only where ``DRAWS`` × ``ROUNDS`` cases hold nothing better.
    """
    drawn: dict[str, _Drawn] = {}
    candidates: list[_RankedCase] = []
    for _ in range(ROUNDS):
        for _ in range(DRAWS):
            case = draw_case(rng, composition, "small")
            drawn[repr(case)] = _Drawn(case, trace(composition, case), rng.random())
        candidates = _ranked(composition, list(drawn.values()))
        if len({candidate.answer for candidate in candidates if candidate.telling}) >= count:
            break
    chosen: list[_RankedCase] = []
    for fresh_answer in (True, False):  # different answers first; equal ones only where there is no choice
        for candidate in candidates:
            taken = candidate in chosen or (fresh_answer and candidate.answer in [other.answer for other in chosen])
            if len(chosen) < count and not taken:
                chosen.append(candidate)
    return [candidate.case for candidate in chosen]


def _ranked(composition: Composition, drawn: list[_Drawn]) -> list[_RankedCase]:
    """Return the candidates, those that tell something first, the most interesting of them first."""
    usual, times = Counter(repr(item.values[-1]) for item in drawn).most_common(1)[0]
    if composition.answer.type is Type.BOOL or times <= MOST_EQUAL * len(drawn):  # of two answers one is always usual
        usual = ""
    count = len(composition.sources)
    candidates = [
        _RankedCase(
            case=case,
            answer=repr(values[-1]),
            telling=repr(values[-1]) != usual and tells_something(values[-1], values[:-1]),
            interest=_interest(values, count) + chance,
        )
        for case, values, chance in drawn
    ]
    return sorted(candidates, key=lambda candidate: (not candidate.telling, -candidate.interest))


def _interest(values: list[Value], sources: int) -> float:
    """Score how much a trace shows: middling lengths, steps that tell something, an answer of different elements."""
    score = 0.0
    for value in values[:-1]:
        size = _length(value)
        if size is not None:
            score += 1.5 - abs(size - 5) * 0.3 if size else -1.0
    score -= 1.5 * any(isinstance(value, (list, str)) and len({*map(repr, value)}) < 2 for value in values[:sources])
    score -= 2.0 * sum(not tells_something(values[i], values[:i]) for i in range(sources, len(values)))
    answer = values[-1]
    if isinstance(answer, (list, str)):
        score += 0.5 * min(4, len({*map(repr, answer)}))  # -1 in all places but one is hardly better
    if answer is False:
        score -= 1.0
    return score - len(repr(values)) / 50  # long numbers are hard to follow


def _length(value: Value) -> int | None:
    if isinstance(value, tuple):  # a graph: its edges
        return len(value[1])
    return len(value) if isinstance(value, (list, str)) else None
