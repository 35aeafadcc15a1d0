"""A chain: one seed and the problems that grow from it, turn by turn. The unit of work; chains are independent.

seed ─► teacher.propose ─► labels by vote ─► base problem ─► gates ─► environment ─► student's attempts ─► rate
              ▲                                                                                       │
              └────────────────────── teacher.refine: harder, easier or alike ◄───────────────────────┘
"""

import random
from dataclasses import replace
from typing import TypeVar

from stepsmith.core.ids import content_id, derive_rng
from stepsmith.core.records import Chain, Lineage, Problem, Rejection, Seed, StudentAttempt, Turn
from stepsmith.core.stats import band_of
from stepsmith.core.tracing import annotate, span
from stepsmith.judge.protocol import Judge
from stepsmith.pipeline.building import Building, build_problem
from stepsmith.pipeline.config import Config
from stepsmith.pipeline.counting import CountingJudge
from stepsmith.pipeline.rating import Rating
from stepsmith.pipeline.roles import STUDENTS, Roles
from stepsmith.pipeline.stage_times import StageTimes
from stepsmith.scoring.scorer import Scorer
from stepsmith.synth.draft import Draft, Feedback

_T = TypeVar("_T")


def grow_chain(index: int, config: Config, seed: Seed, roles: Roles, judge: Judge) -> Chain:
    """Grow chain number ``index`` of a run from its seed. The result depends only on these and on ``config``.

    Raises ``SandboxError`` if the judge keeps failing.
    """
    synth = config.synth
    chain_id = content_id("chain", synth.seed, index, seed.id)
    rng = derive_rng(synth.seed, "chain", index)
    environment = _weighted(dict(synth.environments), rng)
    counting = CountingJudge(judge)
    scorer = Scorer(counting)
    times = StageTimes()
    made_by_teacher = 0
    keeps_attempts = config.runtime.keep_attempts and synth.student not in STUDENTS  # theirs follow from the seed
    attempts: list[StudentAttempt] = []
    turns: list[Turn] = []
    kept: list[Problem] = []
    rejections: list[Rejection] = []
    base: Draft | None = None  # the last draft that was rated; the teacher refines it
    parent_id: str | None = None
    feedback: Feedback | None = None  # on it
    for turn in range(1, _turns(config) + 1):
        turn_rng = derive_rng(synth.seed, "turn", index, turn)
        if base is None or feedback is None:
            with span("propose", turn=turn), times.of("propose"):
                draft = roles.teacher.propose(seed, environment, turn_rng)
        else:
            held = frozenset(band_of(problem.pass_rate.rate) for problem in kept if problem.pass_rate)
            direction = config.progression.direction(feedback.pass_rate.rate, held)
            with span("refine", turn=turn, direction=direction), times.of("propose"):
                draft = roles.teacher.refine(base, replace(feedback, held=held), direction, turn_rng)
        lineage = Lineage(
            chain_id=chain_id,
            turn=turn,
            parent_id=parent_id,
            change=draft.change,
            direction=draft.direction,
            seed_ref=seed.ref,
            seed_license=seed.license,
        )
        build = Building(draft, lineage, config, counting, scorer, turn_rng, times)
        with span("build", turn=turn):
            built = build_problem(build, roles.student, roles.strong_solver)
            result, problem_id = built.result, built.problem.id
            annotate(problem=problem_id, kept=isinstance(result, Problem))
        if keeps_attempts:
            attempts += _attempts(built.rating, lineage, problem_id)
        made_by_teacher += draft.executions
        if built.rating:
            base, feedback, parent_id = draft, built.rating.feedback, problem_id
        if isinstance(result, Problem) and any(problem.id == problem_id for problem in kept):
            result = Rejection(
                reason="repeats-the-chain", detail="an earlier turn made the same problem", problem=result
            )
        if isinstance(result, Rejection):
            rejections.append(result)
        else:
            kept.append(result)
        turns.append(
            Turn(
                turn=turn,
                direction=draft.direction,
                change=draft.change,
                problem_id=problem_id if isinstance(result, Problem) else None,
                rejected=result.reason if isinstance(result, Rejection) else None,
                pass_rate=built.rating.rate if built.rating else None,
                verdicts=dict(sorted(built.rating.verdicts.items())) if built.rating else {},
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
        judged_programs=counting.programs,
        executions=counting.executions + made_by_teacher,
        attempts=tuple(attempts),
        judge_s=counting.seconds,
        stage_s=dict(times.seconds),
    )


def _attempts(rating: Rating | None, lineage: Lineage, problem_id: str) -> list[StudentAttempt]:
    """The attempts of a rating, numbered; none where nothing was rated."""
    return [
        StudentAttempt(
            chain_id=lineage.chain_id,
            turn=lineage.turn,
            problem_id=problem_id,
            number=number,
            verdict=verdict,
            why=why,
            text=text,
        )
        for number, (verdict, why, text) in enumerate(rating.attempts if rating else (), 1)
    ]


def _turns(config: Config) -> int:
    return 1 if config.synth.mode == "single-turn" else config.synth.turns


def _weighted(weights: dict[_T, float], rng: random.Random) -> _T:
    return rng.choices(list(weights), weights=list(weights.values()))[0]
