"""The judge over one set of sandbox workers: synchronous, one judgement at a time."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self, TypeVar

import msgspec

from stepsmith.core.errors import CaseError, SandboxError
from stepsmith.core.records import Contract, Execution, Judgement, Solution, TestCase, TestResult, Verdict
from stepsmith.core.syntax_trees import parse_by_turns
from stepsmith.core.tracing import annotate, span
from stepsmith.judge.cases import NO_TESTS
from stepsmith.judge.checkers import UnreadableError, compare, is_custom, judges_texts, run_custom
from stepsmith.judge.languages import check_time_factors, language
from stepsmith.judge.ours import is_ours
from stepsmith.judge.prefilter import outputs_together, results_together
from stepsmith.judge.program import Program, ProgramRun
from stepsmith.judge.programs import CheckerRunner, CompileError, OneShot, Programs
from stepsmith.judge.runs import RetryPolicy, check_program, encoded, measured, output_of
from stepsmith.judge.testing import judge_test
from stepsmith.judge.verdicts import Allowance, allowance
from stepsmith.judge.worker_set import SOLUTIONS
from stepsmith.sandbox.worker import Worker

# With so few tests, and so many characters to compile in all, a Python solution is not opened: opening it costs as much
# CPU as about five tests that compile it anew.
FEW_TESTS, COMPILED = 6, 8_000
# If more of the last MEMORY solutions failed their first test, it pays to run it before the solution is opened.
WORTH_A_TRY, MEMORY = 0.5, 20
TOGETHER_S = 0.3  # CPU seconds for the run that all inputs share, where programs keep nothing between runs

T = TypeVar("T", TestResult, Execution)
_log = logging.getLogger(__name__)


class LocalJudge:
    """Judges with one sandbox worker at a time; several threads may share it, and then wait for each other.

    ``isolation`` is "auto" for the best level that can be proved, or "L0" to "L3" to require one. L0 does not confine
    programs and is refused unless ``allow_unsafe``. Raises ``MachineError`` if the level does not work on this machine.
    Usable as a context manager; after ``close`` every answer is IE.

    ``prefilter`` makes it cheaper to reject Python solutions if judging stops at the first failure. All tests are
    first run in one process, and the first that seems to fail is run again by itself. If it fails again the solution is
    rejected, and the tests before it count as passed. Otherwise every test is run in a process of its own, as usual.

    ``together`` is for programs that are known to keep nothing between their runs, such as the offline teacher's:
    ``execute`` runs a Python program on all inputs in one process, as far as that takes little time, and so does
    ``judge`` if it stops at the first failure. What it finds there is not looked at again, except crashes.

    ``time_factors`` multiply the time limits of languages by name, in place of the languages' own factors (see
    ``languages``). Raises ``CaseError`` for an unknown language and a factor that is not above 0.
    """

    def __init__(
        self,
        isolation: str = "auto",
        allow_unsafe: bool = False,
        *,
        prefilter: bool = False,
        together: bool = False,
        time_factors: Mapping[str, float] | None = None,
    ) -> None:
        parse_by_turns()  # done here because every process that parses Python in several threads opens a judge
        self._lock = threading.Lock()
        self._prefilter, self._together = prefilter or together, together
        self._time_factors = check_time_factors(time_factors or {})
        self._programs = Programs(isolation, allow_unsafe)
        self._fail_first = 0.0  # share of the last Python solutions that failed their first test

    @property
    def isolation(self) -> str:
        """Level that was proved at start."""
        return f"L{self._programs.worker_set.level}"

    def judge(
        self,
        solution: Solution,
        contract: Contract,
        tests: Sequence[TestCase],
        *,
        stop_at_first_failure: bool = False,
    ) -> Judgement:
        """Run ``solution`` on every test (or until the first failure) and compare.

        Raises ``MachineError`` for a language that is not installed, and ``CaseError`` for an impossible contract or
        if there are no tests. If our own machinery fails, the test is tried again with new workers; if that fails too,
        the verdict is IE.
        """
        if not tests:
            raise CaseError(NO_TESTS)
        allowed = self._allowance(solution, contract)
        if self._prefilter and stop_at_first_failure and len(tests) > 1:
            with self._lock:
                shared = results_together(self._programs, solution, contract, self._shared(allowed), tests)
            passed = tuple(result for result in shared or () if result.verdict is Verdict.AC)
            if shared and self._together and (len(passed) < len(shared) or len(passed) == len(tests)):
                return Judgement(verdict=shared[-1].verdict, tests=shared, isolation=self.isolation)
            if shared is not None and len(passed) < len(tests):
                alone = self.judge(solution, contract, [tests[len(passed)]])
                if alone.verdict not in (Verdict.AC, Verdict.CE, Verdict.IE):
                    return msgspec.structs.replace(alone, tests=(*passed, *alone.tests))

        def one(worker: Worker | OneShot, index: int) -> TestResult:
            return judge_test(self._programs, worker, contract, allowed, tests[index])

        def stop(result: TestResult) -> bool:
            return stop_at_first_failure and result.verdict is not Verdict.AC

        first_alone = len(tests) == 1 or (stop_at_first_failure and self._fail_first > WORTH_A_TRY)
        with span("judge", language=solution.language, tests=len(tests)):
            text, results, problem = self._each(
                solution, contract, allowed, len(tests), one, stop, first_alone=first_alone
            )
            verdicts = [result.verdict.value for result in results or ()]
            annotate(verdicts=verdicts)
            _log.debug("judged", extra={"language": solution.language, "verdicts": verdicts})
        if results and len(tests) > 1 and solution.language == "python":
            self._fail_first += ((results[0].verdict is not Verdict.AC) - self._fail_first) / MEMORY
        if results is None:
            return Judgement(verdict=Verdict.CE, compile_output=text, isolation=self.isolation)
        if problem:
            results.append(TestResult(verdict=Verdict.IE, message=problem))
        verdict = next((result.verdict for result in results if result.verdict is not Verdict.AC), Verdict.AC)
        return Judgement(verdict=verdict, tests=tuple(results), compile_output=text, isolation=self.isolation)

    def execute(self, solution: Solution, contract: Contract, inputs: Sequence[str]) -> list[Execution]:
        """Run ``solution`` on every input and return what it printed or returned (as a literal), one per input."""
        allowed = self._allowance(solution, contract)

        def one(worker: Worker | OneShot, index: int) -> Execution:
            outcome, failed = measured(worker, contract, allowed, inputs[index])
            if failed:
                return Execution(verdict=failed[0], cpu_s=outcome.cpu_s, message=failed[1])
            return Execution(verdict=Verdict.AC, output=output_of(outcome, contract), cpu_s=outcome.cpu_s)

        done: list[Execution] = []
        if self._together and len(inputs) > 1:
            with self._lock:
                ran = outputs_together(self._programs, solution, contract, self._shared(allowed), inputs)
            outputs, cpu_s = ran or ([], 0.0)
            done = [Execution(verdict=Verdict.AC, output=text, cpu_s=cpu_s / len(outputs)) for text in outputs]
            inputs = inputs[len(done) :]
        if not inputs:
            return done
        with span("execute", language=solution.language, inputs=len(inputs)):
            text, results, problem = self._each(
                solution, contract, allowed, len(inputs), one, lambda _: False, first_alone=len(inputs) == 1
            )
        if results is None:
            return [*done, *[Execution(verdict=Verdict.CE, message=text)] * len(inputs)]
        missing = len(inputs) - len(results)
        return [*done, *results, *[Execution(verdict=Verdict.IE, message=problem)] * missing]

    def agree(self, contract: Contract, input_text: str, expected: str, actual: str) -> bool:
        """Return whether the contract's checker accepts ``actual`` if ``expected`` is the judge's answer.

        Both are printed texts or, with the function interface, values as literals; they are compared as in ``judge``.
        If ``expected`` is the output of a program and not a valid value, only the same text is accepted. Raises
        ``SandboxError`` if a custom checker does not decide, and ``CaseError`` for one that judges runs.
        """
        checker = contract.checker
        if not judges_texts(checker):
            raise CaseError(f"checker {checker.name!r} judges runs of a program; it cannot compare two texts")
        if is_custom(checker):
            with self._lock:
                return run_custom(CheckerRunner(self._programs), checker, input_text, expected, actual).ok
        try:
            return compare(checker, contract.interface, input_text, expected, actual).ok
        except UnreadableError:
            return False

    def run_program(self, program: Program) -> ProgramRun:
        """Run a whole program once, with files of its own; IE if our own machinery fails.

        Raises ``CaseError`` for file names that leave the folder, and for too many files or arguments.
        """
        check_program(program)
        with self._lock:
            return self._programs.run(program, SOLUTIONS)

    def close(self) -> None:
        """End every process and remove every file of this judge. Judgements that are running end as IE."""
        self._programs.close()
        with self._lock:
            self._programs.clean_up()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _allowance(self, solution: Solution, contract: Contract) -> Allowance:
        kind = language(solution.language)
        return allowance(contract.limits, kind, self._time_factors.get(kind.name, kind.time_factor))

    def _shared(self, allowed: Allowance) -> Allowance:
        """Return the allowance of a run that all inputs share."""
        if not self._together:
            return allowed
        limits = msgspec.structs.replace(allowed.limits, time_s=min(allowed.limits.time_s, TOGETHER_S))
        return msgspec.structs.replace(allowed, limits=limits)

    def _each(
        self,
        solution: Solution,
        contract: Contract,
        allowed: Allowance,
        count: int,
        one: Callable[[Worker | OneShot, int], T],
        stop: Callable[[T], bool],
        *,
        first_alone: bool,
    ) -> tuple[str, list[T] | None, str]:
        """Open a solution and call ``one`` for each test, going on with fresh workers where one was lost.

        A Python solution with few tests is not opened; with ``first_alone``, only if it needs more than the first test.
        It is also opened if it seems to need too much memory, because the figure of a one-shot run includes the
        compiler's memory.
        Returns the compiler's output, the results (None: it does not compile), and the reason why some are missing.
        """
        few = count <= FEW_TESTS and count * len(solution.code) <= COMPILED and not is_ours(encoded(solution.code))
        alone = count if few else int(first_alone)
        results: list[T] = []
        text = ""
        retries = RetryPolicy()
        with self._lock:
            while True:
                try:
                    shot = self._programs.one_shot(solution, contract, allowed) if len(results) < alone else None
                    while shot is not None and len(results) < alone:
                        result = one(shot, len(results))
                        if result.verdict is Verdict.MLE:
                            break
                        results.append(result)
                        retries = RetryPolicy()
                        if len(results) == count or stop(result):
                            return text, results, ""
                    worker, opened = self._programs.open_solution(solution, contract, allowed)
                    text = opened.text
                    if opened.program is None:
                        return text, None, ""
                    while len(results) < count:
                        results.append(one(worker, len(results)))
                        retries = RetryPolicy()
                        if stop(results[-1]):
                            break
                    return text, results, ""
                except CompileError as error:
                    return str(error), None, ""
                except SandboxError as error:
                    self._programs.drop(SOLUTIONS)
                    if self._programs.closed or not retries.wait():
                        return text, results, str(error)
