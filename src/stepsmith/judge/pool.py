"""Several judges used as one: safe to call from many threads, and as many calls run at once as there are workers."""

import queue
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from types import TracebackType
from typing import Self, TypeVar

from stepsmith.core.errors import MachineError
from stepsmith.core.records import Contract, Execution, Judgement, Solution, TestCase
from stepsmith.judge.local import LocalJudge
from stepsmith.judge.program import Program, ProgramRun

T = TypeVar("T")


class JudgePool:
    """``workers`` judges. A call uses one that is idle, or waits for one.

    Arguments and errors are those of ``LocalJudge``. All workers have the same isolation level, the first one's.

    >>> problem = st.load_problems("runs/first")[0]
    >>> with st.JudgePool(1) as judge:
    ...     judge.judge(problem.golden, problem.contract, problem.tests).verdict
    <Verdict.AC: 'AC'>
    """

    def __init__(
        self,
        workers: int,
        isolation: str = "auto",
        allow_unsafe: bool = False,
        *,
        prefilter: bool = False,
        time_factors: Mapping[str, float] | None = None,
    ) -> None:
        if workers < 1:
            raise MachineError(f"a judge pool needs at least one worker, got {workers}")

        def start(level: str) -> LocalJudge:
            return LocalJudge(level, allow_unsafe, prefilter=prefilter, time_factors=time_factors)

        first = start(isolation)
        self._judges = [first]
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="judge-pool")
        try:
            starts = [self._threads.submit(start, first.isolation) for _ in range(workers - 1)]
            self._judges += [future.result() for future in starts]
        except BaseException:
            self._threads.shutdown(cancel_futures=True)
            for future in starts:
                if future.done() and not future.cancelled() and future.exception() is None:
                    future.result().close()
            first.close()
            raise
        self._idle: queue.SimpleQueue[LocalJudge] = queue.SimpleQueue()
        for judge in self._judges:
            self._idle.put(judge)

    @property
    def isolation(self) -> str:
        """Isolation level that was proved at start."""
        return self._judges[0].isolation

    def judge(
        self,
        solution: Solution,
        contract: Contract,
        tests: Sequence[TestCase],
        *,
        stop_at_first_failure: bool = False,
    ) -> Judgement:
        """Run ``solution`` on every test (or until the first failure) and compare, in the calling thread."""
        return self._with_judge(
            lambda judge: judge.judge(solution, contract, tests, stop_at_first_failure=stop_at_first_failure)
        )

    def submit(
        self,
        solution: Solution,
        contract: Contract,
        tests: Sequence[TestCase],
        *,
        stop_at_first_failure: bool = False,
    ) -> Future[Judgement]:
        """Judge in the background, in the order of submission."""
        return self._threads.submit(self.judge, solution, contract, tests, stop_at_first_failure=stop_at_first_failure)

    def execute(self, solution: Solution, contract: Contract, inputs: Sequence[str]) -> list[Execution]:
        """Run ``solution`` on every input and return what it printed or returned (as a literal), one per input."""
        return self._with_judge(lambda judge: judge.execute(solution, contract, inputs))

    def agree(self, contract: Contract, input_text: str, expected: str, actual: str) -> bool:
        """Return whether the contract's checker accepts ``actual`` if ``expected`` is the judge's answer."""
        return self._with_judge(lambda judge: judge.agree(contract, input_text, expected, actual))

    def run_program(self, program: Program) -> ProgramRun:
        """Run a whole program once, with files of its own; IE if our own machinery fails."""
        return self._with_judge(lambda judge: judge.run_program(program))

    def close(self) -> None:
        """End every process and remove every file. Running judgements end as IE; waiting ones are cancelled."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for judge in self._judges:
            judge.close()
        self._threads.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def lent(self) -> Iterator[LocalJudge]:
        """Wait for an idle judge and have it for a while, as for one problem: a judge keeps what it compiled."""
        judge = self._idle.get()
        try:
            yield judge
        finally:
            self._idle.put(judge)

    def _with_judge(self, work: Callable[[LocalJudge], T]) -> T:
        with self.lent() as judge:
            return work(judge)
