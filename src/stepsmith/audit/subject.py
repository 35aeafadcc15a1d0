"""A problem under audit: the problem as it was read, its reference and its suite, with what the checks share."""

from collections.abc import Iterator
from functools import cached_property

import msgspec

from stepsmith.audit.acceptance import first_failed
from stepsmith.audit.findings import NotCheckedError, Place
from stepsmith.audit.memory import RememberingJudge
from stepsmith.audit.steps import Suite, SuiteTest
from stepsmith.core.records import Checker, Contract, Record, Solution, Verdict
from stepsmith.judge.languages import installed
from stepsmith.judge.program import RunningJudge
from stepsmith.verify.formats.problems import Candidate, VerifyProblem
from stepsmith.verify.verifier import unserved

CODE_ENTRY = "stepsmith_audit"  # function of a suite of code


class AuditOptions(Record, frozen=True, kw_only=True):
    """What the user asked for; part of a report's digest."""

    mutants: int = 24  # of the reference, for each problem
    inputs: int = 300  # inputs that are tried to tell a program from the reference
    candidates: int = 50  # programs of the source that are used
    target_error: float = 0.02  # share of wrong accusations of labels to aim at
    seed: int = 0


class AuditItem(Record, frozen=True, kw_only=True):
    """A problem to audit, whatever it was read from."""

    problem: VerifyProblem
    place: Place
    reference: Candidate | None = None  # the program that the source calls right; not among the problem's candidates
    suite_code: str = ""  # tests that are code; see ``steps.Suite``
    contract_code: str = ""  # statements that assert what an input must be, in terms of the parameters


class ProblemSubject:
    """What the checks of one problem share. Every run goes through ``judge``, which remembers."""

    def __init__(self, item: AuditItem, judge: RunningJudge, options: AuditOptions) -> None:
        self.item, self.options = item, options
        self.problem = item.problem
        self.judge = RememberingJudge(judge)
        self.facts: dict[str, float] = {}  # numbers for the report, filled by the checks

    @property
    def id(self) -> str:
        """The problem's id as text."""
        return str(self.problem.problem_id)

    def place(self, part: str = "") -> Place:
        """Return the place of a part of the problem."""
        return Place(source=self.item.place.source, line=self.item.place.line, part=part)

    @cached_property
    def suite(self) -> Suite:
        """The tests. Raises ``NotCheckedError`` where there are none."""
        problem, contract = self.problem, self.problem.contract
        if self.item.suite_code:
            return Suite(contract=code_contract(problem), tests=(), code=self.item.suite_code)
        tests = tuple(
            SuiteTest(input=given, output=output)
            for given, output in zip(problem.inputs, problem.outputs or (), strict=False)
            if output is not None
        )
        if not tests:
            raise NotCheckedError("no expected outputs")
        return Suite(contract=contract, tests=tests, harness=problem.harness)

    @cached_property
    def reference(self) -> Solution:
        """The reference as it is run. Raises ``NotCheckedError`` where there is none that runs here."""
        if self.item.reference is not None:
            if reason := unserved(self.problem, self.item.reference, installed()):
                raise NotCheckedError(f"the reference cannot be run: {reason}")
            return self.problem.solution(self.item.reference)
        available = installed()
        trusted = [
            c for c in self.problem.candidates if c.verdict is Verdict.AC and not unserved(self.problem, c, available)
        ]
        if not trusted:
            raise NotCheckedError("no reference solution")
        return self.problem.solution(trusted[0])

    @cached_property
    def candidates(self) -> tuple[tuple[Candidate, Solution], ...]:
        """The source's other programs that run here, with what is run for them."""
        available = installed()
        used = [c for c in self.problem.candidates if not unserved(self.problem, c, available)]
        return tuple((c, self.problem.solution(c)) for c in used[: self.options.candidates])

    def passes(self, program: Solution) -> bool:
        """Return whether the suite accepts a program. Raises ``NotCheckedError`` without a suite."""
        return first_failed(self.judge, self.suite, program) is None

    def first_failed(self, program: Solution) -> int | None:
        """Return the test of the suite that rejects a program, or None."""
        return first_failed(self.judge, self.suite, program)

    def tests(self) -> Iterator[tuple[int, SuiteTest]]:
        """Yield (index in the problem, test) of the tests that have an input and an output."""
        for index, (given, output) in enumerate(zip(self.problem.inputs, self.problem.outputs or (), strict=False)):
            if output is not None:
                yield index, SuiteTest(input=given, output=output)


def code_contract(problem: VerifyProblem) -> Contract:
    """Return how a suite of code is called behind a program: with more time, since all its tests are one run."""
    limits = msgspec.structs.replace(problem.contract.limits, time_s=max(10.0, problem.time_limit_s))
    return Contract(interface="function", entry_point=CODE_ENTRY, limits=limits, checker=Checker(name="literal"))
