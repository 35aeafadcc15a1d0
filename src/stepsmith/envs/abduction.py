"""Abduction: a program and its output → an input that gives that output."""

from typing import Literal

import msgspec

from stepsmith.core.records import Judgement, Problem, Record, Solution, Verdict
from stepsmith.envs.environment import Answer, single
from stepsmith.envs.literals import Signature, signature_of
from stepsmith.envs.reading import arguments_in
from stepsmith.judge.protocol import Judge


class AbductionTask(Record, frozen=True, kw_only=True):
    """What the student sees: ``f`` and one of its outputs."""

    program: str
    output: str


class Abduction:
    """Reward: 1 iff f(î) = o, for the answered input î and the shown output o.

    Deep Dive writes 1[î = i], which counts other inputs with the same output as wrong; here they are right.
    """

    name: Literal["abduction"] = "abduction"

    def render(self, problem: Problem) -> str:
        """Show the program and the output."""
        task, entry = _task(problem), problem.contract.entry_point
        return (
            f"{problem.statement.strip()}\n\n"
            f"```python\n{task.program.strip()}\n```\n\n"
            f"A call of `{entry}` returned\n\n```python\n{task.output}\n```\n\n"
            f"Give arguments for which `{entry}` returns exactly this value; any that do are right. Write only "
            "the values, as Python literals separated by commas, in one code block at the end of your answer.\n"
        )

    def brief(self, problem: Problem) -> str:
        """Return the program and the value."""
        task = _task(problem)
        return f"Input?\n{task.program.strip()}\n{task.output}\n"

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
        """Run the program on the answer and compare its result with the shown output."""
        task = _task(problem)
        (run,) = judge.execute(Solution(language="python", code=task.program), problem.contract, [answer.text])
        if run.verdict is Verdict.IE:
            return single(judge, Verdict.IE, run.message)
        if run.verdict is not Verdict.AC:
            return single(judge, Verdict.WA, f"the program ends with {run.verdict} on this input")
        if judge.agree(problem.contract, answer.text, task.output, run.output):
            return single(judge, Verdict.AC)
        return single(judge, Verdict.WA, f"the program returns {run.output[:200]} on this input")

    def golden(self, problem: Problem) -> Answer:
        """Return the input that the output was made from."""
        return Answer(text=problem.tests[0].input)

    def baselines(self, problem: Problem) -> dict[str, Answer]:
        """Return no arguments, zeroes, empty values, and the output itself."""
        arity = len(_signature(problem).parameters)
        fill = {"zeros": "0", "empty lists": "[]", "empty strings": "''", "echo": _task(problem).output}
        return {name: Answer(text="(" + f"{value}, " * arity + ")") for name, value in fill.items()} | {
            "empty": Answer(text="()")
        }


def _signature(problem: Problem) -> Signature:
    return signature_of(_task(problem).program, problem.contract.entry_point or "", problem.tests[0].input)


def _task(problem: Problem) -> AbductionTask:
    return msgspec.json.decode(problem.task, type=AbductionTask)
