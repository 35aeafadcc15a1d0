"""A composition: sources, then one to six typed steps, the last of which is the answer.

Values are numbered: sources first, then the result of each step. A step reads earlier values. An input *case* is the
tuple of the source values followed by the parameters that are read from the input, in the order of the steps.
"""

import bisect
import collections
import functools
import heapq
import itertools
import math
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import Literal, cast

from stepsmith.core.ids import content_id
from stepsmith.core.records import FeatureUse, Record
from stepsmith.synth.grammar.catalog import ALL_FEATURES
from stepsmith.synth.grammar.domain import GRAPH_TYPES, Domain, Type, Value, hull, integer
from stepsmith.synth.grammar.feature import Feature, Growth, Param, Params

Profile = Literal["micro", "contest"]
Case = tuple[Value, ...]

FEATURES: dict[str, Feature] = {feature.name: feature for feature in ALL_FEATURES}
MODULES = (bisect, collections, functools, heapq, itertools, math)  # what a feature's code may use
MAX_STEPS = 6
MAX_VALUE = 10**18  # beyond it a contest's 64-bit integers would overflow
ANSWER_TYPES = frozenset(Type) - GRAPH_TYPES


class Given(Record, frozen=True, kw_only=True):
    """A parameter that is read from the input, anywhere in low..high."""

    name: str
    low: int
    high: int


class Step(Record, frozen=True, kw_only=True):
    """One use of a feature. ``inputs`` are numbers of earlier values; every parameter is a constant or given."""

    feature: str
    inputs: tuple[int, ...]
    constants: tuple[tuple[str, int], ...] = ()
    given: tuple[Given, ...] = ()
    signal: str = ""  # the signal of the seed that led to this step; "" for a free choice
    seed_lines: tuple[int, ...] = ()


class Composition(Record, frozen=True, kw_only=True):
    """A problem before it is written out: its program, statement, inputs and wrong variants all derive from it."""

    profile: Profile
    sources: tuple[Domain, ...]
    steps: tuple[Step, ...]

    @property
    def id(self) -> str:
        """Content id over sources and steps; the signal that led to a step is not part of it."""
        steps = [(step.feature, step.inputs, step.constants, step.given) for step in self.steps]
        return content_id("comp", self.profile, self.sources, steps)

    @property
    def features(self) -> tuple[Feature, ...]:
        """The feature of each step."""
        return tuple(FEATURES[step.feature] for step in self.steps)

    @property
    def given(self) -> tuple[Given, ...]:
        """The parameters that are read from the input, in the order of the steps."""
        return tuple(given for step in self.steps for given in step.given)

    @property
    def case_domains(self) -> tuple[Domain, ...]:
        """The domains of an input case."""
        return (*self.sources, *(integer(given.low, given.high) for given in self.given))

    def domains(self) -> tuple[Domain, ...]:
        """The domain of every value, sources first. Raises ``ValueError`` if a step does not apply."""
        domains = propagate(self.sources, self.steps)
        if domains is None:
            raise ValueError("a step of this composition does not apply to its inputs")
        return domains

    @property
    def answer(self) -> Domain:
        """The domain of the answer."""
        return self.domains()[-1]

    def uses(self) -> tuple[FeatureUse, ...]:
        """What the lineage records of every step."""
        return tuple(
            FeatureUse(
                name=step.feature,
                category=FEATURES[step.feature].category,
                params=step.constants,
                seed_lines=step.seed_lines,
                signal=step.signal,
            )
            for step in self.steps
        )


def propagate(sources: Sequence[Domain], steps: Sequence[Step]) -> tuple[Domain, ...] | None:
    """Return the domain of every value, or None if a step does not apply or its result is out of bounds."""
    domains = list(sources)
    for step in steps:
        result = bounded(step, [domains[i] for i in step.inputs])
        if result is None:
            return None
        domains.append(result)
    return tuple(domains)


def bounded(step: Step, inputs: Sequence[Domain]) -> Domain | None:
    """Return the domain of a step's result, or None if the step does not apply to ``inputs``."""
    return _result(step.feature, tuple(inputs), step.constants, step.given)


@lru_cache(maxsize=30_000)
def _result(
    name: str, inputs: tuple[Domain, ...], constants: tuple[tuple[str, int], ...], given: tuple[Given, ...]
) -> Domain | None:
    """Bound a feature's result over both ends of every given parameter."""
    result: Domain | None = None
    for ends in ({g.name: g.high for g in given}, {g.name: g.low for g in given}):
        params: Params = {**dict(constants), **ends}
        bound = FEATURES[name].result(inputs, params)
        if bound is None or max(abs(bound.values[0]), abs(bound.values[1])) > MAX_VALUE:
            return None
        result = bound if result is None else hull(result, bound)
    return result


def spine_input(composition: Composition, step: int) -> int:
    """Return the number of the value that a step continues from: the result before it, or its first source."""
    previous = len(composition.sources) + step - 1
    inputs = composition.steps[step].inputs
    return previous if step and previous in inputs else inputs[0]


# --- running time ----------------------------------------------------------------------------------------------------


def work(growth: Growth, domain: Domain) -> float:
    """Estimate the basic steps that a feature takes on the largest value of its first input."""
    n = domain.size[1]
    if domain.type in (Type.GRID, Type.MATRIX):
        cells = n * domain.second[1]
        n = cells if growth in ("n", "n log n") else max(n, domain.second[1], math.isqrt(cells))
    elif domain.type in GRAPH_TYPES - {Type.TREE} and growth in ("n", "n log n"):
        n += domain.second[1]
    elif domain.type is Type.WORDS:
        n *= max(1, domain.second[1] // 4)
    elif domain.type is Type.INT:
        return 100.0
    if growth == "n log n":
        return n * math.log2(n + 2) / 4
    return float(n ** {"n": 1, "n^2": 2, "n^3": 3}[growth])


def total_work(steps: Sequence[Step], domains: Sequence[Domain]) -> float:
    """Estimate the basic steps of the whole reference program on the largest input."""
    return sum(work(FEATURES[step.feature].growth, domains[step.inputs[0]]) for step in steps)


# --- difficulty ------------------------------------------------------------------------------------------------------


def difficulty(composition: Composition) -> float:
    """Estimate a problem's difficulty in logits: a middling student solves it with probability 1 / (1 + e^d).

    Every step has to be right, and steps fail independently: the success probability is the product over steps. A
    second input and a parameter that is read from the input each add a little to their step; small bounds, which let
    a brute force pass, take a little off the whole.
    """
    log_success = 0.0
    for step in composition.steps:
        own = FEATURES[step.feature].difficulty + 0.15 * (len(step.inputs) - 1) + 0.1 * len(step.given)
        log_success -= math.log1p(math.exp(own))
    relief = 0.3 if composition.profile == "contest" and _brute_force_passes(composition) else 0.0
    return math.log(-math.expm1(log_success)) - log_success - relief


def _brute_force_passes(composition: Composition) -> bool:
    return all(source.size[1] * max(1, source.second[1]) <= 60 for source in composition.sources)


# --- running it here -------------------------------------------------------------------------------------------------


def evaluate(composition: Composition, case: Case) -> Value:
    """Run the features' own code on an input case. Only for small inputs: nothing limits it."""
    return trace(composition, case)[-1]


def trace(composition: Composition, case: Case) -> list[Value]:
    """Return every value of the composition on an input case, sources first."""
    values = list(case[: len(composition.sources)])
    parameters = list(case[len(composition.sources) :])
    for step in composition.steps:
        given = {g.name: parameters.pop(0) for g in step.given}
        values.append(apply(step, [values[i] for i in step.inputs], given))
    return values


def apply(step: Step, inputs: Sequence[Value], given: dict[str, Value]) -> Value:
    """Run one step's code."""
    feature = FEATURES[step.feature]
    return run_feature(feature, inputs, {**dict(step.constants), **given})


def run_feature(feature: Feature, inputs: Sequence[Value], params: dict[str, Value], *, slow: bool = False) -> Value:
    """Call a feature's ``code`` (or ``slow``) on input values and all its parameters."""
    arguments: list[Value] = []
    for kind, value in zip(feature.takes, inputs, strict=True):
        arguments += cast(tuple[Value, Value], value) if kind in GRAPH_TYPES else (value,)
    return _callable(feature.name, slow)(*arguments, **params)


@cache
def _callable(name: str, slow: bool) -> Callable[..., Value]:
    feature = FEATURES[name]
    code = feature.slow if slow else feature.code
    if code is None:
        raise ValueError(f"feature {name} has no brute force")
    if callable(code):
        return code
    names = ["x", "z"][: len(feature.takes)] + [param.name for param in feature.params]
    text = code.format(**{name: name for name in names})
    function: Callable[..., Value] = eval(
        f"lambda {', '.join(names)}: {text}", {module.__name__: module for module in MODULES}
    )
    return function


def parameter(feature: Feature, name: str) -> Param:
    """Return a feature's parameter by name."""
    return next(param for param in feature.params if param.name == name)
