"""Rollout statistics: pass rates, uniform groups, waiting times and unearned rewards of a logging window."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from stepsmith.core.records import Problem
from stepsmith.curriculum import Observation
from stepsmith.scoring.scorer import ScoredCompletion
from stepsmith.store.training_log import Tally
from stepsmith.train.held_back import HeldBackMonitor, HeldBackReport


class RolloutStatistics:
    """Counts what has happened since the last log record: scored completions, groups, seconds of waiting.

    ``problems`` holds every problem of the training by its id; the trainer adds new problems to it.
    """

    def __init__(self, problems: dict[str, Problem]) -> None:
        self._problems = problems
        self._held_back = HeldBackMonitor()
        self._flagged = False
        self.clear()

    def clear(self) -> None:
        """Begin a new window."""
        self.scored: list[ScoredCompletion] = []
        self.groups = self.uniform_groups = self.resampled = 0
        self.judge_s = self.generate_s = 0.0

    def observe(self, scored: Sequence[ScoredCompletion], group_size: int) -> None:
        """Add the completions of whole groups, ``group_size`` after each other per group."""
        self.scored += scored
        self._held_back.observe(scored)
        for start in range(0, len(scored), group_size):
            self.groups += 1
            self.uniform_groups += uniform(scored[start : start + group_size])

    def tallies(self, label: Callable[[Problem], str]) -> dict[str, Tally]:
        """Return passes and attempts of the window, grouped by ``label(problem)``."""
        passes: Counter[str] = Counter()
        attempts: Counter[str] = Counter()
        for one in self.scored:
            if one.reward is not None:
                name = label(self._problems[one.problem_id])
                passes[name] += one.solved
                attempts[name] += 1
        return {name: Tally(passes=passes[name], attempts=attempts[name]) for name in sorted(attempts)}

    def share(self, wanted: Callable[[ScoredCompletion], bool]) -> float | None:
        """Return the share of the window's completions for which ``wanted`` is true; None if there are none."""
        return sum(map(wanted, self.scored)) / len(self.scored) if self.scored else None

    def suspicions(self) -> tuple[HeldBackReport, tuple[str, ...]]:
        """Return the report on held-back tests, and warnings if rewards look unearned."""
        report = self._held_back.report()
        found = []
        if report.jump or (report.suspicious and report.problems and not self._flagged):
            self._flagged = True  # a suspicious report warns once, a jump every time
            named = f", most on {', '.join(report.problems[:3])}" if report.problems else ""
            found.append(
                f"{report.failed} of {report.passed} rewarded completions fail held-back tests{named}; look at them "
                "for hard-coded outputs, mistakes on rare cases, or wrong labels"
            )
        return report, tuple(found)


def uniform(scored: Sequence[ScoredCompletion]) -> bool:
    """Return whether all rewards of a group are the same; completions that are left out do not count."""
    return len({one.reward for one in scored if one.reward is not None}) < 2


def observations(scored: Iterable[ScoredCompletion]) -> list[Observation]:
    """Return the passes and attempts of each problem of a batch, in order of first appearance.

    Completions without a reward are not counted.
    """
    counts: dict[str, list[int]] = {}
    for one in scored:
        count = counts.setdefault(one.problem_id, [0, 0])
        if one.reward is not None:
            count[0] += one.solved
            count[1] += 1
    return [Observation(problem_id=i, passes=passes, attempts=attempts) for i, (passes, attempts) in counts.items()]
