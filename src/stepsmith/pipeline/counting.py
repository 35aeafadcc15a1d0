"""A judge that counts the programs and runs that it passes on to another judge."""

import time
from collections.abc import Sequence

from stepsmith.core.records import Contract, Execution, Judgement, Solution, TestCase
from stepsmith.judge.protocol import Judge


class CountingJudge:
    """Passes every call on to another judge. Implements ``Judge``; the owner of the other judge closes it."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._programs: set[Solution] = set()
        self.executions = 0  # runs of a program on an input
        self.seconds = 0.0  # wall time in the other judge

    @property
    def programs(self) -> int:
        """Number of different programs so far."""
        return len(self._programs)

    @property
    def isolation(self) -> str:
        """Isolation level of the other judge."""
        return self._judge.isolation

    def judge(
        self,
        solution: Solution,
        contract: Contract,
        tests: Sequence[TestCase],
        *,
        stop_at_first_failure: bool = False,
    ) -> Judgement:
        """Judge a solution, and count its runs."""
        started = time.monotonic()
        judgement = self._judge.judge(solution, contract, tests, stop_at_first_failure=stop_at_first_failure)
        self.seconds += time.monotonic() - started
        self._programs.add(solution)
        self.executions += len(judgement.tests)
        return judgement

    def execute(self, solution: Solution, contract: Contract, inputs: Sequence[str]) -> list[Execution]:
        """Run a solution, and count its runs."""
        started = time.monotonic()
        runs = self._judge.execute(solution, contract, inputs)
        self.seconds += time.monotonic() - started
        self._programs.add(solution)
        self.executions += len(runs)
        return runs

    def agree(self, contract: Contract, input_text: str, expected: str, actual: str) -> bool:
        """Compare two outputs; this counts nothing."""
        return self._judge.agree(contract, input_text, expected, actual)

    def close(self) -> None:
        """Do nothing."""
