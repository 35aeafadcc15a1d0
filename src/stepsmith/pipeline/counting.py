"""A judge that counts what goes through it, so that nobody else has to."""

from collections.abc import Sequence

from stepsmith.core.records import Contract, Execution, Judgement, Solution, TestCase
from stepsmith.judge.protocol import Judge


class CountingJudge:
    """Passes everything on to another judge. Implements ``Judge``; closing is left to the owner of the other one."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._programs: set[Solution] = set()
        self.executions = 0  # runs of a program on an input

    @property
    def programs(self) -> int:
        """Distinct programs so far."""
        return len(self._programs)

    @property
    def isolation(self) -> str:
        """Level of the judge behind."""
        return self._judge.isolation

    def judge(
        self,
        solution: Solution,
        contract: Contract,
        tests: Sequence[TestCase],
        *,
        stop_at_first_failure: bool = False,
    ) -> Judgement:
        """Judge and count."""
        judgement = self._judge.judge(solution, contract, tests, stop_at_first_failure=stop_at_first_failure)
        self._programs.add(solution)
        self.executions += len(judgement.tests)
        return judgement

    def execute(self, solution: Solution, contract: Contract, inputs: Sequence[str]) -> list[Execution]:
        """Execute and count."""
        runs = self._judge.execute(solution, contract, inputs)
        self._programs.add(solution)
        self.executions += len(runs)
        return runs

    def agree(self, contract: Contract, input_text: str, expected: str, actual: str) -> bool:
        """Compare; nothing to count."""
        return self._judge.agree(contract, input_text, expected, actual)

    def close(self) -> None:
        """Do nothing."""
