"""Exercises: problems made directly by the grammar, whose answers are right by construction.

The program of a composition *defines* the answer (like Deep Dive's ``f``), and the grammar's code computes the outputs
in this process. There is no vote and no rating, so thousands can be made in a minute. They are used to teach a small
model the basics (SFT), as pools of problems of a chosen kind, and as held-out problems for evaluation.
"""

import itertools
import random
from collections.abc import Callable, Iterator
from typing import Annotated

import msgspec
from msgspec import Meta

from stepsmith.core.errors import ConfigError
from stepsmith.core.ids import content_id, derive_rng
from stepsmith.core.records import (
    KIND_WEIGHT,
    Interface,
    Lineage,
    Problem,
    Record,
    Solution,
    TestCase,
    Verdict,
    WrongSolution,
)
from stepsmith.core.records import Environment as EnvironmentName
from stepsmith.envs import ENVIRONMENTS
from stepsmith.judge.protocol import Judge
from stepsmith.synth.grammar.compose import CannotComposeError, compose
from stepsmith.synth.grammar.composition import ANSWER_TYPES, FEATURES, Composition, Profile, evaluate
from stepsmith.synth.grammar.formats import format_answer, format_case
from stepsmith.synth.grammar.inputs import DEFAULT_COUNTS, CaseInput, make_inputs
from stepsmith.synth.grammar.program import Pick, render_program
from stepsmith.synth.grammar.samples import sample_cases
from stepsmith.synth.grammar.variants import brute_force, wrong_variants
from stepsmith.synth.offline import MAX_WRONG, SAMPLES, VALUE_SIZES, OfflineDraft

Weight = Annotated[float, Meta(ge=0)]
TRIES = 400  # an error is raised after so many unusable compositions in a row
FEWEST_OUTPUTS = 2  # a problem must have at least so many different outputs
SHORTEST_STONE = 2  # steps of the shortest stepping stone


class ExerciseSettings(Record, frozen=True, kw_only=True):
    """Which exercises, and how many. Weights are relative.

    With ``solutions`` above 1, every exercise in induction is repeated up to so many times, each time with another
    right program, in which each step is its code or its brute force. With ``stones``, every exercise in induction comes
    with its stepping stones: the compositions that begin in the same way, down to two steps. ``count`` counts neither
    repetitions nor stones. With ``distinct``, no composition comes twice.
    """

    count: Annotated[int, Meta(ge=0)] = 8000
    solutions: Annotated[int, Meta(ge=1)] = 1
    stones: bool = False
    distinct: bool = False
    steps: dict[str, Weight] = msgspec.field(default_factory=lambda: {"1": 1.0, "2": 2.0, "3": 2.0})
    environments: dict[EnvironmentName, Weight] = msgspec.field(default_factory=lambda: {"induction": 1.0})
    features: tuple[str, ...] = ()  # the only features to compose; empty: all of the profile
    profile: Profile = "micro"
    seed: int = 0

    def __post_init__(self) -> None:
        for name, weights in (("steps", self.steps), ("environments", self.environments)):
            if not weights or sum(weights.values()) <= 0:
                raise ValueError(f"{name} needs weights that are not all zero")
        if not all(number.isdecimal() and 1 <= int(number) <= 6 for number in self.steps):
            raise ValueError(f"steps are numbers from 1 to 6, not {', '.join(self.steps)}")
        if unknown := [name for name in self.features if name not in FEATURES]:
            raise ValueError(f"there is no feature {unknown[0]!r}; `stepsmith features` lists them")


def exercises(
    settings: ExerciseSettings,
    wanted: Callable[[Composition], bool] = lambda _: True,
    *,
    judge: Judge | None = None,
) -> Iterator[Problem]:
    """Yield ``settings.count`` exercises whose compositions are ``wanted``.

    The same settings give the same exercises. Environments other than induction need a ``judge``. Raises
    ``ConfigError`` if no more can be found.
    """
    lengths, places = list(settings.steps), list(settings.environments)
    left_out = {name: 0.0 for name in FEATURES if settings.features and name not in settings.features}
    seen: set[str] = set()
    for number in range(settings.count):
        lot = derive_rng(settings.seed, "exercise", number)
        steps = int(lot.choices(lengths, list(settings.steps.values()))[0])
        environment = lot.choices(places, list(settings.environments.values()))[0]
        for attempt in range(TRIES):
            rng = derive_rng(settings.seed, "exercise", number, attempt)
            try:
                composition = compose(rng, profile=settings.profile, steps=steps, weights=left_out, wanted=wanted)
            except CannotComposeError:
                continue
            fits = len(composition.steps) == steps and not (settings.distinct and composition.id in seen)
            problem = exercise(composition, environment, rng, judge) if fits else None
            if problem is not None:
                break
        else:
            raise ConfigError(
                f"only {number} of {settings.count} exercises were found: {TRIES} compositions of {steps} steps "
                f"in a row were of no use for {environment}; ask for fewer, or for more steps"
            )
        seen.add(composition.id)
        yield problem
        if environment == "induction":
            for code in _other_programs(composition, rng, settings.solutions - 1):
                yield msgspec.structs.replace(problem, golden=Solution(language="python", code=code))
        if settings.stones and environment == "induction":
            yield from _stones(composition, problem, wanted, rng)


def exercise(
    composition: Composition, environment: EnvironmentName, rng: random.Random, judge: Judge | None = None
) -> Problem | None:
    """Return the problem of a composition in an environment; None if that is not possible.

    Environments other than induction need a ``judge``, which checks that no baseline answer is right.
    """
    interface: Interface = "function"
    samples = [CaseInput(case, "nominal") for case in sample_cases(rng, composition, SAMPLES)]
    shown = [repr(item.case) for item in samples]
    sizes = DEFAULT_COUNTS if environment == "induction" else VALUE_SIZES
    cases = (*samples, *(item for item in make_inputs(rng, composition, sizes) if repr(item.case) not in shown))
    fuzzing = environment == "fuzzing"
    slow = brute_force(composition, interface) if fuzzing else None
    draft = OfflineDraft(
        composition=composition,
        signals=(),
        environment=environment,
        style="leetcode",
        direction="new",
        change="",
        cases=cases,
        candidates=(),
        brute_force=Solution(language="python", code=slow) if slow else None,
        wrong=(),
        theme_seed=rng.randrange(2**32),
    )
    tests = [
        TestCase(
            input=format_case(composition, interface, item.case),
            output=format_answer(composition.answer, interface, evaluate(composition, item.case)),
            kind=item.kind,
            weight=KIND_WEIGHT[item.kind],
        )
        for item in cases
    ]
    if len({test.output for test in tests}) < FEWEST_OUTPUTS:
        return None
    golden = Solution(language="python", code=render_program(composition, interface, ["code"] * len(composition.steps)))
    lineage = Lineage(
        chain_id=content_id("exercise", composition.id), turn=1, parent_id=None, change="", direction="new",
        seed_ref="the grammar",
    )  # fmt: skip
    problem = draft.write(tests, golden, lineage)
    provenance = (*problem.provenance, ("method", "definition"), ("origin", "exercise"))
    problem = msgspec.structs.replace(problem, provenance=provenance)
    if environment == "induction":
        return problem
    if judge is None:
        raise ValueError(f"exercises in {environment} need a judge")
    derived = draft.derive(problem, _wrong(composition, problem, rng, judge) if fuzzing else (), rng)
    return None if derived is None or _thoughtless(derived, judge) else derived


def _stones(
    composition: Composition, end: Problem, wanted: Callable[[Composition], bool], rng: random.Random
) -> Iterator[Problem]:
    """Yield the beginnings of a composition as exercises, longest first; skip those with an unused value."""
    parent = end
    for length in range(len(composition.steps) - 1, SHORTEST_STONE - 1, -1):
        stone = msgspec.structs.replace(composition, steps=composition.steps[:length])
        used = {number for step in stone.steps for number in step.inputs}
        whole = len(used) == len(stone.sources) + length - 1 and stone.answer.type in ANSWER_TYPES
        problem = exercise(stone, "induction", rng) if whole and wanted(stone) else None
        if problem is not None:
            lineage = Lineage(
                chain_id=end.lineage.chain_id, turn=parent.lineage.turn + 1, parent_id=parent.id,
                change="leaves out what came last", direction="easier", seed_ref=end.lineage.seed_ref,
            )  # fmt: skip
            parent = msgspec.structs.replace(problem, lineage=lineage)
            yield parent


def _other_programs(composition: Composition, rng: random.Random, most: int) -> list[str]:
    """Return up to ``most`` random right programs other than the reference."""
    ways: list[list[Pick]] = [["code", "slow"] if feature.slow else ["code"] for feature in composition.features]
    picks = list(itertools.product(*ways))[1:]
    return [render_program(composition, "function", pick) for pick in rng.sample(picks, min(most, len(picks)))]


def _wrong(composition: Composition, problem: Problem, rng: random.Random, judge: Judge) -> tuple[WrongSolution, ...]:
    """Return wrong programs of the grammar, each with the first test that it fails."""
    found = []
    for variant in wrong_variants(composition, "function", rng)[:MAX_WRONG]:
        solution = Solution(language="python", code=variant.code)
        judgement = judge.judge(solution, problem.contract, problem.tests, stop_at_first_failure=True)
        if judgement.tests and judgement.verdict not in (Verdict.AC, Verdict.IE):
            killed_by = len(judgement.tests) - 1
            found.append(WrongSolution(solution=solution, killed_by=killed_by, origin=f"mutant: {variant.label}"))
    return tuple(found)


def _thoughtless(problem: Problem, judge: Judge) -> bool:
    """Return whether a baseline answer is right."""
    environment = ENVIRONMENTS[problem.environment]
    return any(
        environment.judge(judge, problem, answer, stop_at_first_failure=True).verdict is Verdict.AC
        for answer in environment.baselines(problem).values()
    )
