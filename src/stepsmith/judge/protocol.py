"""The interface of a judge, which all other packages use."""

from collections.abc import Sequence
from typing import Protocol

from stepsmith.core.records import Contract, Execution, Judgement, Solution, TestCase


class Judge(Protocol):
    """Runs untrusted solutions and compares their outputs. Judging the same thing twice gives the same verdict."""

    @property
    def isolation(self) -> str:
        """Isolation level that was proved at start: "L0" to "L3"."""
        ...

    def judge(
        self,
        solution: Solution,
        contract: Contract,
        tests: Sequence[TestCase],
        *,
        stop_at_first_failure: bool = False,
    ) -> Judgement:
        """Run ``solution`` on every test (or until the first failure) and compare.

        Raises ``CaseError`` if there are no tests, because a solution without tests must not count as accepted.
        """
        ...

    def execute(self, solution: Solution, contract: Contract, inputs: Sequence[str]) -> list[Execution]:
        """Run ``solution`` on every input and return what it printed or returned (as a literal), one per input."""
        ...

    def agree(self, contract: Contract, input_text: str, expected: str, actual: str) -> bool:
        """Return whether the contract's checker accepts ``actual`` if ``expected`` is the judge's answer.

        Both are printed texts or, with the function interface, values as literals; they are compared as in ``judge``.
        If ``expected`` is the output of a program and not a valid value, only the same text is accepted.
        """
        ...

    def close(self) -> None:
        """End every process and remove every file of this judge."""
        ...
