"""Judging a stream of cases on many workers: results in the order of the cases, memory flat whatever the length."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from stepsmith.core.errors import SandboxError, UserError
from stepsmith.core.records import Judgement, Verdict
from stepsmith.judge.cases import BadCase, Case, CaseResult
from stepsmith.judge.protocol import Judge

T = TypeVar("T")

AHEAD = 16  # cases per worker that may wait behind a slow one


def judge_case(judge: Judge, case: Case | BadCase, *, stop_at_first_failure: bool = False) -> CaseResult:
    """Judge one case.

    A case that cannot be judged (it makes no sense, or the machine lacks its language) comes back with an error in
    place of a verdict; failures of our own machinery come back as IE with the reason.
    """
    if isinstance(case, BadCase):
        return CaseResult.not_judged(case, case.error)
    try:
        judgement = judge.judge(
            case.solution, case.contract, case.test_cases, stop_at_first_failure=stop_at_first_failure
        )
    except UserError as error:
        return CaseResult.not_judged(case, str(error))
    except SandboxError as error:
        judgement = Judgement(verdict=Verdict.IE, compile_output=str(error), isolation=judge.isolation)
    return CaseResult.of(case, judgement)


def judge_all(
    judge: Judge, cases: Iterable[Case | BadCase], workers: int, *, stop_at_first_failure: bool = False
) -> Generator[CaseResult, None, None]:
    """Yield one result per case, in order, with up to ``workers`` cases under way at once.

    ``judge`` must be safe to call from several threads. Leaving early starts nothing more and waits for nothing; what
    is under way ends when the judge is closed.
    """

    def one(case: Case | BadCase) -> CaseResult:
        return judge_case(judge, case, stop_at_first_failure=stop_at_first_failure)

    threads = ThreadPoolExecutor(workers, thread_name_prefix="judge")
    try:
        yield from _in_order(threads, one, cases, window=workers * AHEAD)
    finally:
        threads.shutdown(wait=False, cancel_futures=True)


def _in_order(
    threads: ThreadPoolExecutor,
    work: Callable[[Case | BadCase], CaseResult],
    cases: Iterable[Case | BadCase],
    window: int,
) -> Generator[CaseResult, None, None]:
    waiting: deque[Future[CaseResult]] = deque()
    for case in cases:
        waiting.append(threads.submit(work, case))
        while waiting and (len(waiting) >= window or waiting[0].done()):
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
