"""A two-stage problem before verification."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from stepsmith.core.records import (
    Contract,
    Direction,
    Example,
    FeatureUse,
    Lineage,
    Problem,
    Solution,
    TestCase,
    WrongSolution,
)
from stepsmith.core.records import Environment as EnvironmentName
from stepsmith.envs.literals import signature_of
from stepsmith.judge.protocol import Judge
from stepsmith.synth.derivation import abduction, deduction
from stepsmith.synth.draft import Fault, InputSupply, LabelledProgram, TestInput
from stepsmith.synth.tree.tree import Path, text_of
from stepsmith.synth.two_stage.fuzzing import fuzzing
from stepsmith.synth.two_stage.plan import Plan
from stepsmith.synth.two_stage.statement import WrittenStatement

UNREADABLE = "(not written)"


@dataclass(frozen=True, slots=True)
class TwoStageDraft:
    """What the two stages made. Without ``statement`` there is a fault, and ``raw`` is the reply that caused it.

    Implements ``Draft``.
    """

    environment: EnvironmentName
    direction: Direction
    change: str
    provenance: tuple[tuple[str, str], ...] = ()
    raw: str = ""
    plan: Plan | None = None
    statement: WrittenStatement | None = None
    time_limit_s: float = 2.0
    seen: tuple[tuple[Path, tuple[int, ...]], ...] = ()  # nodes that the seed's code shows, with the lines
    inputs: tuple[TestInput, ...] = ()
    candidates: tuple[Solution, ...] = ()
    supply: InputSupply | None = None
    judge: Judge | None = None  # runs mutants for fuzzing problems
    examples: tuple[Example, ...] = ()
    defining: bool = False  # its solvers vote
    fault: Fault | None = None
    executions: int = 0

    @property
    def contract(self) -> Contract:
        """The contract of the statement's style."""
        return self.statement.contract(self.time_limit_s) if self.statement else Contract(interface="stdio")

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
        """The simpler solutions that the plan calls wrong or too slow, where the teacher gave them."""
        codes = self.statement.simpler if self.statement else ()
        return tuple(Solution(language="python", code=code) for code in codes)

    def write(self, tests: Sequence[TestCase], golden: Solution, lineage: Lineage) -> Problem:
        """Write the statement with its samples, whose outputs are those of ``tests``, not the teacher's."""
        statement = self.statement
        shown = {sample.input for sample in statement.samples} if statement else set()
        samples = [test for test in tests if test.input in shown]
        return Problem(
            environment="induction",
            style=statement.style if statement else "codeforces",
            title=statement.title if statement else UNREADABLE,
            statement=statement.text(samples) if statement else self.raw,
            contract=self.contract,
            starter_code=statement.starter_code if statement else "",
            task="{}",
            features=tuple(self._use(path) for path in self.plan.chosen) if self.plan else (),
            tests=tuple(tests),
            examples=tuple(Example(input=test.input, output=test.output) for test in samples),
            golden=golden,
            validator=statement.validator if statement else "",
            lineage=lineage,
            provenance=(*self.provenance, *self._confirmed(tests)),
        )

    def derive(self, base: Problem, wrong: Sequence[WrongSolution], rng: random.Random) -> Problem | None:
        """Turn the verified function problem into one of the draft's environment; None where that is not possible.

        It is not possible, for example, if a model's program defines its entry point without showing its parameters.
        """
        if self.environment == "induction":
            return base
        try:
            signature_of(base.golden.code, base.contract.entry_point or "")
        except ValueError:
            return None
        if self.environment == "abduction":
            return abduction(base, wrong, rng)
        if self.environment == "deduction":
            return deduction(base, wrong, rng)
        return fuzzing(base, wrong, self.judge, rng) if self.judge else None

    def _use(self, path: Path) -> FeatureUse:
        lines = {line for node, where in self.seen if path[: len(node)] == node for line in where}
        return FeatureUse(
            name=path[-1],
            category=text_of(path[:-1]),
            seed_lines=tuple(sorted(lines)),
            signal="in the seed's code" if lines else "",
        )

    def _confirmed(self, tests: Sequence[TestCase]) -> tuple[tuple[str, str], ...]:
        """Return, for the provenance, how many of the teacher's sample outputs agree with the labels, spacing aside."""
        if self.statement is None:
            return ()
        labels = {test.input: test.output.split() for test in tests if test.output}
        samples = [sample for sample in self.statement.samples if sample.input in labels]
        agreed = sum(sample.output.split() == labels[sample.input] for sample in samples)
        return (("teacher_samples_confirmed", f"{agreed}/{len(samples)}"),) if samples else ()
