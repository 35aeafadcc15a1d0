"""Deduction: a program and an input → the output."""

from typing import Literal

import msgspec

from stepsmith.core.records import Judgement, Problem, Record, Verdict
from stepsmith.envs.environment import Answer, single
from stepsmith.envs.literals import call_text, kinds_of
from stepsmith.envs.reading import value_in
from stepsmith.judge.protocol import Judge

CONSTANTS = ("None", "0", "1", "-1", "''", "[]", "True", "False")  # answers that need no thought


class DeductionTask(Record, frozen=True, kw_only=True):
    """What the student sees: ``f`` and one argument tuple."""

    program: str
    input: str


class Deduction:
    """Reward: 1[ô = o], compared by the problem's checker. Nothing is run."""

    name: Literal["deduction"] = "deduction"

    def render(self, problem: Problem) -> str:
        """Show the program and the call."""
        task, entry = _task(problem), problem.contract.entry_point
        return (
            f"{problem.statement.strip()}\n\n"
            f"```python\n{task.program.strip()}\n```\n\n"
            f"It is called as\n\n```python\n{call_text(entry or '', task.input)}\n```\n\n"
            "Work out the value it returns, without running it. Write only the value, as a Python literal, in one code "
            "block at the end of your answer.\n"
        )

    def brief(self, problem: Problem) -> str:
        """Return the program and the arguments."""
        task = _task(problem)
        return f"Output?\n{task.program.strip()}\n{task.input}\n"

    def write(self, answer: Answer) -> str:
        """Return the value in a fenced block."""
        return f"```python\n{answer.text}\n```\n"

    def parse(self, problem: Problem, completion: str) -> Answer | None:
        """Return the value as a literal."""
        name = (problem.contract.entry_point or "").rpartition(".")[2]
        kind = "".join(kinds_of(f"({problem.tests[0].output},)"))
        literal = value_in(completion, name, kind)
        return None if literal is None else Answer(text=literal)

    def judge(
        self, judge: Judge, problem: Problem, answer: Answer, *, stop_at_first_failure: bool = False
    ) -> Judgement:
        """Compare the value with what the program returned."""
        (test,) = problem.tests
        if judge.agree(problem.contract, test.input, test.output, answer.text):
            return single(judge, Verdict.AC)
        return single(judge, Verdict.WA, f"not {answer.text[:200]}")

    def golden(self, problem: Problem) -> Answer:
        """Return the program's output."""
        return Answer(text=problem.tests[0].output)

    def baselines(self, problem: Problem) -> dict[str, Answer]:
        """Return zero, one, the empty values, None, the truth values, and the input itself."""
        return {f"constant {text}": Answer(text=text) for text in CONSTANTS} | {
            "echo": Answer(text=_task(problem).input)
        }


def _task(problem: Problem) -> DeductionTask:
    return msgspec.json.decode(problem.task, type=DeductionTask)
