"""Measuring a policy on problems that it was not trained on."""

import time
from collections.abc import Iterable, Sequence
from math import comb
from pathlib import Path

import msgspec
import torch
from filelock import FileLock

from stepsmith.core.ids import content_id
from stepsmith.core.records import Problem, Record
from stepsmith.core.stats import pass_rate, wilson_interval
from stepsmith.curriculum import item_of
from stepsmith.store.folder_lock import write_whole
from stepsmith.store.training_log import EvalResult, Score
from stepsmith.train.grading import Grade, Grader
from stepsmith.train.policy import Policy
from stepsmith.train.settings import EvalSettings, Stage

KS = (1, 2, 4, 8, 16, 32)


def measure(
    policy: Policy,
    problems: Sequence[Problem],
    settings: EvalSettings,
    grader: Grader,
    *,
    stage: Stage,
    step: int,
    keep: Path | None = None,
) -> EvalResult:
    """Let the policy answer each problem ``settings.samples`` times and score the answers by group.

    Answers that could not be judged are left out. The same policy and problems give the same figures.
    """
    samples = settings.samples if settings.temperature else 1
    attempts = attempt(policy, problems, grader, samples=samples, temperature=settings.temperature, seed=1, keep=keep)
    groups: dict[str, list[list[Grade]]] = {}
    for problem, grades in zip(problems, attempts.grades, strict=True):
        for name in ("all", *group_names(problem)):
            groups.setdefault(name, []).append(grades)
    environments = {problem.environment for problem in problems}
    names = [name for name in sorted(groups, key=_order) if len(environments) > 1 or name not in environments]
    return EvalResult(
        stage=stage,
        step=step,
        name="held-out",
        temperature=settings.temperature,
        groups={name: _score(groups[name], samples) for name in names},
    )


class Attempts(Record, frozen=True):
    """The grades of some replies to each of some problems, and the seconds that they took."""

    seconds: float
    grades: list[list[Grade]]


def attempt(
    policy: Policy,
    problems: Sequence[Problem],
    grader: Grader,
    *,
    samples: int,
    temperature: float,
    seed: int,
    keep: Path | None = None,
) -> Attempts:
    """Return the grades of ``samples`` replies to each problem.

    In the folder ``keep`` they are found by whoever wants the same of the same policy; while one process makes them,
    others wait for it.
    """
    if keep is None:
        return _attempt(policy, problems, grader, samples, temperature, seed)
    ids = [problem.id for problem in problems]
    computed = torch.get_num_threads(), policy.model.device.type  # they shape rounding, and so what is sampled
    name = content_id("attempts", policy.fingerprint(), ids, grader.settings, samples, temperature, seed, computed)
    file = keep / f"{name}.json"
    keep.mkdir(parents=True, exist_ok=True)
    with FileLock(file.with_suffix(".lock")):
        if not file.exists():
            write_whole(file, msgspec.json.encode(_attempt(policy, problems, grader, samples, temperature, seed)))
    return msgspec.json.decode(file.read_bytes(), type=Attempts)


def _attempt(
    policy: Policy, problems: Sequence[Problem], grader: Grader, samples: int, temperature: float, seed: int
) -> Attempts:
    started = time.monotonic()
    prompts = [policy.prompt(problem) for problem in problems]
    replies = policy.replies(prompts, samples, temperature, policy.prompt_format.max_reply_tokens, seed)
    pairs = [(problem, reply) for problem, given in zip(problems, replies, strict=True) for reply in given]
    grades = iter(grader.grade(pairs))
    found = [[next(grades) for _ in given] for given in replies]
    return Attempts(time.monotonic() - started, found)


def with_rates(problems: Sequence[Problem], attempts: Attempts) -> list[Problem]:
    """Return problems with the pass rates that attempts at them have shown, in place of another student's."""
    return [
        msgspec.structs.replace(
            problem,
            pass_rate=pass_rate(
                sum(grade.solved for grade in grades), sum(grade.reward is not None for grade in grades)
            ),
        )
        for problem, grades in zip(problems, attempts.grades, strict=True)
    ]


def group_names(problem: Problem) -> tuple[str, ...]:
    """Groups that a problem is counted in, beside all: by number of features, environment, and band if rated."""
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


def pass_at_k(n: int, c: int, k: int) -> float:
    """Unbiased estimate of the chance that one of ``k`` replies passes, c of n did (Chen et al., arXiv 2107.03374)."""
    return 1.0 - comb(n - c, k) / comb(n, k)


def _score(graded: Iterable[list[Grade]], samples: int) -> Score:
    counts = []
    truncated = no_answer = replies = 0
    for grades in graded:
        counted = [grade for grade in grades if grade.reward is not None]
        truncated += sum(grade.status == "truncated" for grade in grades)
        no_answer += sum(grade.status == "no-answer" for grade in grades)
        replies += len(grades)
        if counted:
            counts.append((len(counted), sum(grade.solved for grade in counted)))
    rates = [passes / n for n, passes in counts]
    low, high = wilson_interval(sum(rates), len(rates)) if rates else (0.0, 1.0)
    at_k = {
        str(k): sum(pass_at_k(n, passes, k) for n, passes in counts) / len(counts)
        for k in KS
        if counts and k <= min(n for n, _ in counts)
    }
    return Score(
        problems=len(counts),
        samples=samples,
        pass_at_1=sum(rates) / len(rates) if rates else 0.0,
        low=low,
        high=high,
        pass_at_k=at_k,
        truncated=truncated / max(1, replies),
        no_answer=no_answer / max(1, replies),
    )


def _order(name: str) -> tuple[int, str]:
    return (0 if name == "all" else 1 if "feature" in name else 2, name)
