"""A model's proposal on its way to a problem."""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from stepsmith.core.records import (
    Checker,
    Contract,
    Direction,
    Example,
    Limits,
    Lineage,
    Problem,
    Solution,
    TestCase,
    WrongSolution,
)
from stepsmith.core.records import Environment as EnvironmentName
from stepsmith.envs.fuzzing import FORM, PROGRAM, PROPERTY, FuzzingTask
from stepsmith.envs.literals import call_text
from stepsmith.synth.derivation import abduction, deduction, with_task
from stepsmith.synth.draft import Fault, InputSupply, LabelledProgram, TestInput
from stepsmith.synth.llm.reply import TeacherReply, split_functions

SHOWN = 3  # of the five input/output pairs; the others are hidden, so that a table of those shown is no solution
TITLE_WIDTH = 60  # characters
CONTRACT = Contract(
    interface="function", entry_point=PROGRAM, limits=Limits(time_s=2.0), checker=Checker(name="literal")
)
UNREADABLE = "(an unreadable reply)"

_VALIDATE = f"""

def validate(*arguments):
    return {FORM}(*arguments)
"""
FUZZING_STATEMENT = (
    f"Here are three Python functions: `{PROGRAM}`, which has a mistake, `{FORM}`, which says whether arguments are "
    f"well formed, and `{PROPERTY}`, which says whether a property of `{PROGRAM}` holds for them."
)


@dataclass(frozen=True, slots=True)
class LLMDraft:
    """What a teacher wrote, and the results of running it. Implements ``Draft``.

    Without ``reply`` there is a fault, and ``raw`` is the text that could not be read.
    """

    environment: EnvironmentName
    direction: Direction
    change: str
    provenance: tuple[tuple[str, str], ...]
    raw: str = ""
    reply: TeacherReply | None = None
    outputs: tuple[str, ...] = ()  # of ``f`` on the inputs
    asked: int = 0  # number of solvers that were asked
    solvers: tuple[Solution, ...] = ()  # their programs, which vote beside the teacher's
    counterexample: str = ""  # fuzzing: the first input that passes pre_test_f and fails test_f
    supply: InputSupply | None = None  # induction: says which further inputs are allowed
    fault: Fault | None = None
    executions: int = 0

    def with_fault(self, fault: Fault) -> "LLMDraft":
        """Return the draft with this fault."""
        return replace(self, fault=fault)

    def ran(self, executions: int, outputs: tuple[str, ...], counterexample: str = "") -> "LLMDraft":
        """Return the draft with the results of further runs."""
        counted = self.executions + executions
        return replace(self, executions=counted, outputs=outputs, counterexample=counterexample)

    @property
    def contract(self) -> Contract:
        """A function ``f`` over Python literals."""
        return CONTRACT

    @property
    def inputs(self) -> tuple[TestInput, ...]:
        """The teacher's inputs."""
        return tuple(TestInput(text=text, kind="nominal") for text in self.reply.inputs) if self.reply else ()

    @property
    def program(self) -> Solution:
        """The program that the teacher wrote."""
        return Solution(language="python", code=self.reply.code if self.reply else "")

    @property
    def candidates(self) -> tuple[Solution, ...]:
        """The teacher's program, which defines the outputs (Deep Dive), and the solvers'."""
        return (self.program, *self.solvers)

    @property
    def examples(self) -> tuple[Example, ...]:
        """The worked examples that the solvers were shown and that students will see."""
        inputs = self.reply.inputs if self.reply else ()
        pairs = zip(inputs, self.outputs, strict=False)
        return tuple(Example(input=text, output=output) for text, output in pairs)[:SHOWN]

    @property
    def defining(self) -> bool:
        """True where no solver was asked: the teacher's program alone then defines the outputs.

        Solvers that were asked and gave no program confirm nothing, so it is False for them.
        """
        return not self.asked

    @property
    def brute_force(self) -> Solution | None:
        """None: this method writes no brute force."""
        return None

    @property
    def wrong(self) -> tuple[LabelledProgram, ...]:
        """Empty: this method writes no wrong programs."""
        return ()

    @property
    def claimed_wrong(self) -> tuple[Solution, ...]:
        """Empty: the teacher is not asked for programs that it believes wrong."""
        return ()

    @property
    def cases(self) -> list[tuple[str, str]]:
        """Inputs as calls, with their outputs."""
        inputs = self.reply.inputs if self.reply else ()
        return [(call_text(PROGRAM, text), output) for text, output in zip(inputs, self.outputs, strict=False)]

    def write(self, tests: Sequence[TestCase], golden: Solution, lineage: Lineage) -> Problem:
        """Return the induction problem: message and first examples, or the raw text of a reply that cannot be read."""
        reply = self.reply
        return Problem(
            environment="induction" if reply else self.environment,
            style="leetcode",
            title=(_title(reply.message) or f"A function of {', '.join(reply.parameters)}") if reply else UNREADABLE,
            statement=statement(reply.message, tests[:SHOWN]) if reply else self.raw,
            contract=CONTRACT,
            starter_code=f"def {PROGRAM}({', '.join(reply.parameters)}):\n    " if reply else "",
            task="{}",
            features=(),
            tests=tuple(tests),
            examples=tuple(Example(input=t.input, output=t.output) for t in tests[:SHOWN]) if reply else (),
            golden=golden,
            validator=f"{reply.form}{_VALIDATE}" if reply and reply.form else "",
            lineage=lineage,
            provenance=self.provenance,
        )

    def derive(self, base: Problem, wrong: Sequence[WrongSolution], rng: random.Random) -> Problem | None:
        """Turn the induction problem into one of the draft's environment."""
        if self.environment == "abduction":
            return abduction(base, wrong, rng)
        if self.environment == "deduction":
            return deduction(base, wrong, rng)
        if self.environment == "fuzzing":
            return self._fuzzing(base, wrong)
        return base

    def _fuzzing(self, base: Problem, wrong: Sequence[WrongSolution]) -> Problem | None:
        """Return the problem with the three functions; its last test is the counter-example that was found."""
        known = [index for index, test in enumerate(base.tests) if test.input == self.counterexample]
        if not known:
            return None
        others = [index for index in range(len(base.tests)) if index not in known]
        task = fuzzing_task(self.program.code)
        return with_task(base, "fuzzing", FUZZING_STATEMENT, task, [*others, *known], wrong)


def fuzzing_task(code: str) -> FuzzingTask:
    """Split the block that defines ``f``, ``pre_test_f`` and ``test_f``; all other code stays with ``f``."""
    program, form, prop = split_functions(code, FORM, PROPERTY)
    return FuzzingTask(program=program, pre_test_f=form, test_f=prop)


def statement(message: str, samples: Sequence[TestCase]) -> str:
    """The message, and examples of what ``f`` returns."""
    examples = "\n".join(f"{call_text(PROGRAM, test.input)} -> {test.output}" for test in samples)
    return (
        f"{message.strip()}\n\nThis describes a Python function `{PROGRAM}`. Find out what it does: your function has "
        f"to return the same as `{PROGRAM}` on the inputs that follow and on others.\n\n"
        f"## Examples\n\n```text\n{examples}\n```\n"
    )


def _title(message: str) -> str:
    """The beginning of the message, on one line, at most ``TITLE_WIDTH`` characters, cut between words."""
    line = " ".join(re.split(r"(?<=[.!?])\s|\n", message.strip())[0].split())
    if len(line) <= TITLE_WIDTH:
        return line.rstrip(".")
    return line[: TITLE_WIDTH - 1].rsplit(" ", 1)[0] + "…"
