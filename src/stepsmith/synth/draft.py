"""The interface between teachers and the pipeline: drafts, feedback, teachers and students."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from stepsmith.core.records import (
    Band,
    Contract,
    Direction,
    Example,
    Lineage,
    PassRate,
    Problem,
    Record,
    Seed,
    Solution,
    TestCase,
    TestKind,
    WrongSolution,
)
from stepsmith.core.records import Environment as EnvironmentName
from stepsmith.scoring.completion import Completion


class TestInput(Record, frozen=True, kw_only=True):
    """An input without an output: text as in ``TestCase.input``."""

    __test__ = False  # not a pytest class

    text: str
    kind: TestKind


class LabelledProgram(Record, frozen=True, kw_only=True):
    """A program with a label that says what it is: "reference", "ties counted twice", ..."""

    label: str
    solution: Solution


class Fault(Record, frozen=True, kw_only=True):
    """Why a draft cannot become a problem; the fields are those of ``Rejection``."""

    reason: str
    detail: str


class InputSupply(Protocol):
    """Makes more inputs for a problem, so that a weak test suite can grow."""

    def draw(self, rng: random.Random) -> str:
        """Return a small input that the statement allows."""
        ...

    def allows(self, text: str) -> bool:
        """Return whether the statement allows an input."""
        ...


class Draft(Protocol):
    """A proposed problem before verification: everything but the outputs, which come from running programs."""

    @property
    def fault(self) -> Fault | None:
        """A fault that the teacher knows of; then nothing is run, and ``write`` returns the incomplete problem."""
        ...

    @property
    def executions(self) -> int:
        """Number of program runs (on one input each) that the teacher has made for this draft."""
        ...

    @property
    def environment(self) -> EnvironmentName:
        """The environment that the problem will have."""
        ...

    @property
    def direction(self) -> Direction:
        """Whether it should be harder, easier or as hard as its parent."""
        ...

    @property
    def change(self) -> str:
        """What the teacher changed, as a sentence; "" for a new one."""
        ...

    @property
    def contract(self) -> Contract:
        """How solutions are called, limited and compared."""
        ...

    @property
    def inputs(self) -> tuple[TestInput, ...]:
        """Different inputs, each within the bounds of the statement."""
        ...

    @property
    def candidates(self) -> tuple[Solution, ...]:
        """Solutions that vote on the outputs. They never measure difficulty."""
        ...

    @property
    def examples(self) -> tuple[Example, ...]:
        """Inputs with outputs that the statement states; these are right whatever the candidates output."""
        ...

    @property
    def defining(self) -> bool:
        """True if the first candidate defines the outputs, so that there is no vote (Deep Dive)."""
        ...

    @property
    def brute_force(self) -> Solution | None:
        """An independent brute force, right but slow; it checks the labels on inputs for which it is fast enough."""
        ...

    @property
    def claimed_wrong(self) -> tuple[Solution, ...]:
        """Programs that the teacher says are wrong or too slow; it is checked that each fails a test."""
        ...

    @property
    def supply(self) -> InputSupply | None:
        """A source of more inputs, if there is one that needs no further request to a model."""
        ...

    @property
    def wrong(self) -> tuple[LabelledProgram, ...]:
        """Plausible wrong programs; if there are none, mutants of the golden solution are used."""
        ...

    def write(self, tests: Sequence[TestCase], golden: Solution, lineage: Lineage) -> Problem:
        """Write the induction problem: the statement with its worked samples, and the tests."""
        ...

    def derive(self, base: Problem, wrong: Sequence[WrongSolution], rng: random.Random) -> Problem | None:
        """Turn the verified induction problem into one of ``environment``; None if that is not possible."""
        ...


@dataclass(frozen=True, slots=True)
class FailedAttempt:
    """A student's completion that failed, and why: "returned 18 where 12 is right on input 3, f([1, 2])"."""

    why: str
    text: str


@dataclass(frozen=True, slots=True)
class Feedback:
    """What the teacher is told about its last problem: the pass rate, and examples of right and wrong answers.

    ``shown`` has the inputs that the student saw, in the form in which it saw them; "" if it saw none.
    """

    pass_rate: PassRate
    solved: tuple[str, ...] = ()  # representative completions, chosen to be different
    failed: tuple[FailedAttempt, ...] = ()
    shown: str = ""
    settled: tuple[Example, ...] = ()  # inputs of the verified function or program, with their verified outputs
    refuted: tuple[str, ...] = ()  # programs of ``Draft.claimed_wrong`` that pass every test
    held: frozenset[Band] = frozenset()  # bands of the problems that the chain has kept


class Teacher(Protocol):
    """Proposes problems and refines them."""

    @property
    def name(self) -> str:
        """For the manifest."""
        ...

    def propose(self, seed: Seed, environment: EnvironmentName, rng: random.Random) -> Draft:
        """Make a first problem from a seed."""
        ...

    def refine(self, draft: Draft, feedback: Feedback | None, direction: Direction, rng: random.Random) -> Draft:
        """Make a harder, easier or equally hard problem; ``feedback`` is None if the last one was not rated.

        The new statement must not refer to the old one.
        """
        ...


Attempts = Callable[[int], list[Completion]]  # makes the next n attempts, all of them new


class Student(Protocol):
    """Attempts problems."""

    @property
    def name(self) -> str:
        """For the manifest; a simulated student says so."""
        ...

    def attempts(self, draft: Draft | None, problem: Problem, rng: random.Random) -> Attempts:
        """Return a function that makes the next n attempts. A real student uses ``problem`` only.

        ``draft`` is what the problem was made from; None if that is not known.
        """
        ...
