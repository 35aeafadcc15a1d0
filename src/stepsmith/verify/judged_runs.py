"""Verdicts of programs on tests, judged once and kept. It replaces the execution matrix if a checker program decides.

If the problem has its own checker or interactor, outputs cannot be compared with each other: an output is right if the
checker accepts it for the published answer.
"""

from collections.abc import Iterable, Sequence

from stepsmith.core.records import Contract, Solution, TestCase, TestResult, Verdict
from stepsmith.judge.protocol import Judge


class JudgedRuns:
    """Judges solutions on tests, each pair at most once, and only where somebody asks.

    ``executions`` counts the runs that were made.
    """

    def __init__(
        self, judge: Judge, contract: Contract, solutions: Sequence[Solution], tests: Sequence[TestCase]
    ) -> None:
        self.judge, self.contract = judge, contract
        self.solutions, self.tests = tuple(solutions), tuple(tests)
        self.executions = 0
        self._results: dict[tuple[int, int], TestResult] = {}

    def fill(self, candidate: int, tests: Iterable[int] | None = None) -> None:
        """Judge a candidate on those of ``tests`` (None: all) that it has not been judged on."""
        missing = [
            j for j in (range(len(self.tests)) if tests is None else tests) if (candidate, j) not in self._results
        ]
        if not missing:
            return
        results = self._judged(candidate, [self.tests[j] for j in missing])
        self._results.update({(candidate, j): result for j, result in zip(missing, results, strict=True)})

    def at(self, candidate: int, test: int) -> TestResult:
        """Return a candidate's result on a test, judged now if it has not been."""
        self.fill(candidate, (test,))
        return self._results[candidate, test]

    def rejudged(self, candidate: int) -> int | None:
        """Judge a candidate once more on all tests; return the first on which the verdict changed, or None."""
        self.fill(candidate)
        again = self._judged(candidate, self.tests)
        unsure = {Verdict.TLE, Verdict.MLE, Verdict.IE}
        for j, new in enumerate(again):
            old = self._results[candidate, j]
            if old.verdict is not new.verdict and not {old.verdict, new.verdict} & unsure:
                return j
        return None

    def verdicts(self, candidate: int, tests: Sequence[int]) -> list[Verdict]:
        """Return a candidate's verdicts on tests."""
        self.fill(candidate, tests)
        return [self._results[candidate, j].verdict for j in tests]

    def slowest(self, candidate: int) -> float:
        """Return the most CPU seconds of a candidate's runs on the tests; runs the missing ones."""
        self.fill(candidate)
        return max((result.cpu_s for (i, _), result in self._results.items() if i == candidate), default=0.0)

    def too_slow(self) -> list[float]:
        """Return the CPU seconds of the runs so far that exceeded the time limit."""
        return [result.cpu_s for result in self._results.values() if result.verdict is Verdict.TLE]

    def _judged(self, candidate: int, tests: Sequence[TestCase]) -> list[TestResult]:
        """Judge and count. A program that does not compile fails every test."""
        judgement = self.judge.judge(self.solutions[candidate], self.contract, tests)
        if judgement.verdict is Verdict.CE:
            return [TestResult(verdict=Verdict.CE, message=judgement.compile_output)] * len(tests)
        self.executions += len(judgement.tests)
        missing = len(tests) - len(judgement.tests)
        return [*judgement.tests, *[TestResult(verdict=Verdict.IE, message="not judged")] * missing]
