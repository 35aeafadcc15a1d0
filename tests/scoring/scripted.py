"""Judgements, judges, problems and requests that the tests of scoring and training share."""

import random
import threading
import time
from collections.abc import Callable, Sequence

from stepsmith.core.records import (
    Contract,
    Execution,
    Judgement,
    Problem,
    Solution,
    TestCase,
    TestResult,
    Verdict,
)
from stepsmith.scoring.completion import Completion
from stepsmith.scoring.scorer import ScoringRequest
from stepsmith.scoring.tests import SplitSettings, split_tests
from tests.records import a_problem


def judgement(*verdicts: str) -> Judgement:
    """Of tests with these verdicts; "CE" alone is a compile failure."""
    if verdicts == ("CE",):
        return Judgement(verdict=Verdict.CE)
    first = next((v for v in verdicts if v != "AC"), "AC")
    return Judgement(verdict=Verdict(first), tests=tuple(TestResult(verdict=Verdict(v)) for v in verdicts))


def requests_of(
    pairs: Sequence[tuple[Problem, Completion]], tests: SplitSettings | None = None
) -> list[ScoringRequest]:
    """Scoring requests, each on the tests of its problem; None: no test is held back."""
    settings = tests or SplitSettings(hold_back=0)
    return [ScoringRequest(problem, completion, split_tests(problem, settings)) for problem, completion in pairs]


def counting(number: int, tests: int = 8) -> Problem:
    """A problem whose right program is the text of ``number``; nothing of it is in the statement."""
    return a_problem(
        title=f"Number {number}",
        statement=f"Guess number {number}.",
        tests=tuple(TestCase(input=f"({k},)", output=str(k)) for k in range(tests)),
    )


class ScriptedJudge:
    """Answers by rule after a random wait; IE or an exception for the first ``failures`` asks of each program."""

    isolation = "L0"

    def __init__(
        self,
        rule: Callable[[str, TestCase], str],
        *,
        failures: dict[str, int] | None = None,
        error: Callable[[], Exception] | None = None,
        slowest_s: float = 0.0,
        seed: int = 0,
    ) -> None:
        self._rule, self._failures, self._error = rule, dict(failures or {}), error
        self._slowest_s, self._rng, self._lock = slowest_s, random.Random(seed), threading.Lock()
        self.asked: list[tuple[str, tuple[TestCase, ...]]] = []
        self.finished: list[str] = []

    def judge(
        self,
        solution: Solution,
        contract: Contract,
        tests: Sequence[TestCase],
        *,
        stop_at_first_failure: bool = False,
    ) -> Judgement:
        with self._lock:
            self.asked.append((solution.code, tuple(tests)))
            fails = self._failures.get(solution.code, 0) > 0
            if fails:
                self._failures[solution.code] -= 1
            wait = self._rng.random() * self._slowest_s
        time.sleep(wait)
        with self._lock:
            self.finished.append(solution.code)
        if fails:
            if self._error is not None:
                raise self._error()
            return judgement("IE")
        verdicts = []
        for test in tests:
            verdicts.append(self._rule(solution.code, test))
            if verdicts == ["CE"] or (stop_at_first_failure and verdicts[-1] != "AC"):
                break
        return judgement(*verdicts)

    def execute(self, solution: Solution, contract: Contract, inputs: Sequence[str]) -> list[Execution]:
        raise AssertionError("grading programs needs no outputs")

    def agree(self, contract: Contract, input_text: str, expected: str, actual: str) -> bool:
        return expected == actual

    def close(self) -> None:
        pass
