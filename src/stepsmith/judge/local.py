"""The judge over one set of sandbox workers: synchronous, one judgement at a time."""

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self, TypeVar

import msgspec

from stepsmith.core.errors import CaseError, SandboxError
from stepsmith.core.records import (
    Contract,
    Execution,
    Judgement,
    Solution,
    TestCase,
    TestResult,
    Verdict,
)
from stepsmith.core.syntax_trees import parse_by_turns
from stepsmith.judge.cases import NO_TESTS
from stepsmith.judge.checkers import CheckResult, UnreadableError, compare, is_custom, run_custom
from stepsmith.judge.languages import check_time_factors, language
from stepsmith.judge.preparing import Prepared, prepare
from stepsmith.judge.program import Program, ProgramRun
from stepsmith.judge.runs import (
    SEARCHED,
    RetryPolicy,
    check_program,
    encoded,
    measured,
    opened_program,
    output_of,
    stderr_of,
)
from stepsmith.judge.verdicts import MB, Allowance, allowance, failure, reservation_note
from stepsmith.judge.worker_set import CHECKERS, SOLUTIONS, WorkerSet
from stepsmith.sandbox import frames
from stepsmith.sandbox.worker import Worker

SHARED = "passed in a run that all tests shared"

T = TypeVar("T")


class LocalJudge:
    """Judges with one sandbox worker at a time; several threads may share it, and then wait for each other.

    ``isolation`` is "auto" for the best level that proves itself, or "L0" to "L3" to demand one. L0 does not confine
    programs and is refused unless ``allow_unsafe``. Raises ``MachineError`` where the level cannot be had. Usable as a
    context manager; after ``close`` all it is asked is answered IE.

    ``prefilter`` makes rejecting Python solutions cheaper where judging stops at the first failure: all tests are first
    run in one process, which they share, and the first that seems to fail is run by itself. Only when that fails does
    it count; tests before it are then AC on the word of the shared run. Otherwise every test is run by itself as ever.

    ``time_factors`` multiply the time limits of languages by name, in place of the languages' own factors (see
    ``languages``). Raises ``CaseError`` for an unknown language and a factor that is not above 0.
    """

    def __init__(
        self,
        isolation: str = "auto",
        allow_unsafe: bool = False,
        *,
        prefilter: bool = False,
        time_factors: Mapping[str, float] | None = None,
    ) -> None:
        parse_by_turns()  # wherever threads read programs and answers, there is a judge
        self._lock = threading.Lock()
        self._prefilter = prefilter
        self._time_factors = check_time_factors(time_factors or {})
        self._closed = False
        self._isolation = isolation
        self._allow_unsafe = allow_unsafe
        self._worker_set = WorkerSet(isolation, allow_unsafe)
        self._owner = os.getpid()

    @property
    def isolation(self) -> str:
        """Level that was proved at start."""
        return f"L{self._worker_set.level}"

    def judge(
        self,
        solution: Solution,
        contract: Contract,
        tests: Sequence[TestCase],
        *,
        stop_at_first_failure: bool = False,
    ) -> Judgement:
        """Run ``solution`` on every test (or until the first failure) and compare.

        Raises ``MachineError`` for a language whose tool is missing, and ``CaseError`` for a contract that makes no
        sense and where there are no tests. What our own machinery does wrong is tried again with fresh workers; when
        that does not help the verdict is IE.
        """
        if not tests:
            raise CaseError(NO_TESTS)
        suspect = None
        if self._prefilter and stop_at_first_failure and len(tests) > 1:
            suspect = self._suspect(solution, contract, tests)
            if suspect is not None:
                alone = self.judge(solution, contract, [tests[suspect]])
                if alone.verdict not in (Verdict.AC, Verdict.CE, Verdict.IE):
                    passed = (TestResult(verdict=Verdict.AC, message=SHARED),) * suspect
                    return msgspec.structs.replace(alone, tests=(*passed, *alone.tests))

        allowed = self._allowance(solution, contract)

        def one(worker: Worker, index: int) -> TestResult:
            return self._test(worker, contract, allowed, tests[index])

        def stop(result: TestResult) -> bool:
            return stop_at_first_failure and result.verdict is not Verdict.AC

        text, results, problem = self._each(solution, contract, len(tests), one, stop)
        if results is None:
            return Judgement(verdict=Verdict.CE, compile_output=text, isolation=self.isolation)
        if problem:
            results.append(TestResult(verdict=Verdict.IE, message=problem))
        verdict = next((result.verdict for result in results if result.verdict is not Verdict.AC), Verdict.AC)
        return Judgement(verdict=verdict, tests=tuple(results), compile_output=text, isolation=self.isolation)

    def execute(self, solution: Solution, contract: Contract, inputs: Sequence[str]) -> list[Execution]:
        """Run ``solution`` on every input and return what it printed or returned (as a literal), one per input."""
        allowed = self._allowance(solution, contract)

        def one(worker: Worker, index: int) -> Execution:
            outcome, failed = measured(worker, contract, allowed, inputs[index])
            if failed:
                return Execution(verdict=failed[0], cpu_s=outcome.cpu_s, message=failed[1])
            return Execution(verdict=Verdict.AC, output=output_of(outcome, contract), cpu_s=outcome.cpu_s)

        text, results, problem = self._each(solution, contract, len(inputs), one, lambda _: False)
        if results is None:
            return [Execution(verdict=Verdict.CE, message=text)] * len(inputs)
        missing = len(inputs) - len(results)
        return results + [Execution(verdict=Verdict.IE, message=problem)] * missing

    def agree(self, contract: Contract, input_text: str, expected: str, actual: str) -> bool:
        """Say whether the contract's checker accepts ``actual`` where ``expected`` is the judge's answer.

        Both are what programs printed or, on the function interface, values as literals; they are compared as ``judge``
        compares them. ``expected`` may also be what some program gave: where it is no value, only the same text agrees.
        Raises ``SandboxError`` where a custom checker comes to no decision.
        """
        checker = contract.checker
        if is_custom(checker):
            with self._lock:
                return run_custom(_CheckerRunner(self), checker, input_text, expected, actual).ok
        try:
            return compare(checker, contract.interface, input_text, expected, actual).ok
        except UnreadableError:
            return False

    def run_program(self, program: Program) -> ProgramRun:
        """Run a whole program once, with files of its own; IE where our own machinery fails.

        Raises ``CaseError`` for file names that leave the folder, and for more files or arguments than a program gets.
        """
        check_program(program)
        with self._lock:
            return self._run_program(program, SOLUTIONS)

    def close(self) -> None:
        """End every process and remove every file of this judge; what is under way ends as IE."""
        self._closed = True
        if self._owner != os.getpid():
            return  # a copy made by fork: the workers are the original's
        self._worker_set.kill()
        with self._lock:
            self._worker_set.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # One judgement

    def _each(
        self,
        solution: Solution,
        contract: Contract,
        count: int,
        one: Callable[[Worker, int], T],
        stop: Callable[[T], bool],
    ) -> tuple[str, list[T] | None, str]:
        """Open a solution and call ``one`` for each test, going on with fresh workers where one was lost.

        Returns the compiler's word, the results (None: it does not compile), and the reason why some are missing.
        """
        results: list[T] = []
        text = ""
        retries = RetryPolicy()
        with self._lock:
            while True:
                try:
                    worker, opened = self._open(solution, contract)
                    text = opened.text
                    if opened.program is None:
                        return text, None, ""
                    while len(results) < count:
                        results.append(one(worker, len(results)))
                        retries = RetryPolicy()
                        if stop(results[-1]):
                            break
                    return text, results, ""
                except SandboxError as error:
                    self._worker_set.drop(SOLUTIONS)
                    if self._closed or not retries.wait():
                        return text, results, str(error)

    def _open(self, solution: Solution, contract: Contract, *, shared: bool = False) -> tuple[Worker, Prepared]:
        kind = language(solution.language)
        if contract.interface == "function" and kind.name != "python":
            raise CaseError(f"the function interface is for Python; {kind.name} programs use stdio")
        if contract.interface == "function" and not contract.entry_point:
            raise CaseError("the function interface needs an entry point")
        entry_point = contract.entry_point if contract.interface == "function" else None
        worker = self._worker(SOLUTIONS, solution.code if kind.name == "python" else "")
        sources = ((kind.main, solution.code),)
        prepared = prepare(worker, self._worker_set.cache, kind, sources, contract.limits, entry_point=entry_point)
        if shared and prepared.program is not None:
            program = msgspec.structs.replace(prepared.program, shared=True)
            prepared = msgspec.structs.replace(prepared, program=program)
        return worker, opened_program(worker, prepared, self._allowance(solution, contract))

    def _allowance(self, solution: Solution, contract: Contract) -> Allowance:
        kind = language(solution.language)
        return allowance(contract.limits, kind, self._time_factors.get(kind.name, kind.time_factor))

    def _worker(self, role: str, code: str) -> Worker:
        if self._closed:
            raise SandboxError("the judge was closed")
        if self._owner != os.getpid():  # we are a copy made by fork: leave the original's workers alone
            self._worker_set = WorkerSet(self._isolation, self._allow_unsafe)
            self._owner = os.getpid()
        worker = self._worker_set.worker(role, code)
        if self._closed:  # while it was started
            raise SandboxError("the judge was closed")
        return worker

    def _test(self, worker: Worker, contract: Contract, allowed: Allowance, test: TestCase) -> TestResult:
        outcome, failed = measured(worker, contract, allowed, test.input)
        if failed:
            verdict, message = failed
        else:
            try:
                checked = self._compare(contract, test, output_of(outcome, contract))
                verdict, message = Verdict.AC if checked.ok else Verdict.WA, checked.message
            except SandboxError as error:  # of the checker, which has been tried more than once
                verdict, message = Verdict.IE, str(error)
        if verdict not in (Verdict.AC, Verdict.IE):
            message += reservation_note(outcome, allowed, self._worker_set.level)
        return TestResult(
            verdict=verdict, cpu_s=outcome.cpu_s, wall_s=outcome.wall_s, peak_mb=outcome.peak_mb,
            exit_code=outcome.exit_code, signal=outcome.signal,
            stderr=stderr_of(outcome), message=message,
        )  # fmt: skip

    def _compare(self, contract: Contract, test: TestCase, actual: str) -> CheckResult:
        if is_custom(contract.checker):
            return run_custom(_CheckerRunner(self), contract.checker, test.input, test.output, actual)
        return compare(contract.checker, contract.interface, test.input, test.output, actual)

    def _suspect(self, solution: Solution, contract: Contract, tests: Sequence[TestCase]) -> int | None:
        """Run all tests in one process; return the index of the first that seems to fail, None where all pass.

        A shared run proves nothing: a program can leave anything behind for later tests. So neither answer is final.
        """
        if language(solution.language).name != "python" or is_custom(contract.checker):
            return None
        try:
            with self._lock:
                worker, prepared = self._open(solution, contract, shared=True)
                if prepared.program is None:
                    return None
                outcome = worker.run(frames.pack([encoded(test.input) for test in tests]))
        except SandboxError:
            return None
        outputs = frames.unpack(outcome.result)
        for index, (test, output) in enumerate(zip(tests, outputs, strict=False)):
            actual = output.decode("utf-8", "surrogateescape")
            if not compare(contract.checker, contract.interface, test.input, test.output, actual).ok:
                return index
        return len(outputs) if len(outputs) < len(tests) else None

    # Whole programs

    def _run_program(self, program: Program, role: str) -> ProgramRun:
        retries = RetryPolicy()
        while True:
            try:
                return self._run_once(program, role)
            except SandboxError as error:
                self._worker_set.drop(role)
                if self._closed or not retries.wait():
                    return ProgramRun(verdict=Verdict.IE, message=str(error))

    def _run_once(self, program: Program, role: str) -> ProgramRun:
        kind = language(program.language)
        worker = self._worker(role, program.sources[0][1] if kind.name == "python" else "")
        allowed = allowance(program.limits, kind)
        prepared = prepare(
            worker, self._worker_set.cache, kind, program.sources, program.limits, compile_s=program.compile_time_s
        )
        prepared = opened_program(worker, prepared, allowed, program.files)
        if prepared.program is None:
            return ProgramRun(verdict=Verdict.CE, compile_output=prepared.text, compile_s=prepared.compile_s)
        outcome = worker.run(encoded(program.stdin), program.args, stderr_bytes=SEARCHED)
        verdict, message = failure(outcome, allowed) or (Verdict.AC, "")
        files = worker.collect(program.collect, int(program.limits.output_mb * MB)) if program.collect else {}
        return ProgramRun(
            verdict=verdict, message=message,
            stdout=outcome.stdout.decode("utf-8", "replace"), stderr=stderr_of(outcome),
            exit_code=outcome.exit_code, signal=outcome.signal,
            cpu_s=outcome.cpu_s, wall_s=outcome.wall_s, peak_mb=outcome.peak_mb,
            compile_s=prepared.compile_s, compile_output=prepared.text, files=tuple(files.items()),
        )  # fmt: skip


class _CheckerRunner:
    """Runs custom checkers in workers of their own while a judgement is under way."""

    def __init__(self, judge: LocalJudge) -> None:
        self._judge = judge

    def run_program(self, program: Program) -> ProgramRun:
        return self._judge._run_program(program, CHECKERS)
