"""What a teacher hands over, and what it is told: the seam between those who propose and those who verify."""

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
    """A program with a word on what it is: "reference", "ties counted twice", ..."""

    label: str
    solution: Solution


class Fault(Record, frozen=True, kw_only=True):
    """Why a draft cannot become a problem; as in ``Rejection``."""

    reason: str
    detail: str


class InputSupply(Protocol):
    """Makes more inputs for a problem; with it a suite can grow where it is weak."""

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
        """What its teacher knows to be wrong with it; then ``write`` keeps what there is, and nothing is run."""
        ...

    @property
    def executions(self) -> int:
        """Runs of a program on an input that the teacher made for it."""
        ...

    @property
    def environment(self) -> EnvironmentName:
        """Where the problem is headed."""
        ...

    @property
    def direction(self) -> Direction:
        """How it relates to its parent."""
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
        """Distinct inputs, each within the bounds that the statement gives."""
        ...

    @property
    def candidates(self) -> tuple[Solution, ...]:
        """Solutions that vote on the outputs. They never measure difficulty."""
        ...

    @property
    def examples(self) -> tuple[Example, ...]:
        """Inputs with outputs that stand in the statement and hold whatever the candidates say."""
        ...

    @property
    def defining(self) -> bool:
        """True if the first candidate alone says what is right, so that there is nothing to vote on (Deep Dive)."""
        ...

    @property
    def brute_force(self) -> Solution | None:
        """An independent brute force, right but slow: compared with the labels on the inputs it can manage."""
        ...

    @property
    def claimed_wrong(self) -> tuple[Solution, ...]:
        """Programs that its teacher says are wrong or too slow; each should fail a test, which is tried."""
        ...

    @property
    def supply(self) -> InputSupply | None:
        """Where more inputs come from, if the teacher can make them without being asked again."""
        ...

    @property
    def wrong(self) -> tuple[LabelledProgram, ...]:
        """Plausible wrong programs; none: mutants of the golden solution take their place."""
        ...

    def write(self, tests: Sequence[TestCase], golden: Solution, lineage: Lineage) -> Problem:
        """Write the induction problem: the statement with its worked samples, and the tests."""
        ...

    def derive(self, base: Problem, wrong: Sequence[WrongSolution], rng: random.Random) -> Problem | None:
        """Turn the verified induction problem into one of ``environment``; None when it does not lend itself."""
        ...


@dataclass(frozen=True, slots=True)
class FailedAttempt:
    """A student's reply that failed, and why: "returned 18 where 12 is right on input 3, f([1, 2])"."""

    why: str
    text: str


@dataclass(frozen=True, slots=True)
class Feedback:
    """What the teacher learns of its last problem: how often it was solved, and by what kind of answer it was not.

    ``shown`` says which inputs the student saw, as it saw them; "" where it saw none.
    """

    pass_rate: PassRate
    solved: tuple[str, ...] = ()  # representative replies, chosen to be different
    failed: tuple[FailedAttempt, ...] = ()
    shown: str = ""
    settled: tuple[Example, ...] = ()  # inputs of the verified function or program, with the outputs that were settled
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
        """Make a harder, easier or like problem that stands alone; ``feedback`` is None if the last was not rated."""
        ...


Attempts = Callable[[int], list[Completion]]  # makes the next n attempts, each of them fresh


class Student(Protocol):
    """Attempts problems."""

    @property
    def name(self) -> str:
        """For the manifest; a simulated student says so."""
        ...

    def attempts(self, draft: Draft | None, problem: Problem, rng: random.Random) -> Attempts:
        """Return a function that makes the next n attempts. A real student looks at ``problem`` alone.

        ``draft`` is what the problem was made from; None where it is not at hand.
        """
        ...
