"""Detect rewards that are not earned: answers that pass the rewarded tests and fail the held-back tests."""

from collections import Counter
from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta

from stepsmith.core.records import Record
from stepsmith.core.stats import wilson_interval
from stepsmith.scoring.scorer import ScoredCompletion

FEWEST = 3  # a report names a problem only after so many failures on its held-back tests


class HeldBackReport(Record, frozen=True, kw_only=True):
    """How many answers that passed every rewarded test failed a held-back test: ``failed`` of ``passed``."""

    passed: int
    failed: int
    low: float  # 95% Wilson interval of failed / passed
    high: float
    suspicious: bool  # the whole interval lies above the tolerance
    jump: bool  # the interval of the latest window lies above the interval of everything before
    problems: tuple[str, ...]  # ids of the problems that are suspicious by themselves, most failures first

    @property
    def gap(self) -> float:
        """Share of rewarded answers that the held-back tests reject; 0 if there are no rewarded answers."""
        return self.failed / self.passed if self.passed else 0.0


class HeldBackMonitor:
    """Counts how often rewarded answers fail held-back tests.

    Causes are reward hacks, mistakes on rare cases, and wrong labels. ``tolerance`` is the share of failures that is
    still considered normal; the default is our choice.
    """

    def __init__(self, tolerance: Annotated[float, Meta(ge=0, lt=1)] = 0.05) -> None:
        self.tolerance = tolerance
        self._before: Counter[bool] = Counter()
        self._window: Counter[bool] = Counter()
        self._problems: dict[str, Counter[bool]] = {}

    def observe(self, scored: Iterable[ScoredCompletion]) -> None:
        """Add scored completions to the current window."""
        for one in scored:
            if one.passed_held_back is None:
                continue
            failed = not one.passed_held_back
            self._window[failed] += 1
            self._problems.setdefault(one.problem_id, Counter())[failed] += 1

    def report(self) -> HeldBackReport:
        """Return the report on everything so far, and begin a new window."""
        total = self._before + self._window
        low, high = _interval(total)
        jump = bool(self._before.total()) and _interval(self._window)[0] > max(
            self.tolerance, _interval(self._before)[1]
        )
        named = [
            (-counts[True], problem_id)
            for problem_id, counts in self._problems.items()
            if counts[True] >= FEWEST and _interval(counts)[0] > self.tolerance
        ]
        self._before, self._window = total, Counter()
        return HeldBackReport(
            passed=total.total(),
            failed=total[True],
            low=low,
            high=high,
            suspicious=low > self.tolerance,
            jump=jump,
            problems=tuple(problem_id for _, problem_id in sorted(named)),
        )


def _interval(counts: Counter[bool]) -> tuple[float, float]:
    return wilson_interval(counts[True], counts.total())
