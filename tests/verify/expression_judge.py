"""A judge for vote arithmetic: a "program" is an expression over x, or the name of a verdict it always ends in."""

import ast
import math
from collections.abc import Sequence

from stepsmith.core.records import Contract, Execution, Judgement, Solution, TestCase, TestResult, Verdict


class ExpressionJudge:
    """Evaluates expressions in this process and counts what it was asked; equality is literal, or within 1e-6."""

    isolation = "none"

    def __init__(self) -> None:
        self.runs = 0
        self.calls = 0
        self.flips = 0

    def judge(
        self,
        solution: Solution,
        contract: Contract,
        tests: Sequence[TestCase],
        *,
        stop_at_first_failure: bool = False,
    ) -> Judgement:
        results = []
        for test in tests:
            run = self._run(solution.code, test.input)
            verdict = run.verdict
            if verdict is Verdict.AC and not self.agree(contract, test.input, test.output, run.output):
                verdict = Verdict.WA
            results.append(TestResult(verdict=verdict))
            if stop_at_first_failure and verdict is not Verdict.AC:
                break
        failed = [result.verdict for result in results if result.verdict is not Verdict.AC]
        return Judgement(verdict=failed[0] if failed else Verdict.AC, tests=tuple(results))

    def execute(self, solution: Solution, contract: Contract, inputs: Sequence[str]) -> list[Execution]:
        self.calls += 1
        return [self._run(solution.code, text) for text in inputs]

    def agree(self, contract: Contract, input_text: str, expected: str, actual: str) -> bool:
        if expected.split() == actual.split():
            return True
        try:
            a, b = ast.literal_eval(expected), ast.literal_eval(actual)
            if contract.checker.name == "unordered":
                return sorted(a) == sorted(b)
            return a == b or math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-6)
        except (TypeError, ValueError, SyntaxError):
            return False

    def close(self) -> None:
        pass

    def _run(self, code: str, text: str) -> Execution:
        self.runs += 1
        if code in Verdict.__members__:
            return Execution(verdict=Verdict(code), message="scripted")
        if code == "coin":
            self.flips += 1
            return Execution(verdict=Verdict.AC, output=str(self.flips))
        try:
            return Execution(verdict=Verdict.AC, output=repr(eval(code, {"x": ast.literal_eval(text)})), cpu_s=0.01)
        except Exception as error:
            return Execution(verdict=Verdict.RTE, message=repr(error))


def programs(*codes: str) -> list[Solution]:
    """Expressions as solutions; a language of their own, so that nothing parses them as Python programs."""
    return [Solution(language="expression", code=code) for code in codes]
