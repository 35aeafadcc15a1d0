"""Judge an answer that a reader gives to a problem, as a student's is judged, and say what each test showed."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from stepsmith.core.errors import CaseError
from stepsmith.core.records import Contract, Judgement, Limits, Problem, Solution, TestCase, TestResult, Verdict
from stepsmith.envs import ENVIRONMENTS, Answer
from stepsmith.envs.fuzzing import FORM, HOLDS, ILL_FORMED, PROPERTY
from stepsmith.judge.languages import TABLE, language
from stepsmith.judge.local import LocalJudge
from stepsmith.report.differing import LinePair, around_difference, differing_lines

MOST_CHARACTERS = 200_000  # of an answer
MOST_SECONDS = 60.0  # that one request may keep a judge; the tests after it are not run
MOST_LIMITS = Limits(time_s=20.0, wall_s=60.0, memory_mb=4096, output_mb=64.0)  # a data set cannot ask for more
LINE_WIDTH = 160  # characters of a line in a difference
ASKED = {  # what a reader types, by environment
    "induction": "Your program",
    "abduction": "Arguments that give this output",
    "deduction": "The value that is returned",
    "fuzzing": "Well-formed arguments for which the property fails",
}
LITERALS = {
    "abduction": "The values as Python literals, separated by commas. Any arguments with the same result are right.",
    "deduction": "One value, as a Python literal.",
    "fuzzing": "The values as Python literals, separated by commas. pre_test_f has to return True, test_f False.",
}
_FUZZING = {
    ILL_FORMED: f"{FORM} does not return True for these arguments",
    HOLDS: f"{PROPERTY} returns True for these arguments: the property holds",
}


@dataclass(frozen=True, slots=True)
class TriedTest:
    """What one test showed. ``test`` is None where the reader must not see it: then there are no messages either."""

    number: int
    result: TestResult
    test: TestCase | None
    used: float  # share of the time limit
    pairs: list[LinePair] = field(default_factory=list)  # the lines around the first difference
    more_lines: int = 0


@dataclass(frozen=True, slots=True)
class TriedAnswer:
    """What became of an answer. ``left`` tests were not run. ``problem`` says why an answer was not judged at all."""

    verdict: Verdict | None
    tests: list[TriedTest] = field(default_factory=list)
    left: int = 0
    compiled: str = ""
    limit_s: float = 0.0
    isolation: str = ""
    fault: str = ""

    @property
    def passed(self) -> int:
        """Number of tests that passed."""
        return sum(one.result.verdict is Verdict.AC for one in self.tests)

    @property
    def told(self) -> list[TriedTest]:
        """The first visible test of every kind of failure."""
        firsts: dict[Verdict, TriedTest] = {}
        for one in self.tests:
            if one.test is not None and one.result.verdict is not Verdict.AC:
                firsts.setdefault(one.result.verdict, one)
        return list(firsts.values())

    @property
    def slowest_s(self) -> float:
        """CPU seconds of the slowest test."""
        return max((one.result.cpu_s for one in self.tests), default=0.0)


def languages_for(problem: Problem) -> list[str]:
    """Return the languages in which an answer can be judged here, Python first."""
    if problem.environment != "induction" or problem.contract.interface == "function":
        return ["python"]
    return [row.name for row in TABLE if row.installed]


def try_answer(judge: LocalJudge, problem: Problem, text: str, name: str, *, hidden: bool) -> TriedAnswer:
    """Judge the answer ``text``, a program in the language ``name`` or Python literals.

    ``hidden`` tests stay hidden: of those that the statement does not show, only verdict and time are told.
    """
    problem = msgspec.structs.replace(problem, contract=bounded(problem.contract))
    if problem.environment != "induction":
        return _try_literals(judge, problem, text, hidden=hidden)
    if not text.strip():
        return TriedAnswer(None, fault="There is no program yet.")
    if not problem.tests:
        return TriedAnswer(None, fault="This problem has no tests, so nothing can be judged.")
    kind = language(name)
    solution = Solution(language=kind.name, code=text)
    limit_s = problem.contract.limits.time_s * kind.time_factor
    shown = {example.input for example in problem.examples}
    tried: list[TriedTest] = []
    began = time.monotonic()
    compiled = ""
    for number, test in enumerate(problem.tests, start=1):
        if time.monotonic() - began > MOST_SECONDS:
            break
        judgement = judge.judge(solution, problem.contract, [test])
        compiled = compiled or judgement.compile_output
        if judgement.verdict is Verdict.CE:
            return TriedAnswer(Verdict.CE, [], len(problem.tests), compiled, limit_s, judgement.isolation)
        visible = not hidden or test.input in shown
        tried.append(_tried(number, judgement.tests[0], test if visible else None, limit_s))
    _explain_first(judge, problem, solution, tried)
    verdict = next((one.result.verdict for one in tried if one.result.verdict is not Verdict.AC), Verdict.AC)
    return TriedAnswer(verdict, tried, len(problem.tests) - len(tried), compiled, limit_s, judge.isolation)


def _try_literals(judge: LocalJudge, problem: Problem, text: str, *, hidden: bool) -> TriedAnswer:
    """Judge an answer that is no program. It may be typed alone, or stand in a code block as a model writes it."""
    environment = ENVIRONMENTS[problem.environment]
    completion = text if "```" in text else environment.write(Answer(text=text.strip()))
    answer = environment.parse(problem, completion) if text.strip() else None
    if answer is None:
        return TriedAnswer(None, fault=f"This cannot be read as an answer. {LITERALS[problem.environment]}")
    judgement: Judgement = environment.judge(judge, problem, answer)
    (result,) = judgement.tests
    if problem.environment == "fuzzing":
        result = msgspec.structs.replace(result, message=_FUZZING.get(result.message, result.message))
    one = _tried(1, result, None if hidden else problem.tests[0], problem.contract.limits.time_s)
    if not hidden and problem.environment == "deduction" and result.verdict is Verdict.WA:
        pairs, more = _differences(problem.tests[0].output, answer.text)
        one = TriedTest(1, result, one.test, one.used, pairs, more)
    elif hidden:  # the message is about the reader's own answer, not about the right one
        one = TriedTest(1, result, TestCase(input="", output=""), one.used)
    return TriedAnswer(judgement.verdict, [one], 0, "", problem.contract.limits.time_s, judge.isolation)


def _tried(number: int, result: TestResult, test: TestCase | None, limit_s: float) -> TriedTest:
    if test is None:
        result = msgspec.structs.replace(result, message="", stderr="")
    return TriedTest(number, result, test, result.cpu_s / limit_s if limit_s else 0.0)


def _explain_first(judge: LocalJudge, problem: Problem, solution: Solution, tried: list[TriedTest]) -> None:
    """Run the program again on the first visible test with a wrong output, and show where the output differs."""
    for place, one in enumerate(tried):
        if one.test is None or one.result.verdict is not Verdict.WA:
            continue
        (run,) = judge.execute(solution, problem.contract, [one.test.input])
        if run.verdict is Verdict.AC:
            pairs, more = _differences(one.test.output, run.output)
            tried[place] = TriedTest(one.number, one.result, one.test, one.used, pairs, more)
        return


def _differences(expected: str, actual: str) -> tuple[list[LinePair], int]:
    pairs, more = differing_lines(expected, actual)
    return [_short(pair) for pair in pairs], more


def _short(pair: LinePair) -> LinePair:
    want, got = around_difference(pair.expected or "", pair.actual or "", LINE_WIDTH)
    return pair._replace(expected=None if pair.expected is None else want, actual=None if pair.actual is None else got)


def bounded(contract: Contract) -> Contract:
    """Return a contract whose limits are no larger than ``MOST_LIMITS``. Raises ``CaseError`` for impossible ones."""
    limits = contract.limits
    numbers: Sequence[float] = (limits.time_s, limits.memory_mb, limits.output_mb, limits.wall_s or 1.0)
    if not all(math.isfinite(number) and number > 0 for number in numbers):
        raise CaseError("the limits of this problem are no numbers above 0; it cannot be judged")
    bounded = Limits(
        time_s=min(limits.time_s, MOST_LIMITS.time_s),
        wall_s=None if limits.wall_s is None else min(limits.wall_s, MOST_LIMITS.wall_s or limits.wall_s),
        memory_mb=min(limits.memory_mb, MOST_LIMITS.memory_mb),
        output_mb=min(limits.output_mb, MOST_LIMITS.output_mb),
    )
    return msgspec.structs.replace(contract, limits=bounded)
