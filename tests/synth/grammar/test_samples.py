"""Worked samples show a reader something: over all features of the catalog, and over random compositions."""

import random
from collections import Counter

import pytest

from stepsmith.synth.grammar.catalog import ALL_FEATURES
from stepsmith.synth.grammar.composition import ANSWER_TYPES, FEATURES, Case, Composition, Step, evaluate, trace
from stepsmith.synth.grammar.domain import Type, Value, ints, string
from stepsmith.synth.grammar.formats import format_case
from stepsmith.synth.grammar.inputs import draw_case, tells_something
from stepsmith.synth.grammar.samples import sample_cases

from .catalog.laws import problems_of_one_step
from .conftest import Drawn

PROBLEMS = 6  # of each feature
MOST_OF_A_FEATURE = 0.7  # the letters that are vowels, of a text over "abc": all of one element by nature
MOST_OF_ALL = 0.02
MOST_OF_COMPOSITIONS = 0.04


def uninformative(problem: Composition, cases: list[Case]) -> int:
    """How many samples show nothing: they repeat an answer, or the answer is a constant, an input or all of a kind."""
    rng = random.Random("usual")
    drawn = Counter(repr(evaluate(problem, draw_case(rng, problem, "small"))) for _ in range(40))
    usual, count = drawn.most_common(1)[0]
    answers = [evaluate(problem, case) for case in cases]
    return sum(
        repr(answer) in map(repr, (*case, *answers[:k]))
        or (isinstance(answer, (list, str)) and len({*map(repr, answer)}) < 2)
        or (count > 20 and repr(answer) == usual and not isinstance(answer, bool))
        for k, (case, answer) in enumerate(zip(cases, answers, strict=True))
    )


def test_samples_of_every_feature_tell_something() -> None:
    dull: dict[str, float] = {}
    for feature in ALL_FEATURES:
        if feature.gives not in ANSWER_TYPES or Type.BOOL in feature.takes:
            continue  # it makes no problem alone
        rng = random.Random(f"samples of {feature.name}")
        of_problems = [uninformative(p, sample_cases(rng, p)) for p in problems_of_one_step(feature, rng, PROBLEMS)]
        dull[feature.name] = sum(of_problems) / (2 * len(of_problems))
    assert len(dull) > 150
    assert {name: share for name, share in dull.items() if share > MOST_OF_A_FEATURE} == {}
    assert sum(dull.values()) <= MOST_OF_ALL * len(dull), sorted(dull.items(), key=lambda item: -item[1])[:8]


def test_samples_of_compositions_tell_something_and_are_small(compositions: list[Drawn]) -> None:
    dull = 0
    for composition, interface in compositions:
        cases = sample_cases(random.Random(3), composition)
        assert cases == sample_cases(random.Random(3), composition)
        assert len(cases) == 2
        assert max(len(format_case(composition, interface, case)) for case in cases) < 400
        assert len({repr(evaluate(composition, case)) for case in cases}) == 2
        dull += uninformative(composition, cases)
    assert dull <= MOST_OF_COMPOSITIONS * 2 * len(compositions)


@pytest.mark.parametrize(
    ("value", "before", "tells"),
    [
        ([1, 2], ([2, 1],), True),
        ([1, 2], ([1, 2],), False),  # unchanged
        ([2, 2, 2], ([1, 2],), False),
        ([], ([1],), False),
        ("ab", ("ba",), True),
        ("aaa", ("ab",), False),
        ("", ("ab",), False),
        (["ab", "ab"], ("abab",), False),
        (["aa", "a"], ("aaa",), False),
        (["ab", "ba"], ("abab",), True),
        ([[1, 1], [1, 1]], ([1],), False),
        ([[1, 2], [1, 3]], ([1],), True),
        (0, ([3, 4],), False),
        (-1, ([3, 4],), False),
        (1, ([3, 4],), True),
        (7, ([3, 4], 7), False),
        (False, ([3, 4], 0), True),
        (True, (1,), True),
        ((3, [[1, 2]]), ((3, [[1, 2], [2, 3]]),), True),
    ],
)
def test_what_tells_something(value: Value, before: tuple[Value, ...], tells: bool) -> None:
    assert tells_something(value, before) is tells


def problem(source: object, *names: str, **constants: int) -> Composition:
    steps = [
        Step(feature=name, inputs=(k,), constants=tuple((p.name, constants[p.name]) for p in FEATURES[name].params))
        for k, name in enumerate(names)
    ]
    return Composition(profile="contest", sources=(source,), steps=tuple(steps))


@pytest.mark.parametrize(
    "composition",
    [
        problem(ints((1, 1000), (1, 10**9)), "longest_rise"),
        problem(ints((1, 1000), (1, 100)), "next_greater"),  # often -1 alone
        problem(string((1, 500), "ab"), "border_lengths"),  # often empty
        problem(string((1, 500), "abc"), "cancel_pairs"),  # often unchanged
        problem(ints((1, 100), (1, 20)), "subarrays_divisible", "to_binary", k=3),
    ],
    ids=lambda composition: composition.steps[0].feature,
)
def test_samples_are_told_apart_by_what_they_show(composition: Composition) -> None:
    for seed in range(12):
        cases = sample_cases(random.Random(seed), composition)
        traces = [trace(composition, case) for case in cases]
        assert all(tells_something(values[-1], values[:-1]) for values in traces), traces
        assert len({repr(values[-1]) for values in traces}) == 2
