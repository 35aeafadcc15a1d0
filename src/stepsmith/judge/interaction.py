"""The verdict of an interactive test and of a test with several passes, by the rules of Kattis's problemtools.

The interactor (an interactive output validator) and the solution run at the same time, and each reads what the other
writes. If both fail, the verdict depends on which ended first, because the other may have failed only for that reason:

1. The interactor ended first without a decision (an exit code other than 42 and 43, a crash, a limit): IE.
2. The interactor ended first and rejects: WA, whatever becomes of the solution afterwards.
3. The solution broke a limit or failed: TLE, MLE, OLE or RTE. A deadlock is TLE: the solution has the shorter limit.
4. Otherwise the interactor decides. If it fails after the solution has ended well, the solution left too early: WA.
"""

from collections.abc import Callable

import msgspec

from stepsmith.core.records import Limits, Record, TestResult, Verdict
from stepsmith.judge.checkers.custom import ACCEPTS, LIMITS, REJECTS, Files, judge_message, next_pass
from stepsmith.judge.runs import stderr_of
from stepsmith.judge.verdicts import Allowance, failure, run_limits, signal_name
from stepsmith.sandbox.executable import RunOutcome
from stepsmith.sandbox.interaction import Interaction

LEFT_ALONE_S = 60.0  # wall seconds that an interactor has beyond the solution's limit, to decide


class Pass(Record, frozen=True, kw_only=True):
    """The judged run of one pass, and the files that the checker left in its feedback folder."""

    result: TestResult
    feedback: Files = ()


def interactor_limits(solution: Allowance) -> Limits:
    """Return the limits of an interactor that works beside a solution."""
    return msgspec.structs.replace(LIMITS, wall_s=run_limits(solution).wall_s + LEFT_ALONE_S)


def decide(met: Interaction, solution: Allowance, interactor: Allowance, feedback: Files) -> tuple[Verdict, str]:
    """Return the verdict of an interaction and its reason, by the rules at the top of this module."""
    word = judge_message(feedback)
    code, trouble = met.interactor.exit_code, _trouble(met.interactor, interactor)
    if met.interactor_first and trouble:
        return Verdict.IE, f"the interactor {trouble}: {_details(word, met.interactor)}"
    if met.interactor_first and code == REJECTS:
        return Verdict.WA, word or "the interactor rejects"
    if failed := failure(met.solution, solution):
        return failed
    if trouble:
        return Verdict.WA, f"the solution ended before its time: the interactor {trouble}"
    return (Verdict.AC, word) if code == ACCEPTS else (Verdict.WA, word or "the interactor rejects")


def _trouble(run: RunOutcome, allowed: Allowance) -> str:
    """Return why an interactor did not decide; empty if it did."""
    failed = failure(run, allowed)
    if failed and failed[0] is not Verdict.RTE:
        return f"broke a limit ({failed[1]})"
    if run.signal is not None:
        return f"was killed by {signal_name(run.signal)}"
    return "" if run.exit_code in (ACCEPTS, REJECTS) else f"ended with exit code {run.exit_code}"


def _details(word: str, run: RunOutcome) -> str:
    return "; ".join(text for text in (word, stderr_of(run).strip()) if text) or "it said nothing"


def judge_passes(text: str, most: int, one: Callable[[str, Files], Pass]) -> TestResult:
    """Judge a test of up to ``most`` passes; ``one`` judges one, from its input and the feedback folder before it.

    The result is that of the last pass, with the largest time and memory of all passes. A checker that asks for more
    passes than ``most``, or for another pass while it rejects, has failed: IE.
    """
    feedback: Files = ()
    results: list[TestResult] = []
    for _ in range(most):
        judged = one(text, feedback)
        results.append(judged.result)
        following, feedback = next_pass(judged.feedback) if most > 1 else (None, ())
        if judged.result.verdict is not Verdict.AC:
            if following is not None and judged.result.verdict is not Verdict.IE:
                return _combined(results, Verdict.IE, "the checker asks for another pass and does not accept this one")
            return _combined(results)
        if following is None:
            return _combined(results)
        text = following
    return _combined(results, Verdict.IE, f"the checker asks for more than {most} passes")


def _combined(results: list[TestResult], verdict: Verdict | None = None, message: str = "") -> TestResult:
    last = results[-1]
    if verdict is None and len(results) == 1:
        return last
    return msgspec.structs.replace(
        last,
        verdict=verdict or last.verdict,
        message=message if verdict else last.message,
        cpu_s=max(result.cpu_s for result in results),
        wall_s=max(result.wall_s for result in results),
        peak_mb=max(result.peak_mb for result in results),
    )
