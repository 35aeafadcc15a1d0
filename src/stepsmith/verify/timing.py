"""Time limits from CPU time: intended solutions pass with slack, the brute force of a stress test does not."""

from collections.abc import Sequence

import msgspec

from stepsmith.core.records import Contract, Record, Solution, Verdict
from stepsmith.judge.protocol import Judge

GRID = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)  # seconds; factors of two, so that noise rarely moves a limit


class TimingSettings(Record, frozen=True, kw_only=True):
    """How limits are set. The slack of 4 is ours: contest practice is 2 to 5 times the slowest intended solution."""

    slack: float = 4.0
    floor_s: float = 1.0
    repeats: int = 3  # of the slowest inputs; the least CPU time counts, since noise only adds
    slowest: int = 3  # inputs that are measured again


class TimeLimit(Record, frozen=True, kw_only=True):
    """A calibrated limit. ``separated`` is None without a brute force or stress input to tell apart."""

    limit_s: float
    slowest_s: float  # of the accepted solutions, on any input
    separated: bool | None
    reason: str = ""  # "golden-fails", "too-slow" (no limit of the grid has the slack), "" otherwise


def calibrate_time_limit(
    judge: Judge,
    contract: Contract,
    accepted: Sequence[Solution],
    inputs: Sequence[str],
    *,
    brute_force: Solution | None = None,
    stress: Sequence[str] = (),
    previous_s: float | None = None,
    settings: TimingSettings = TimingSettings(),  # noqa: B008 - frozen
) -> TimeLimit:
    """The smallest limit of the grid that gives every accepted solution (one per language) ``slack`` times its time.

    A ``previous_s`` limit is kept while it still gives between 0.7 and 3 times the wanted slack, so that calibrating
    again changes nothing without need. ``separated`` says whether the brute force exceeds the limit on some stress
    input, as it should; it does not shape the limit, since a tighter one would fail honest solutions: larger stress
    inputs are the remedy.
    """
    roomy = _with_limit(contract, GRID[-1])
    slowest = 0.0
    for solution in accepted:
        took = _slowest(judge, roomy, solution, [*inputs, *stress], settings)
        if took is None:
            return TimeLimit(limit_s=GRID[-1], slowest_s=GRID[-1], separated=None, reason="golden-fails")
        slowest = max(slowest, took)
    wanted = max(settings.floor_s, settings.slack * slowest)
    limit = next((step for step in GRID if step >= wanted), None)
    if limit is None:
        return TimeLimit(limit_s=GRID[-1], slowest_s=slowest, separated=None, reason="too-slow")
    if previous_s is not None and max(settings.floor_s, 0.7 * wanted) <= previous_s <= 3 * wanted:
        limit = previous_s
    separated = None
    if brute_force is not None and stress:
        runs = judge.execute(brute_force, _with_limit(contract, limit), list(stress))
        separated = any(run.verdict in (Verdict.TLE, Verdict.MLE) for run in runs)
    return TimeLimit(limit_s=limit, slowest_s=slowest, separated=separated)


def _slowest(
    judge: Judge, contract: Contract, solution: Solution, inputs: Sequence[str], settings: TimingSettings
) -> float | None:
    """CPU seconds of the slowest input, the least of several runs; None if the solution fails somewhere."""
    runs = judge.execute(solution, contract, list(inputs))
    if any(run.verdict not in (Verdict.AC, Verdict.IE) for run in runs):
        return None
    best = {j: run.cpu_s for j, run in enumerate(runs) if run.verdict is Verdict.AC}
    again = sorted(best, key=lambda j: -best[j])[: settings.slowest]
    for _ in range(settings.repeats - 1):
        for j, run in zip(again, judge.execute(solution, contract, [inputs[j] for j in again]), strict=True):
            if run.verdict is Verdict.AC:
                best[j] = min(best[j], run.cpu_s)
    return max(best.values(), default=0.0)


def _with_limit(contract: Contract, time_s: float) -> Contract:
    """The contract with another time limit."""
    return msgspec.structs.replace(contract, limits=msgspec.structs.replace(contract.limits, time_s=time_s))
