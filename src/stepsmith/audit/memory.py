"""A judge that remembers: every program runs at most once on each input, whichever check asks for it."""

from collections.abc import Sequence

from stepsmith.core.errors import CaseError
from stepsmith.core.records import Contract, Execution, Judgement, Limits, Solution, TestCase, TestResult, Verdict
from stepsmith.judge.cases import NO_TESTS
from stepsmith.judge.checkers import is_custom
from stepsmith.judge.program import Program, ProgramRun, RunningJudge


class RememberingJudge:
    """Stands before another judge, for one subject at a time. Runs that failed by our fault (IE) are not kept.

    ``fresh`` is the judge behind it, for runs that must be made again; ``executions`` counts the runs made through
    this judge, and ``timed`` what time decided: runs that time ended, and inputs left out for lack of time.
    """

    def __init__(self, fresh: RunningJudge) -> None:
        self.fresh = fresh
        self.executions = 0
        self.cpu_s = 0.0  # of all runs
        self.timed = 0
        self._runs: dict[tuple[str, str, str | None, Limits, str], Execution] = {}
        self._judged: dict[tuple[Solution, Contract, TestCase], TestResult] = {}
        self._uncompiled: dict[Solution, str] = {}

    @property
    def isolation(self) -> str:
        """Isolation level of the judge behind."""
        return self.fresh.isolation

    def execute(self, solution: Solution, contract: Contract, inputs: Sequence[str]) -> list[Execution]:
        """Run a solution on the inputs that it has not been run on, and return its runs on all of them."""
        keys = [(solution.language, solution.code, contract.entry_point, contract.limits, text) for text in inputs]
        missing = [text for key, text in zip(keys, inputs, strict=True) if key not in self._runs]
        missing = list(dict.fromkeys(missing))
        found: dict[str, Execution] = {}
        if missing:
            found = dict(zip(missing, self.fresh.execute(solution, contract, missing), strict=True))
            self.executions += sum(run.verdict is not Verdict.CE for run in found.values())
            self.cpu_s += sum(run.cpu_s for run in found.values())
            self.timed += sum(run.verdict is Verdict.TLE for run in found.values())
            for key, text in zip(keys, inputs, strict=True):
                if text in found and found[text].verdict is not Verdict.IE:
                    self._runs[key] = found[text]
        return [self._runs.get(key) or found[text] for key, text in zip(keys, inputs, strict=True)]

    def judge(
        self,
        solution: Solution,
        contract: Contract,
        tests: Sequence[TestCase],
        *,
        stop_at_first_failure: bool = False,
    ) -> Judgement:
        """Judge as the judge behind does, from runs that are known where there are such."""
        if not tests:
            raise CaseError(NO_TESTS)
        if solution in self._uncompiled:
            return Judgement(verdict=Verdict.CE, compile_output=self._uncompiled[solution], isolation=self.isolation)
        results: list[TestResult] = []
        step = len(tests)
        if stop_at_first_failure:
            step = 1
        while len(results) < len(tests):
            chunk = tests[len(results) : len(results) + step]
            for result in self._results(solution, contract, chunk):
                results.append(result)
                if stop_at_first_failure and result.verdict is not Verdict.AC:
                    break
            if results[-1].verdict is Verdict.CE:
                self._uncompiled[solution] = results[-1].message
                return Judgement(verdict=Verdict.CE, compile_output=results[-1].message, isolation=self.isolation)
            if stop_at_first_failure and results[-1].verdict is not Verdict.AC:
                break
            step *= 2
        verdict = next((result.verdict for result in results if result.verdict is not Verdict.AC), Verdict.AC)
        return Judgement(verdict=verdict, tests=tuple(results), isolation=self.isolation)

    def agree(self, contract: Contract, input_text: str, expected: str, actual: str) -> bool:
        """Return whether the checker accepts ``actual`` for ``expected``."""
        return self.fresh.agree(contract, input_text, expected, actual)

    def run_program(self, program: Program) -> ProgramRun:
        """Run a whole program once; not remembered."""
        self.executions += 1
        return self.fresh.run_program(program)

    def close(self) -> None:
        """Close the judge behind."""
        self.fresh.close()

    def _results(self, solution: Solution, contract: Contract, tests: Sequence[TestCase]) -> list[TestResult]:
        """Return results on tests: from runs if the checker is built in, else as the judge behind finds them."""
        if is_custom(contract.checker):
            return self._custom(solution, contract, tests)
        runs = self.execute(solution, contract, [test.input for test in tests])
        return [
            TestResult(
                verdict=Verdict.WA
                if run.verdict is Verdict.AC and not self.agree(contract, test.input, test.output, run.output)
                else run.verdict,
                cpu_s=run.cpu_s,
                message=run.message,
            )
            for test, run in zip(tests, runs, strict=True)
        ]

    def _custom(self, solution: Solution, contract: Contract, tests: Sequence[TestCase]) -> list[TestResult]:
        missing = [test for test in tests if (solution, contract, test) not in self._judged]
        if missing:
            judgement = self.fresh.judge(solution, contract, missing)
            results = judgement.tests
            if judgement.verdict is Verdict.CE:
                results = (TestResult(verdict=Verdict.CE, message=judgement.compile_output),) * len(missing)
            self.executions += len(judgement.tests)
            lost = TestResult(verdict=Verdict.IE, message="not judged")
            for k, test in enumerate(missing):
                self._judged[solution, contract, test] = results[k] if k < len(results) else lost
        return [self._judged[solution, contract, test] for test in tests]
