"""The judge of a chain: what the machine does to it never becomes data."""

from collections.abc import Sequence

import pytest

from stepsmith.core.errors import JudgeFailedError
from stepsmith.core.records import Checker, Contract, Execution, Judgement, Solution, TestCase, Verdict
from stepsmith.pipeline.counting import ASKED_AGAIN, CountingJudge

PROGRAM, TESTS = Solution(language="python", code="print(1)"), [TestCase(input="", output="1")]
PLAIN = Contract(interface="stdio")
CUSTOM = Contract(interface="stdio", checker=Checker(name="custom-kattis", files=(("c.py", ""),)))


class FailingJudge:
    """Fails its first ``failures`` calls."""

    isolation = "L3"

    def __init__(self, failures: int) -> None:
        self.failures, self.calls = failures, 0

    def _verdict(self) -> Verdict:
        self.calls += 1
        return Verdict.IE if self.calls <= self.failures else Verdict.AC

    def judge(
        self, solution: Solution, contract: Contract, tests: Sequence[TestCase], *, stop_at_first_failure: bool = False
    ) -> Judgement:
        return Judgement(verdict=self._verdict())

    def execute(self, solution: Solution, contract: Contract, inputs: Sequence[str]) -> list[Execution]:
        return [Execution(verdict=Verdict.AC), Execution(verdict=self._verdict())]

    def agree(self, contract: Contract, input_text: str, expected: str, actual: str) -> bool:
        return expected == actual

    def close(self) -> None:
        pass


def test_a_failure_that_passes_is_not_seen() -> None:
    judge = FailingJudge(ASKED_AGAIN)
    assert CountingJudge(judge).judge(PROGRAM, PLAIN, TESTS).verdict is Verdict.AC
    judge = FailingJudge(ASKED_AGAIN)
    counting = CountingJudge(judge)
    assert [run.verdict for run in counting.execute(PROGRAM, PLAIN, ["", ""])] == [Verdict.AC] * 2
    assert counting.executions == 2, "what failed is not counted"


def test_a_failure_that_lasts_ends_the_chain() -> None:
    with pytest.raises(JudgeFailedError, match="then resume"):
        CountingJudge(FailingJudge(99)).judge(PROGRAM, PLAIN, TESTS)
    with pytest.raises(JudgeFailedError, match="then resume"):
        CountingJudge(FailingJudge(99)).execute(PROGRAM, PLAIN, [""])


def test_a_checker_that_fails_is_data() -> None:
    judge = FailingJudge(99)
    assert CountingJudge(judge).judge(PROGRAM, CUSTOM, TESTS).verdict is Verdict.IE
    assert judge.calls == 1
