"""What ``--judge`` names, and a fleet that several owners use."""

from collections.abc import Sequence

from stepsmith.core.records import Contract, Execution, Judgement, Solution, TestCase
from stepsmith.judge.program import Program, ProgramRun, RunningJudge


def split_urls(given: str | None) -> tuple[str, ...]:
    """Return the addresses of ``--judge URL,URL``; () where it is not given."""
    return tuple(url.strip().rstrip("/") for url in (given or "").split(",") if url.strip())


class SharedJudge:
    """A judge that several owners use, each of whom closes it; it stays open."""

    def __init__(self, judge: RunningJudge) -> None:
        self._judge = judge

    @property
    def isolation(self) -> str:
        """See ``Judge``."""
        return self._judge.isolation

    def judge(
        self,
        solution: Solution,
        contract: Contract,
        tests: Sequence[TestCase],
        *,
        stop_at_first_failure: bool = False,
    ) -> Judgement:
        """See ``Judge``."""
        return self._judge.judge(solution, contract, tests, stop_at_first_failure=stop_at_first_failure)

    def execute(self, solution: Solution, contract: Contract, inputs: Sequence[str]) -> list[Execution]:
        """See ``Judge``."""
        return self._judge.execute(solution, contract, inputs)

    def agree(self, contract: Contract, input_text: str, expected: str, actual: str) -> bool:
        """See ``Judge``."""
        return self._judge.agree(contract, input_text, expected, actual)

    def run_program(self, program: Program) -> ProgramRun:
        """See ``ProgramRunner``."""
        return self._judge.run_program(program)

    def close(self) -> None:
        """Do nothing: the owner of the judge closes it."""
