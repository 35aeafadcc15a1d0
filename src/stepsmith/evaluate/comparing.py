"""Two evaluations side by side, if they may be compared at all."""

from collections.abc import Sequence
from typing import NamedTuple

from stepsmith.core.stats import Paired, paired
from stepsmith.evaluate.evaluation import UNKNOWN, Conditions
from stepsmith.evaluate.metrics import shares
from stepsmith.evaluate.scoring import ScoredSample

# What must be equal in two scores, in words. Machine, date, model and samples may differ.
_EQUAL: tuple[tuple[str, str], ...] = (
    ("benchmark", "the benchmark"),
    ("release", "the release of the benchmark"),
    ("window", "the window of dates"),
    ("problems", "the number of problems"),
    ("problems_id", "the problems themselves"),
    ("scored_id", "which problems have samples"),
    ("samples_per_problem", "the number of samples per problem"),
    ("extraction", "the rule by which answers are extracted"),
    ("rules", "the version of the judging rules"),
    ("limits", "the limits"),
    ("isolation", "the isolation"),
)


class ScoreComparison(NamedTuple):
    """Two models on the same problems: ``test`` is the paired t test over problems, positive where B is better.

    ``flipped`` are the problems with the largest differences, as (task, share of A, share of B).
    """

    first: float
    second: float
    test: Paired
    flipped: list[tuple[str, float, float]]
    doubts: list[str]


def obstacles(first: Conditions, second: Conditions) -> list[str]:
    """Return why two scores must not be compared; an empty list if they may be."""
    found = []
    for name, what in _EQUAL:
        a, b = getattr(first, name), getattr(second, name)
        if a != b:
            found.append(f"{what} ({_shown(a)} against {_shown(b)})")
    if UNKNOWN not in (first.prompt_hash, second.prompt_hash) and first.prompt_hash != second.prompt_hash:
        found.append(f"the prompts ({first.prompt_hash} against {second.prompt_hash})")
    if first.sampling and second.sampling:
        names = sorted(first.sampling.keys() | second.sampling.keys())
        found.extend(
            f"sampling: {name} ({first.sampling.get(name, 'not set')} against {second.sampling.get(name, 'not set')})"
            for name in names
            if first.sampling.get(name) != second.sampling.get(name)
        )
    return found


def doubts(first: Conditions, second: Conditions) -> list[str]:
    """Return what is not known about two scores that may otherwise be compared."""
    found = []
    if UNKNOWN in (first.prompt_hash, second.prompt_hash):
        found.append("whether both models saw the same prompts")
    if not first.sampling or not second.sampling:
        found.append("whether both were sampled with the same settings")
    if first.versions.get("python") != second.versions.get("python"):
        pair = f"{first.versions.get('python')} and {second.versions.get('python')}"
        found.append(f"whether the Python versions that judged ({pair}) matter")
    return found


def compare(
    first: tuple[Conditions, Sequence[ScoredSample]], second: tuple[Conditions, Sequence[ScoredSample]]
) -> ScoreComparison:
    """Compare the shares of passed samples on the problems that both have."""
    a, b = shares(first[1]), shares(second[1])
    tasks = [task_id for task_id in a if task_id in b]
    test = paired([b[task_id] for task_id in tasks], [a[task_id] for task_id in tasks])
    flipped = sorted(
        ((task_id, a[task_id], b[task_id]) for task_id in tasks if a[task_id] != b[task_id]),
        key=lambda item: (-abs(item[2] - item[1]), item[0]),
    )
    n = len(tasks)
    return ScoreComparison(
        sum(a[t] for t in tasks) / n, sum(b[t] for t in tasks) / n, test, flipped, doubts(first[0], second[0])
    )


def _shown(value: object) -> str:
    return str(value) if value != "" else "all"
