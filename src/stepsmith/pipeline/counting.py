"""The judge of a chain: it counts programs and runs, and stops a chain that our own machinery fails."""

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from stepsmith.core.errors import JudgeFailedError
from stepsmith.core.records import Contract, Execution, Judgement, Solution, TestCase, Verdict
from stepsmith.judge.checkers import is_custom
from stepsmith.judge.protocol import Judge

T = TypeVar("T")

ASKED_AGAIN = 2  # times; a judge gives up only after ten seconds and several attempts of its own


class CountingJudge:
    """Passes every call on to another judge. Implements ``Judge``; the owner of the other judge closes it.

    A chain must not depend on what happens to the machine. So if our own machinery fails on a program (IE), it is asked
    again. Then ``JudgeFailedError`` ends the run, which can be resumed; a cluster tries the chain on other nodes first.
    IE with a custom checker is passed on, because as a rule the checker is at fault.
    """

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
        judgement = _asked(
            lambda: self._judge.judge(solution, contract, tests, stop_at_first_failure=stop_at_first_failure),
            lambda found: [found.verdict, *(test.verdict for test in found.tests)],
            contract,
        )
        self.seconds += time.monotonic() - started
        self._programs.add(solution)
        self.executions += len(judgement.tests)
        return judgement

    def execute(self, solution: Solution, contract: Contract, inputs: Sequence[str]) -> list[Execution]:
        """Run a solution, and count its runs."""
        started = time.monotonic()
        runs = _asked(
            lambda: self._judge.execute(solution, contract, inputs), lambda found: [r.verdict for r in found], contract
        )
        self.seconds += time.monotonic() - started
        self._programs.add(solution)
        self.executions += len(runs)
        return runs

    def agree(self, contract: Contract, input_text: str, expected: str, actual: str) -> bool:
        """Compare two outputs; this counts nothing."""
        return self._judge.agree(contract, input_text, expected, actual)

    def close(self) -> None:
        """Do nothing."""


def _asked(ask: Callable[[], T], verdicts: Callable[[T], Sequence[Verdict]], contract: Contract) -> T:
    for _ in range(1 + ASKED_AGAIN):
        found = ask()
        if Verdict.IE not in verdicts(found) or is_custom(contract.checker):
            return found
    raise JudgeFailedError(
        "the judge failed on a program again and again; look at the load and `stepsmith doctor`, then resume"
    )
