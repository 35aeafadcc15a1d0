"""Rollout statistics: what the scored completions of a logging window say of the policy and of the tests."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from stepsmith.core.records import Problem
from stepsmith.curriculum import Observation
from stepsmith.scoring.scorer import ScoredCompletion
from stepsmith.store.training_log import Tally
from stepsmith.train.held_back import HeldBackMonitor, HeldBackReport


class RolloutStatistics:
    """Counts what happened since the last log record: scored completions, waiting times, groups.

    ``problems`` are those that may occur, by id; the trainer adds to them.
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
        """Count the completions of whole groups."""
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
        """Return the share of the window's completions for which ``wanted`` holds; None without any."""
        return sum(map(wanted, self.scored)) / len(self.scored) if self.scored else None

    def suspicions(self) -> tuple[HeldBackReport, tuple[str, ...]]:
        """Report on held-back tests, with a warning where rewards look unearned."""
        report = self._held_back.report()
        found = []
        if report.jump or (report.suspicious and report.problems and not self._flagged):
            self._flagged = True  # this warning is given once; a jump is reported every time
            named = f", most on {', '.join(report.problems[:3])}" if report.problems else ""
            found.append(
                f"{report.failed} of {report.passed} rewarded completions fail tests that are held back{named}: look "
                "at them for hard-coded outputs, rare mistakes or wrong labels"
            )
        return report, tuple(found)


def uniform(scored: Sequence[ScoredCompletion]) -> bool:
    """Say whether a group has no variance in its rewards; completions that are left out do not count."""
    return len({one.reward for one in scored if one.reward is not None}) < 2


def observations(scored: Iterable[ScoredCompletion]) -> list[Observation]:
    """Return what a batch says of each problem's pass rate, in order of first appearance; masked ones are left out."""
    counts: dict[str, list[int]] = {}
    for one in scored:
        count = counts.setdefault(one.problem_id, [0, 0])
        if one.reward is not None:
            count[0] += one.solved
            count[1] += 1
    return [Observation(problem_id=i, passes=passes, attempts=attempts) for i, (passes, attempts) in counts.items()]
