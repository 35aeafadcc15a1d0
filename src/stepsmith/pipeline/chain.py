"""A chain: one seed and the problems that grow from it, turn by turn. The unit of work; chains do not know each other.

seed ─► teacher.propose ─► labels by vote ─► base problem ─► gates ─► environment ─► student's attempts ─► rate
              ▲                                                                                       │
              └────────────────────── teacher.refine: harder, easier or alike ◄───────────────────────┘
"""

import random
from dataclasses import dataclass, replace
from typing import TypeVar

import msgspec

from stepsmith.core.ids import content_id, derive_rng
from stepsmith.core.records import (
    KIND_WEIGHT,
    Chain,
    Direction,
    Limits,
    Lineage,
    Problem,
    Rejection,
    TestCase,
    Turn,
    Verdict,
)
from stepsmith.core.stats import band_of
from stepsmith.envs import ENVIRONMENTS
from stepsmith.judge.protocol import Judge
from stepsmith.pipeline.config import Config
from stepsmith.pipeline.rating import Rating, rate
from stepsmith.synth.draft import Draft, Feedback, Student, Teacher
from stepsmith.synth.seeds import SeedSource
from stepsmith.verify.admission import admit
from stepsmith.verify.matrix import ExecutionMatrix
from stepsmith.verify.mutants import Mutant
from stepsmith.verify.paper import PaperSettings, verify_paper
from stepsmith.verify.verification import to_tests

WITNESS_TIME_S = 0.25  # CPU seconds per input that the brute force gets
WITNESS_FIRST, WITNESS_INPUTS = 3, 9  # it is tried on the three shortest inputs, then on six more

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Services:
    """The players of a chain."""

    seeds: SeedSource
    teacher: Teacher
    student: Student
    judge: Judge


@dataclass(slots=True)
class _Tally:
    programs: int = 0
    executions: int = 0


@dataclass(frozen=True, slots=True)
class _Outcome:
    """One turn's result: a rejection (with the problem as far as it got) or a rated problem."""

    problem: Problem
    reason: str = ""
    detail: str = ""
    rating: Rating | None = None


def grow_chain(index: int, config: Config, services: Services) -> Chain:
    """Grow chain number ``index`` of a run. Depends on ``config`` and ``index`` alone, never on the clock or on others.

    Raises ``SandboxError`` when our machinery fails for good.
    """
    synth = config.synth
    seed = services.seeds.window(derive_rng(synth.seed, "seed", index))
    chain_id = content_id("chain", synth.seed, index, seed.id)
    rng = derive_rng(synth.seed, "chain", index)
    environment = _weighted(dict(synth.environments), rng)
    tally = _Tally()
    turns: list[Turn] = []
    kept: list[Problem] = []
    rejections: list[Rejection] = []
    base: Draft | None = None  # the last draft that was rated, the one to refine
    parent_id: str | None = None
    feedback: Feedback | None = None
    for turn in range(1, _turns(config) + 1):
        turn_rng = derive_rng(synth.seed, "turn", index, turn)
        if base is None:
            draft = services.teacher.propose(seed, environment, turn_rng)
        else:
            direction = _direction(config, feedback, kept)
            draft = services.teacher.refine(base, feedback, direction, turn_rng)
        lineage = Lineage(
            chain_id=chain_id,
            turn=turn,
            parent_id=parent_id,
            change=draft.change,
            direction=draft.direction,
            seed_ref=seed.ref,
        )
        outcome = _evaluate(draft, lineage, config, services, tally, turn_rng)
        if outcome.rating:
            base, feedback, parent_id = draft, outcome.rating.feedback, outcome.problem.id
        if not outcome.reason and any(problem.id == outcome.problem.id for problem in kept):
            outcome = replace(outcome, reason="repeats-the-chain", detail="an earlier turn made the same problem")
        if outcome.reason:
            rejections.append(Rejection(reason=outcome.reason, detail=outcome.detail, problem=outcome.problem))
        else:
            kept.append(outcome.problem)
        turns.append(
            Turn(
                turn=turn,
                direction=draft.direction,
                change=draft.change,
                problem_id=None if outcome.reason else outcome.problem.id,
                rejected=outcome.reason or None,
                pass_rate=outcome.rating.rate if outcome.rating else None,
            )
        )
    return Chain(
        id=chain_id,
        index=index,
        seed=seed,
        turns=tuple(turns),
        problems=tuple(kept),
        rejections=tuple(rejections),
        proposed=len(turns),
        judged_programs=tally.programs,
        executions=tally.executions,
    )


def _turns(config: Config) -> int:
    return 1 if config.synth.mode == "single-turn" else config.synth.turns


def _direction(config: Config, feedback: Feedback | None, kept: list[Problem]) -> Direction:
    """Paper A's progression: harder above 0.65, easier at 0. In between, towards the bands that the chain lacks.

    In hard-first mode the chain first climbs until it holds a hard problem, then only goes down.
    """
    if feedback is None:
        return "sideways"
    p = feedback.pass_rate.rate
    bands = {band_of(problem.pass_rate.rate) for problem in kept if problem.pass_rate}
    if config.synth.mode == "hard-first":
        return "easier" if p == 0 or "hard" in bands else "harder"
    if p == 0:
        return "easier"
    if p > config.refine.harder_above:
        return "harder"
    if p < config.refine.medium_low:
        return "easier"
    if "hard" not in bands:
        return "harder"
    return "easier" if not bands & {"easy", "easy-medium"} else "sideways"


def _evaluate(
    draft: Draft, lineage: Lineage, config: Config, services: Services, tally: _Tally, rng: random.Random
) -> _Outcome:
    """Verify, admit, turn into the chain's environment, rate and filter one draft."""
    judge = services.judge
    inputs = [item.text for item in draft.inputs]
    kinds = [item.kind for item in draft.inputs]
    solutions = (*draft.candidates, *((draft.witness,) if draft.witness else ()))
    matrix = ExecutionMatrix(judge, draft.contract, draft.candidates, inputs)
    verification = verify_paper(
        matrix, kinds, seed=rng.randrange(2**32), settings=PaperSettings(holdout=config.voters.hold_out)
    )
    tally.programs += matrix.distinct
    tally.executions += matrix.executions
    unlabelled = [
        TestCase(input=item.text, output="", kind=item.kind, weight=KIND_WEIGHT[item.kind], confidence=0.0)
        for item in draft.inputs
    ]
    if verification.status == "rejected" or verification.golden is None:
        problem = draft.write(unlabelled, solutions[0], lineage)
        return _Outcome(problem, verification.reason, verification.detail)
    golden = draft.candidates[verification.golden]
    tests = to_tests(verification, inputs)
    problem = msgspec.structs.replace(
        draft.write(tests, golden, lineage),
        provenance=(
            ("method", verification.method),
            ("golden_confidence", f"{verification.confidence:.3f}"),
            ("voters", str(len(draft.candidates))),
        ),
    )
    if fault := _witness_objects(draft, problem, judge, tally):
        return _Outcome(problem, "brute-force-disagrees", fault)
    mutants = [
        Mutant(label=program.label, operator="feature", solution=program.solution)
        for program in draft.wrong
        if program.solution not in draft.candidates[verification.golden : verification.golden + 1]
    ]
    admission = admit(problem, judge, mutants, settings=config.admission, ran_before=True)
    tally.programs += len(mutants)
    tally.executions += admission.executions
    if not admission.admitted:
        return _Outcome(problem, admission.reason, admission.detail)
    problem = msgspec.structs.replace(problem, wrong=admission.wrong)
    if draft.environment != "induction":
        derived = draft.derive(problem, admission.wrong, rng)
        if derived is None:
            return _Outcome(problem, "environment-unfit", f"no test lends itself to {draft.environment}")
        problem = derived
        if passing := _passing_baseline(problem, judge, tally):
            return _Outcome(problem, "trivial-solution", f'the thoughtless answer "{passing}" is right')
    rating = rate(services.student, draft, problem, config.synth.attempts, judge, rng)
    tally.programs += rating.judged
    tally.executions += rating.runs
    problem = msgspec.structs.replace(problem, pass_rate=rating.rate)
    p, keep = rating.rate.rate, config.refine
    if p < keep.keep_low:
        return _Outcome(problem, "too-hard", f"{rating.rate.passes} of {rating.rate.attempts} attempts pass", rating)
    if p > keep.keep_high:
        return _Outcome(problem, "too-easy", f"{rating.rate.passes} of {rating.rate.attempts} attempts pass", rating)
    return _Outcome(problem, rating=rating)


def _witness_objects(draft: Draft, problem: Problem, judge: Judge, tally: _Tally) -> str:
    """Compare the brute force with the labels on the shortest inputs; "" when it agrees wherever it has an answer.

    It gets little time and goes on to longer inputs only while it keeps up: where it runs out of time it says nothing.
    """
    if draft.witness is None:
        return ""
    hurried = msgspec.structs.replace(draft.contract, limits=Limits(time_s=WITNESS_TIME_S))
    shortest = sorted(problem.tests, key=lambda test: len(test.input))
    tally.programs += 1
    for batch in (shortest[:WITNESS_FIRST], shortest[WITNESS_FIRST:WITNESS_INPUTS]):
        runs = judge.execute(draft.witness, hurried, [test.input for test in batch])
        tally.executions += len(runs)
        for test, run in zip(batch, runs, strict=True):
            if run.verdict is not Verdict.AC:
                return ""
            if not judge.agree(draft.contract.checker, test.input, test.output, run.output):
                return (
                    f"on {test.input[:120]!r} the votes say {test.output[:80]!r}, the brute force {run.output[:80]!r}"
                )
    return ""


def _passing_baseline(problem: Problem, judge: Judge, tally: _Tally) -> str | None:
    """The name of a thoughtless answer that is right, or None."""
    environment = ENVIRONMENTS[problem.environment]
    for name, answer in environment.baselines(problem).items():
        judgement = environment.judge(judge, problem, answer, stop_at_first_failure=True)
        tally.executions += len(judgement.tests)
        if judgement.verdict is Verdict.AC:
            return name
    return None


def _weighted(weights: dict[_T, float], rng: random.Random) -> _T:
    return rng.choices(list(weights), weights=list(weights.values()))[0]
