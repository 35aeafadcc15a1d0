"""Evaluate a policy on problems that it was not trained on, and rate a pool of problems with it before RL."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import torch
from filelock import FileLock

from stepsmith.core.ids import content_id
from stepsmith.core.records import Problem, Record
from stepsmith.core.stats import pass_rate
from stepsmith.curriculum import item_of
from stepsmith.evaluate.metrics import figures_of_counts
from stepsmith.scoring.scorer import ScoredCompletion, Scorer, ScoringRequest
from stepsmith.scoring.tests import SplitSettings, split_tests
from stepsmith.store.folder_lock import write_whole
from stepsmith.store.training_log import EvalResult, Score
from stepsmith.train.lessons import golden_reply
from stepsmith.train.policy import Policy
from stepsmith.train.settings import EvalSettings, Stage


def evaluate(
    policy: Policy,
    problems: Sequence[Problem],
    settings: EvalSettings,
    scorer: Scorer,
    tests: SplitSettings,
    *,
    stage: Stage,
    step: int,
    keep: Path | None = None,
    sets: Mapping[str, str] | None = None,
) -> EvalResult:
    """Sample ``settings.samples`` completions for each problem; return pass rates by group of problems.

    The groups are all problems, those of ``group_names``, and the sets that ``sets`` names by the id of a problem.
    Completions that could not be judged are left out. Losses are per character, so that policies with different
    tokenizers can be compared. The same policy and problems give the same figures. With ``keep``, see
    ``sample_rollouts``.
    """
    samples = settings.samples if settings.temperature else 1
    rollouts = sample_rollouts(
        policy, problems, scorer, tests, samples=samples, temperature=settings.temperature, seed=1, keep=keep
    )
    golden = [golden_reply(problem) for problem in problems]
    losses = policy.losses([(policy.prompt(problem), reply) for problem, reply in zip(problems, golden, strict=True)])
    groups: dict[str, list[_Evaluated]] = {}
    for problem, scored, reply, nats in zip(problems, rollouts.scored, golden, losses, strict=True):
        own = (sets[problem.id],) if sets and problem.id in sets else ()
        for name in ("all", *own, *group_names(problem)):
            groups.setdefault(name, []).append(_Evaluated(scored, nats, len(reply)))
    environments = {problem.environment for problem in problems}
    names = [name for name in sorted(groups, key=_order) if len(environments) > 1 or name not in environments]
    return EvalResult(
        stage=stage,
        step=step,
        name="held-out",
        temperature=settings.temperature,
        groups={name: _score(groups[name], samples) for name in names},
    )


class _Evaluated(NamedTuple):
    """What a policy did on one problem: its completions, and the cross entropy and length of the golden completion."""

    scored: list[ScoredCompletion]
    nats: float
    characters: int


class Rollouts(Record, frozen=True):
    """Scored completions, one list per problem, and the seconds that sampling and scoring took."""

    seconds: float
    scored: list[list[ScoredCompletion]]


def sample_rollouts(
    policy: Policy,
    problems: Sequence[Problem],
    scorer: Scorer,
    tests: SplitSettings,
    *,
    samples: int,
    temperature: float,
    seed: int,
    keep: Path | None = None,
) -> Rollouts:
    """Sample ``samples`` completions for each problem and score them.

    With the folder ``keep``, the result is stored there. A later call with the same policy, problems and settings reads
    it instead of sampling again; a call at the same time waits for it.
    """
    if keep is None:
        return _sample(policy, problems, scorer, tests, samples, temperature, seed)
    ids = [problem.id for problem in problems]
    computed = torch.get_num_threads(), policy.model.device.type  # these change rounding, and so the samples
    scoring = scorer.rewards, tests
    name = content_id("rollouts", policy.fingerprint(), ids, scoring, samples, temperature, seed, computed)
    file = keep / f"{name}.json"
    keep.mkdir(parents=True, exist_ok=True)
    with FileLock(file.with_suffix(".lock")):
        if not file.exists():
            made = _sample(policy, problems, scorer, tests, samples, temperature, seed)
            write_whole(file, msgspec.json.encode(made))
    return msgspec.json.decode(file.read_bytes(), type=Rollouts)


def _sample(
    policy: Policy,
    problems: Sequence[Problem],
    scorer: Scorer,
    tests: SplitSettings,
    samples: int,
    temperature: float,
    seed: int,
) -> Rollouts:
    started = time.monotonic()
    prompts = [policy.prompt(problem) for problem in problems]
    length = policy.prompt_format.max_completion_length
    completions = policy.complete(prompts, samples, temperature, length, seed)
    splits = [split_tests(problem, tests) for problem in problems]
    requests = [
        ScoringRequest(problem, completion, split)
        for problem, split, given in zip(problems, splits, completions, strict=True)
        for completion in given
    ]
    scored = iter(scorer.score_batch(requests))
    found = [[next(scored) for _ in given] for given in completions]
    return Rollouts(time.monotonic() - started, found)


def with_rates(problems: Sequence[Problem], rollouts: Rollouts) -> list[Problem]:
    """Return the problems with the pass rates of these rollouts, which replace their earlier pass rates."""
    return [
        msgspec.structs.replace(
            problem,
            pass_rate=pass_rate(sum(one.solved for one in scored), sum(one.reward is not None for one in scored)),
        )
        for problem, scored in zip(problems, rollouts.scored, strict=True)
    ]


def group_names(problem: Problem) -> tuple[str, ...]:
    """Return the groups that a problem is counted in: its environment, its number of features, its band if rated."""
    count = len(problem.features)
    names: list[str] = [problem.environment]
    if count:
        names.append(length_name(count))
    if band := item_of(problem).band:
        names.append(band)
    return tuple(names)


def length_name(count: int) -> str:
    """Return "1 feature", "2 features", ..."""
    return f"{count} feature{'' if count == 1 else 's'}"


def _score(by_problem: Sequence[_Evaluated], samples: int) -> Score:
    counts = []
    truncated = no_answer = replies = 0
    for scored, _, _ in by_problem:
        counted = [one for one in scored if one.reward is not None]
        truncated += sum(one.status == "truncated" for one in scored)
        no_answer += sum(one.status == "no-answer" for one in scored)
        replies += len(scored)
        if counted:
            counts.append((len(counted), sum(one.solved for one in counted)))
    figures = figures_of_counts(counts) if counts else None
    return Score(
        problems=len(counts),
        samples=samples,
        pass_at_1=figures.average if figures else 0.0,
        low=figures.low if figures else 0.0,
        high=figures.high if figures else 1.0,
        pass_at_k=figures.pass_at_k if figures else {},
        truncated=truncated / max(1, replies),
        no_answer=no_answer / max(1, replies),
        loss=sum(one.nats for one in by_problem) / max(1, sum(one.characters for one in by_problem)),
    )


def _order(name: str) -> tuple[int, str]:
    return (0 if name == "all" else 1 if "feature" in name else 2, name)
