"""The judge over one sandbox worker: synchronous, for one thread at a time."""

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self, TypeVar

from stepsmith.core.errors import MachineError, SandboxError
from stepsmith.core.records import (
    Checker,
    Contract,
    Execution,
    Judgement,
    Solution,
    TestCase,
    TestResult,
    Verdict,
)
from stepsmith.judge.checkers import compare
from stepsmith.judge.verdicts import failure, run_limits
from stepsmith.sandbox.program import Opened, Program, RunOutcome
from stepsmith.sandbox.worker import Worker

ATTEMPTS = 3  # fresh workers tried before a judgement is given up as IE

T = TypeVar("T")


class LocalJudge:
    """Judges in the calling thread with one sandbox worker; usable as a context manager.

    ``isolation`` is "auto" for the best level that proves itself, or "L0" to "L3" to demand one. L0 does not confine
    programs and is refused unless ``allow_unsafe``. Raises ``MachineError`` where the level cannot be had.
    """

    def __init__(self, isolation: str = "auto", allow_unsafe: bool = False) -> None:
        if isolation == "L0" and not allow_unsafe:
            raise MachineError(
                "isolation L0 only limits resources; pass allow_unsafe to run programs without confinement"
            )
        self._level = 1 if isolation == "auto" else int(isolation[1:])
        self._worker: Worker | None = Worker(self._level)

    @property
    def isolation(self) -> str:
        """Level that was proved at start."""
        return f"L{self._level}"

    def judge(
        self,
        solution: Solution,
        contract: Contract,
        tests: Sequence[TestCase],
        *,
        stop_at_first_failure: bool = False,
    ) -> Judgement:
        """Run ``solution`` on every test (or until the first failure) and compare."""

        def attempt(worker: Worker) -> Judgement:
            opened = self._open(worker, solution, contract)
            if not opened.ok:
                return Judgement(verdict=Verdict.CE, compile_output=opened.text, isolation=self.isolation)
            results = []
            for test in tests:
                results.append(self._test(worker, contract, test))
                if stop_at_first_failure and results[-1].verdict is not Verdict.AC:
                    break
            verdict = next((r.verdict for r in results if r.verdict is not Verdict.AC), Verdict.AC)
            return Judgement(
                verdict=verdict, tests=tuple(results), compile_output=opened.text, isolation=self.isolation
            )

        try:
            return self._retrying(attempt)
        except SandboxError as error:
            return Judgement(verdict=Verdict.IE, compile_output=str(error), isolation=self.isolation)

    def execute(self, solution: Solution, contract: Contract, inputs: Sequence[str]) -> list[Execution]:
        """Run ``solution`` on every input and return what it printed or returned."""

        def attempt(worker: Worker) -> list[Execution]:
            opened = self._open(worker, solution, contract)
            if not opened.ok:
                return [Execution(verdict=Verdict.CE, message=opened.text)] * len(inputs)
            return [self._execution(worker, contract, text) for text in inputs]

        try:
            return self._retrying(attempt)
        except SandboxError as error:
            return [Execution(verdict=Verdict.IE, message=str(error))] * len(inputs)

    def agree(self, checker: Checker, input_text: str, expected: str, actual: str) -> bool:
        """Say whether ``checker`` accepts ``actual`` where ``expected`` is the judge's answer."""
        return compare(checker, "stdio", input_text, expected, actual).ok

    def close(self) -> None:
        """End every process of this judge."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _retrying(self, attempt: Callable[[Worker], T]) -> T:
        for left in reversed(range(ATTEMPTS)):
            try:
                if self._worker is None:
                    self._worker = Worker(self._level)
                return attempt(self._worker)
            except SandboxError:
                self.close()
                if not left:
                    raise
        raise AssertionError

    def _open(self, worker: Worker, solution: Solution, contract: Contract) -> Opened:
        program = Program(
            kind="python", code=solution.code.encode("utf-8", "replace"), entry_point=contract.entry_point
        )
        return worker.open(program, run_limits(contract.limits))

    def _run(self, worker: Worker, contract: Contract, text: str) -> tuple[RunOutcome, tuple[Verdict, str] | None]:
        data = text.encode("utf-8", "surrogateescape")
        outcome = worker.run(data)
        failed = failure(outcome, contract.limits)
        if not failed and contract.interface == "function" and not outcome.result:
            failed = Verdict.RTE, f"ended before {contract.entry_point} returned"
        return outcome, failed

    def _execution(self, worker: Worker, contract: Contract, text: str) -> Execution:
        outcome, failed = self._run(worker, contract, text)
        if failed:
            verdict, message = failed
            return Execution(verdict=verdict, cpu_s=outcome.cpu_s, message=message)
        return Execution(verdict=Verdict.AC, output=_output(outcome, contract), cpu_s=outcome.cpu_s)

    def _test(self, worker: Worker, contract: Contract, test: TestCase) -> TestResult:
        outcome, failed = self._run(worker, contract, test.input)
        if failed:
            verdict, message = failed
        else:
            result = compare(contract.checker, contract.interface, test.input, test.output, _output(outcome, contract))
            verdict, message = Verdict.AC if result.ok else Verdict.WA, result.message
        return TestResult(
            verdict=verdict, cpu_s=outcome.cpu_s, wall_s=outcome.wall_s, peak_mb=outcome.peak_mb,
            exit_code=outcome.exit_code, signal=outcome.signal,
            stderr=outcome.stderr.decode("utf-8", "replace"), message=message,
        )  # fmt: skip


def _output(outcome: RunOutcome, contract: Contract) -> str:
    data = outcome.result if contract.interface == "function" else outcome.stdout
    return data.decode("utf-8", "surrogateescape")
