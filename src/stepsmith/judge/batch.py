"""Judging a stream of cases on many workers: results in the order of the cases, memory flat whatever the length."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor

from stepsmith.core.errors import CaseError, SandboxError
from stepsmith.core.records import Judgement, Verdict
from stepsmith.judge.cases import Case, CaseResult
from stepsmith.judge.protocol import Judge

AHEAD = 16  # cases per worker that may wait behind a slow one


def judge_case(judge: Judge, case: Case, *, stop_at_first_failure: bool = False) -> CaseResult:
    """Judge one case. Failures of our own machinery come back as IE with the reason, never as a verdict."""
    try:
        judgement = judge.judge(
            case.solution, case.contract, case.test_cases, stop_at_first_failure=stop_at_first_failure
        )
    except (SandboxError, CaseError) as error:
        judgement = Judgement(verdict=Verdict.IE, compile_output=str(error), isolation=judge.isolation)
    return CaseResult.of(case, judgement)


def judge_all(
    judge: Judge, cases: Iterable[Case], workers: int, *, stop_at_first_failure: bool = False
) -> Generator[CaseResult, None, None]:
    """Yield one result per case, in order, with up to ``workers`` cases under way at once.

    ``judge`` must be safe to call from several threads. Leaving early starts nothing more and waits for nothing; what
    is under way ends when the judge is closed.
    """

    def one(case: Case) -> CaseResult:
        return judge_case(judge, case, stop_at_first_failure=stop_at_first_failure)

    threads = ThreadPoolExecutor(workers, thread_name_prefix="judge")
    try:
        yield from _in_order(threads, one, cases, window=workers * AHEAD)
    finally:
        threads.shutdown(wait=False, cancel_futures=True)


def _in_order(
    threads: ThreadPoolExecutor, work: Callable[[Case], CaseResult], cases: Iterable[Case], window: int
) -> Generator[CaseResult, None, None]:
    waiting: deque[Future[CaseResult]] = deque()
    for case in cases:
        waiting.append(threads.submit(work, case))
        while waiting and (len(waiting) >= window or waiting[0].done()):
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
