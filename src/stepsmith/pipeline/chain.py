"""A chain: one seed and the problems that grow from it, turn by turn. The unit of work; chains do not know each other.

seed ─► teacher.propose ─► labels by vote ─► base problem ─► gates ─► environment ─► student's attempts ─► rate
              ▲                                                                                       │
              └────────────────────── teacher.refine: harder, easier or alike ◄───────────────────────┘
"""

import random
from dataclasses import dataclass, replace
from typing import TypeVar

from stepsmith.core.ids import content_id, derive_rng
from stepsmith.core.records import Chain, Direction, Lineage, Problem, Rejection, Turn
from stepsmith.core.stats import band_of
from stepsmith.judge.protocol import Judge
from stepsmith.pipeline.config import Config
from stepsmith.pipeline.counting import CountingJudge
from stepsmith.pipeline.evaluation import evaluate
from stepsmith.synth.draft import Draft, Feedback, Student, Teacher
from stepsmith.synth.seeds import SeedSource

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Services:
    """The players of a chain."""

    seeds: SeedSource
    teacher: Teacher
    student: Student
    judge: Judge
    strong_solver: Student | None = None


def grow_chain(index: int, config: Config, services: Services) -> Chain:
    """Grow chain number ``index`` of a run. Depends on ``config`` and ``index`` alone, never on the clock or on others.

    Raises ``SandboxError`` when our machinery fails for good.
    """
    synth = config.synth
    seed = services.seeds.window(derive_rng(synth.seed, "seed", index))
    chain_id = content_id("chain", synth.seed, index, seed.id)
    rng = derive_rng(synth.seed, "chain", index)
    environment = _weighted(dict(synth.environments), rng)
    judge = CountingJudge(services.judge)
    made_by_teacher = 0
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
        outcome = evaluate(draft, lineage, config, judge, services.student, turn_rng, services.strong_solver)
        made_by_teacher += draft.executions
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
        judged_programs=judge.programs,
        executions=judge.executions + made_by_teacher,
    )


def _turns(config: Config) -> int:
    return 1 if config.synth.mode == "single-turn" else config.synth.turns


def _direction(config: Config, feedback: Feedback | None, kept: list[Problem]) -> Direction:
    """Deep Dive's progression: harder above 0.65, easier at 0. In between, towards the bands that the chain lacks.

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


def _weighted(weights: dict[_T, float], rng: random.Random) -> _T:
    return rng.choices(list(weights), weights=list(weights.values()))[0]
