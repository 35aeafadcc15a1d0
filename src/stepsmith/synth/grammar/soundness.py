"""Check that a composition makes a good problem: its answers vary, and no step can be left out."""

import random
from collections import Counter
from typing import cast

import msgspec

from stepsmith.synth.grammar.composition import Case, Composition, apply, bounded, evaluate, spine_input, trace
from stepsmith.synth.grammar.domain import Size, Type, Value
from stepsmith.synth.grammar.inputs import draw_case
from stepsmith.synth.grammar.sources import scaled

PROBES = 20
MIDDLING_SIZE = 200
MIDDLING_PROBES: tuple[Size, ...] = ("random", "large") * 6
MOST_EQUAL, MOST_EQUAL_TRUTHS = 0.6, 0.85  # the largest share of probes with the same answer
ASKING_FOR_LENGTH = frozenset({"length", "text_length"})
ENOUGH_REPEATS = 6  # probes that share a length with an earlier one


def is_sound(composition: Composition) -> bool:
    """Run the composition on random inputs: its answers vary, and bypassing any run of steps changes some.

    Answers must vary on middling inputs too, where a smallest absent number or a count of ways may always be the same.
    A run of steps can be bypassed where the value that goes in has the type of the value that comes out. This finds
    sorting before a sum, reversing twice, a filter that lets everything pass. The inputs depend on the composition
    alone.
    """
    rng = random.Random(composition.id)
    cases = [draw_case(rng, composition, "small") for _ in range(PROBES)]
    traces = [trace(composition, case) for case in cases]
    if not _vary(composition, [values[-1] for values in traces]) or _depends_on_lengths(composition, traces):
        return False
    idle = any(
        not any(_differs(composition, case, values, first, last) for case, values in zip(cases, traces, strict=True))
        for first, last in _bypassable(composition)
        if _still_applies(composition, first, last)
    )
    if idle:
        return False
    middling = _at_middling_size(composition)
    return _vary(composition, [evaluate(middling, draw_case(rng, middling, size)) for size in MIDDLING_PROBES])


def _vary(composition: Composition, answers: list[Value]) -> bool:
    """Return whether no answer takes too large a share."""
    allowed = MOST_EQUAL_TRUTHS if composition.features[-1].gives is Type.BOOL else MOST_EQUAL
    return Counter(map(repr, answers)).most_common(1)[0][1] <= allowed * len(answers)


def _at_middling_size(composition: Composition) -> Composition:
    sources = [
        source if source.size[1] <= MIDDLING_SIZE else scaled(source, MIDDLING_SIZE) for source in composition.sources
    ]
    return msgspec.structs.replace(composition, sources=tuple(sources))


def _depends_on_lengths(composition: Composition, traces: list[list[Value]]) -> bool:
    """Return whether the length of some value on the way settles the answer, though no step asks for a length.

    Such an answer is only a formula of a length: for example, the longest increasing run of a sorted sequence.
    """
    if any(step.feature in ASKING_FOR_LENGTH for step in composition.steps):
        return False
    for number in range(len(traces[0]) - 1):
        if not isinstance(traces[0][number], (list, str, tuple)):
            continue
        groups: dict[int, set[str]] = {}
        for values in traces:
            groups.setdefault(_length(values[number]), set()).add(repr(values[-1]))
        if len(traces) - len(groups) >= ENOUGH_REPEATS and all(len(answers) == 1 for answers in groups.values()):
            return True
    return False


def _length(value: Value) -> int:
    """Return the number of elements, characters or vertices."""
    if isinstance(value, tuple):
        return cast(int, value[0])
    return len(cast(list[object], value))


def _bypassable(composition: Composition) -> list[tuple[int, int]]:
    """Return the runs (first step, last step) whose input and output have the same type."""
    types = [source.type for source in composition.sources] + [feature.gives for feature in composition.features]
    count = len(composition.steps)
    return [
        (first, last)
        for first in range(count)
        for last in range(first, count)
        if types[spine_input(composition, first)] is types[len(composition.sources) + last]
    ]


def _still_applies(composition: Composition, first: int, last: int) -> bool:
    """Return whether the later steps accept the input of the run; if they do not, the run cannot be left out."""
    sources = len(composition.sources)
    domains = list(composition.domains())
    domains[sources + last] = domains[spine_input(composition, first)]
    for number in range(last + 1, len(composition.steps)):
        step = composition.steps[number]
        result = bounded(step, [domains[i] for i in step.inputs])
        if result is None:
            return False
        domains[sources + number] = result
    return True


def _differs(composition: Composition, case: Case, values: list[Value], first: int, last: int) -> bool:
    """Return whether the answer changes when the steps ``first`` to ``last`` pass their input through."""
    sources = len(composition.sources)
    changed = list(values)
    changed[sources + last] = values[spine_input(composition, first)]
    if changed[sources + last] == values[sources + last]:
        return False
    parameters = iter(case[sources:])
    for number, step in enumerate(composition.steps):
        given = {parameter.name: next(parameters) for parameter in step.given}
        if number > last:
            changed[sources + number] = apply(step, [changed[i] for i in step.inputs], given)
    return changed[-1] != values[-1]
