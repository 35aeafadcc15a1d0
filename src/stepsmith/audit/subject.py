"""A problem under audit: the problem as it was read, its reference and its suite, with what the checks share."""

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from stepsmith.audit.acceptance import behind, first_failed
from stepsmith.audit.findings import NotCheckedError, Place
from stepsmith.audit.memory import RememberingJudge
from stepsmith.audit.steps import Suite, SuiteTest
from stepsmith.core.records import Checker, Contract, Record, Solution, Verdict
from stepsmith.judge.languages import installed
from stepsmith.judge.program import RunningJudge
from stepsmith.verify.formats.problems import Candidate, VerifyProblem
from stepsmith.verify.verifier import unserved

if TYPE_CHECKING:
    from stepsmith.audit.search.telling import TellingSearch

HURRY, LEAST_S = 20.0, 0.2  # how long programs made from the reference may run: times its own time, at least
CODE_ENTRY = "stepsmith_audit"  # function of a suite of code


class AuditOptions(Record, frozen=True, kw_only=True):
    """What the user asked for; part of a report's digest."""

    mutants: int = 24  # of the reference, for each problem
    inputs: int = 300  # inputs that are tried to tell a program from the reference
    candidates: int = 50  # programs of the source that are used
    tests: int = 8  # that may be added for diversity, for each problem
    seconds: float = 8.0  # CPU seconds for the mutants of a problem, twice; those that are left then are not tried
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

    @property
    def reference_code(self) -> str:
        """The reference as the source has it; "" where there is none."""
        trusted = [self.item.reference, *(c for c in self.problem.candidates if c.verdict is Verdict.AC)]
        return next((c.code for c in trusted if c is not None and c.language.startswith("py")), "")

    @cached_property
    def candidates(self) -> tuple[tuple[Candidate, Solution], ...]:
        """The source's other programs that run here, with what is run for them."""
        available = installed()
        used = [c for c in self.problem.candidates if not unserved(self.problem, c, available)]
        return tuple((c, self.problem.solution(c)) for c in used[: self.options.candidates])

    @cached_property
    def search(self) -> "TellingSearch":
        """The search for inputs that tell programs from the reference."""
        from stepsmith.audit.search.legal import LegalInputs  # not at the top: they are of subjects
        from stepsmith.audit.search.telling import TellingSearch

        return TellingSearch(self, LegalInputs(self))

    def passes(self, program: Solution) -> bool:
        """Return whether the suite accepts a program. Raises ``NotCheckedError`` without a suite."""
        return first_failed(self.judge, self.suite, program) is None

    def passes_sound(self, program: Solution) -> bool:
        """Return whether the sound suite accepts a program."""
        return first_failed(self.judge, self.sound_suite, program) is None

    def passes_soon(self, program: Solution) -> bool:
        """Return whether the sound suite accepts a program that is not many times slower than the reference.

        Many mutants never end; waiting for each of them until the time limit would take most of the time of an audit.
        """
        return (
            first_failed(self.judge, msgspec.structs.replace(self.sound_suite, contract=self._hurried), program) is None
        )

    @cached_property
    def soon(self) -> Contract:
        """The problem's contract with the time that the reference needs, times ``HURRY``."""
        return _hurried(self.problem.contract, self._slowest)

    @cached_property
    def _hurried(self) -> Contract:
        return _hurried(self.suite.contract, self._slowest)

    @cached_property
    def _slowest(self) -> float:
        """The most CPU seconds that a run of the reference takes on the tests."""
        if self.item.suite_code:
            (run,) = self.judge.execute(behind(self.reference, self.suite.code), self.suite.contract, ["()"])
            return run.cpu_s
        runs = self.judge.execute(self.reference, self.problem.contract, self.problem.inputs)
        return max((run.cpu_s for run in runs), default=0.0)

    def first_failed(self, program: Solution) -> int | None:
        """Return the test of the suite that rejects a program, or None."""
        return first_failed(self.judge, self.suite, program)

    @cached_property
    def failing(self) -> tuple[int, ...]:
        """The tests of the suite that the reference fails. Raises ``NotCheckedError`` without reference or suite.

        The limits of a suite of code are ours, so that a reference that needs more is not one that fails.
        """
        suite = self.suite
        if suite.code:
            (run,) = self.judge.execute(behind(self.reference, suite.code), suite.contract, ["()"])
            if run.verdict in (Verdict.TLE, Verdict.MLE, Verdict.OLE):
                raise NotCheckedError(f"the reference needs more than an audit gives to all tests: {run.message}")
            return () if self.passes(self.reference) else (0,)
        if first_failed(self.judge, suite, self.reference) is None:
            return ()
        alone = (msgspec.structs.replace(suite, tests=(test,)) for test in suite.tests)
        return tuple(k for k, one in enumerate(alone) if first_failed(self.judge, one, self.reference) is not None)

    @cached_property
    def sound_suite(self) -> Suite:
        """The suite without the tests that the reference fails. Raises ``NotCheckedError`` where none is left."""
        failing = set(self.failing)
        if self.suite.code or len(failing) == len(self.suite.tests):
            if failing:
                raise NotCheckedError("the reference fails the tests, so it cannot show what is wrong")
            return self.suite
        tests = tuple(test for k, test in enumerate(self.suite.tests) if k not in failing)
        return msgspec.structs.replace(self.suite, tests=tests)

    def tests(self) -> Iterator[tuple[int, SuiteTest]]:
        """Yield (index in the problem, test) of the tests that have an input and an output."""
        for index, (given, output) in enumerate(zip(self.problem.inputs, self.problem.outputs or (), strict=False)):
            if output is not None:
                yield index, SuiteTest(input=given, output=output)


def _hurried(contract: Contract, slowest_s: float) -> Contract:
    time_s = min(contract.limits.time_s, max(LEAST_S, HURRY * slowest_s))
    return msgspec.structs.replace(contract, limits=msgspec.structs.replace(contract.limits, time_s=time_s))


def code_contract(problem: VerifyProblem) -> Contract:
    """Return how a suite of code is called behind a program: with more time, since all its tests are one run."""
    limits = msgspec.structs.replace(problem.contract.limits, time_s=max(10.0, problem.time_limit_s))
    return Contract(interface="function", entry_point=CODE_ENTRY, limits=limits, checker=Checker(name="literal"))
