"""Judge a stream of cases on many workers.

Results come in the order of the cases, and memory does not grow with their number.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from stepsmith.core.errors import SandboxError, UserError
from stepsmith.core.records import Judgement, Verdict
from stepsmith.judge.cases import BadCase, Case, CaseResult
from stepsmith.judge.protocol import Judge

T = TypeVar("T")

AHEAD = 16  # cases per worker that are read ahead while a slow one is judged


def judge_case(judge: Judge, case: Case | BadCase, *, stop_at_first_failure: bool = False) -> CaseResult:
    """Judge one case.

    A case that cannot be judged (its values are wrong, or its language is not installed) gets an error instead of a
    verdict. A failure of our own machinery gets the verdict IE, with the reason.
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

    ``judge`` must be safe to call from several threads. A caller that stops early starts no other case and does not
    wait; cases that are being judged end when the judge is closed.
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
