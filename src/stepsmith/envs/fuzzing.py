"""Fuzzing: a program and a property that it should have → a well-formed input on which the property fails."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from stepsmith.core.records import Checker, Contract, Execution, Judgement, Problem, Record, Solution, Verdict
from stepsmith.envs.environment import Answer, single
from stepsmith.envs.literals import Signature, signature_of
from stepsmith.envs.reading import arguments_in
from stepsmith.judge.protocol import Judge

PROGRAM, FORM, PROPERTY = "f", "pre_test_f", "test_f"  # the names that Deep Dive gives them

ILL_FORMED, HOLDS, FAILS = "'ill-formed'", "'holds'", "'fails'"  # literals of the returned strings

# This code is added to the three functions. Each call gets its own copy of the arguments, so that a program that
# changes them cannot hide a failure. A crash on a well-formed input is a failed property.
_HARNESS = f"""
import copy


def counterexample(*args):
    try:
        well_formed = bool({FORM}(*copy.deepcopy(args)))
    except Exception:
        well_formed = False
    if not well_formed:
        return {ILL_FORMED}
    try:
        holds = bool({PROPERTY}(*copy.deepcopy(args)))
    except Exception:
        holds = False
    return {HOLDS} if holds else {FAILS}
"""


class FuzzingTask(Record, frozen=True, kw_only=True):
    """What the student sees: the source of three functions, each of them self-contained.

    ``program`` defines ``f``, which has a mistake; ``pre_test_f`` returns whether arguments are well formed; ``test_f``
    calls ``f`` and returns whether the property holds.
    """

    program: str
    pre_test_f: str
    test_f: str


class Fuzzing:
    """Reward: 1 iff pre_test_f(î) passes and test_f(î) fails (Deep Dive)."""

    name: Literal["fuzzing"] = "fuzzing"

    def render(self, problem: Problem) -> str:
        """Show the three functions."""
        task = _task(problem)
        return (
            f"{problem.statement.strip()}\n\n"
            f"```python\n{task.program.strip()}\n\n\n{task.pre_test_f.strip()}\n\n\n{task.test_f.strip()}\n```\n\n"
            f"`{PROGRAM}` has a mistake. Give arguments for which `{FORM}` returns True and `{PROPERTY}` returns "
            "False; any that do are right. Write only the values, as Python literals separated by commas, in one code "
            "block at the end of your answer.\n"
        )

    def brief(self, problem: Problem) -> str:
        """Return the program and the property."""
        task = _task(problem)
        return f"Counterexample?\n{task.program.strip()}\n{task.test_f.strip()}\n"

    def write(self, answer: Answer) -> str:
        """Return the arguments in a fenced block."""
        return f"```python\n{answer.text}\n```\n"

    def parse(self, problem: Problem, completion: str) -> Answer | None:
        """Return the argument tuple."""
        arguments = arguments_in(completion, _signature(problem))
        return None if arguments is None else Answer(text=arguments)

    def judge(
        self, judge: Judge, problem: Problem, answer: Answer, *, stop_at_first_failure: bool = False
    ) -> Judgement:
        """Run ``pre_test_f`` and ``test_f`` on the answer."""
        return judge_input(judge, _task(problem), problem.contract, answer.text)

    def golden(self, problem: Problem) -> Answer:
        """Return the known counter-example, which is the problem's last test."""
        return Answer(text=problem.tests[-1].input)

    def baselines(self, problem: Problem) -> dict[str, Answer]:
        """Return no arguments, zeroes, and empty values."""
        arity = len(_signature(problem).parameters)
        fill = {"zeros": "0", "empty lists": "[]", "empty strings": "''", "one": "[1]"}
        return {name: Answer(text="(" + f"{value}, " * arity + ")") for name, value in fill.items()} | {
            "empty": Answer(text="()")
        }


def judge_input(judge: Judge, task: FuzzingTask, contract: Contract, arguments_text: str) -> Judgement:
    """Judge an input (an argument tuple as text): AC if it is well formed and the property fails on it."""
    (run,) = examine(judge, task, contract, [arguments_text])
    if run.verdict is Verdict.IE:
        return single(judge, Verdict.IE, run.message)
    if run.verdict is not Verdict.AC:
        return single(judge, Verdict.WA, f"the check ends with {run.verdict}")
    return single(judge, Verdict.AC if run.output == FAILS else Verdict.WA, run.output[:200])


def examine(judge: Judge, task: FuzzingTask, contract: Contract, inputs: Sequence[str]) -> list[Execution]:
    """Run ``pre_test_f`` and ``test_f`` on inputs; each output is ``ILL_FORMED``, ``HOLDS`` or ``FAILS``."""
    program, called = harness(task, contract)
    return judge.execute(program, called, inputs)


def harness(task: FuzzingTask, contract: Contract) -> tuple[Solution, Contract]:
    """Return a program that makes these checks on its arguments, and the contract by which it is called."""
    program = Solution(language="python", code=f"{task.program}\n\n{task.pre_test_f}\n\n{task.test_f}\n{_HARNESS}")
    called = Contract(
        interface="function",
        entry_point="counterexample",
        limits=contract.limits,
        checker=Checker(name="literal"),
    )
    return program, called


def _signature(problem: Problem) -> Signature:
    return signature_of(_task(problem).program, PROGRAM, problem.tests[-1].input)


def _task(problem: Problem) -> FuzzingTask:
    return msgspec.json.decode(problem.task, type=FuzzingTask)
