"""The figures of an evaluation: pass@k, the mean with its error, groups of problems, and how samples failed."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from statistics import fmean, median

from stepsmith.benchmarks.problem import BenchmarkProblem
from stepsmith.benchmarks.verdict import OUTCOMES
from stepsmith.core.records import Record
from stepsmith.core.stats import clustered_mean, pass_at_k, wilson_interval
from stepsmith.evaluate.scoring import ScoredSample

KS = (1, 2, 4, 5, 8, 10, 16, 25, 32, 50, 64, 100, 128, 200, 256)


class Figures(Record, frozen=True, kw_only=True):
    """The score of some problems. ``average`` is avg@n, the mean over problems of the share of passed samples.

    ``standard_error`` and the 95% interval are by a bootstrap over problems; see ``figures_of_counts``.
    ``pass_at_k`` is the unbiased estimate for every k up to the fewest samples of a problem.
    """

    problems: int
    samples: int
    average: float
    standard_error: float
    low: float
    high: float
    pass_at_k: dict[str, float]


class Failures(Record, frozen=True, kw_only=True):
    """The samples with one outcome, as in X-Coder's analysis of failures: how many, and how long they are."""

    count: int
    share: float
    median_characters: float
    mean_tokens: float | None = None  # of those whose length is known


class ScoreTable(Record, frozen=True, kw_only=True):
    """All figures of an evaluation. ``parts`` are those of the official harness beside the score ("base")."""

    all: Figures
    parts: dict[str, Figures]
    groups: dict[str, dict[str, Figures]]  # by what ("difficulty"), then by its value
    outcomes: dict[str, Failures]


def metrics_of(problems: Sequence[BenchmarkProblem], scored: Sequence[ScoredSample]) -> ScoreTable:
    """Return the figures of scored samples. Raises ``ValueError`` without samples."""
    by_task: dict[str, list[ScoredSample]] = {}
    for sample in scored:
        by_task.setdefault(sample.task_id, []).append(sample)
    known = {problem.task_id: problem for problem in problems}
    names = [name for name, _ in scored[0].parts]
    groups = {}
    for what, values in _GROUPINGS.items():
        members: dict[str, list[str]] = {}
        for task_id in by_task:
            for value in filter(None, values(known[task_id])):
                members.setdefault(value, []).append(task_id)
        if members:
            groups[what] = {
                value: figures_of({task_id: by_task[task_id] for task_id in members[value]}, _passed)
                for value in sorted(members)
            }
    return ScoreTable(
        all=figures_of(by_task, _passed),
        parts={name: figures_of(by_task, partial(_passed_part, name)) for name in names},
        groups=groups,
        outcomes=_failures(scored),
    )


def figures_of(by_task: Mapping[str, Sequence[ScoredSample]], passed: Callable[[ScoredSample], bool]) -> Figures:
    """Return the figures of the samples of some problems."""
    return figures_of_counts([(len(samples), sum(map(passed, samples))) for samples in by_task.values()])


def figures_of_counts(counts: Sequence[tuple[int, int]]) -> Figures:
    """Return the figures of problems given as (samples, passed). Raises ``ValueError`` without problems.

    Where all problems have the same share, a bootstrap knows no error; the interval is then Wilson's.
    """
    mean = clustered_mean([c / n for n, c in counts])
    low, high = mean.low, mean.high
    if not mean.standard_error:
        low, high = wilson_interval(mean.mean * len(counts), len(counts))
    return Figures(
        problems=len(counts),
        samples=sum(n for n, _ in counts),
        average=mean.mean,
        standard_error=mean.standard_error,
        low=low,
        high=high,
        pass_at_k=mean_pass_at_k(counts),
    )


def mean_pass_at_k(counts: Sequence[tuple[int, int]]) -> dict[str, float]:
    """Return pass@k over problems given as (samples, passed), for every k up to the fewest samples; {} for none."""
    fewest = min((n for n, _ in counts), default=0)
    return {str(k): fmean(pass_at_k(n, c, k) for n, c in counts) for k in KS if k <= fewest}


def shares(scored: Iterable[ScoredSample]) -> dict[str, float]:
    """Return the share of passed samples of each problem."""
    found: dict[str, list[bool]] = {}
    for sample in scored:
        found.setdefault(sample.task_id, []).append(sample.passed)
    return {task_id: fmean(passed) for task_id, passed in found.items()}


def _failures(scored: Sequence[ScoredSample]) -> dict[str, Failures]:
    counts = Counter(sample.outcome for sample in scored)
    found: dict[str, Failures] = {}
    for outcome in OUTCOMES:
        if counts[outcome]:
            some = [sample for sample in scored if sample.outcome == outcome]
            tokens = [sample.tokens for sample in some if sample.tokens is not None]
            found[outcome] = Failures(
                count=len(some),
                share=len(some) / len(scored),
                median_characters=float(median(sample.characters for sample in some)),
                mean_tokens=fmean(tokens) if tokens else None,
            )
    return found


def _passed(sample: ScoredSample) -> bool:
    return sample.passed


def _passed_part(name: str, sample: ScoredSample) -> bool:
    return dict(sample.parts).get(name, False)


_GROUPINGS: dict[str, Callable[[BenchmarkProblem], Sequence[str]]] = {
    "difficulty": lambda problem: (problem.difficulty,),
    "month": lambda problem: (problem.date[:7],),
    "feature": lambda problem: problem.features,
    "environment": lambda problem: (problem.environment,),
}
