"""One problem from start to end: valid inputs, votes, labels, golden, audit of what was published, suite strength."""

import ast
import math
from collections.abc import Sequence
from typing import Literal

import msgspec

from stepsmith.core.errors import CaseError, MachineError, SandboxError
from stepsmith.core.ids import content_id
from stepsmith.core.records import Contract, Record, Solution, TestCase, TestKind, Verdict
from stepsmith.judge.checkers import is_custom, judges_texts
from stepsmith.judge.languages import installed, language
from stepsmith.judge.program import RunningJudge
from stepsmith.verify.formats.examples import find_examples
from stepsmith.verify.formats.harness import harness_accepts
from stepsmith.verify.formats.problems import Candidate, UnreadProblem, VerifyProblem
from stepsmith.verify.judged_runs import JudgedRuns
from stepsmith.verify.labels.ambiguity import refuse_many_answers
from stepsmith.verify.labels.consensus import ConsensusSettings, verify_consensus
from stepsmith.verify.labels.dual_verification import DualVerificationSettings, verify_dual
from stepsmith.verify.labels.judged import verify_judged
from stepsmith.verify.labels.label_audit import audit_outputs
from stepsmith.verify.labels.trusted_solutions import verify_trusted
from stepsmith.verify.labels.verification import Label, Verification, to_tests
from stepsmith.verify.labels.vote import verify_majority
from stepsmith.verify.matrix import ExecutionMatrix
from stepsmith.verify.report import Audit, Golden, ProblemReport, TestReport
from stepsmith.verify.suite.mutants import Mutant, mutate
from stepsmith.verify.suite.strength import SuiteStrength, suite_strength
from stepsmith.verify.validation import package_faults, validate
from stepsmith.verify.verdicts import Verdicts, broken_claim

Method = Literal["consensus", "dual-verification", "majority"]


class VerifyOptions(Record, frozen=True, kw_only=True):
    """What the user asked for; part of a report's digest."""

    method: Method = "consensus"
    candidates: int | None = None  # use the first N only
    target_error: float = 0.02
    seed: int = 0
    strength: bool = True  # measure the suite of accepted problems
    mutants: int = 20


def verify_problem(
    problem: VerifyProblem | UnreadProblem, judge: RunningJudge, options: VerifyOptions
) -> ProblemReport:
    """Verify one problem. What is wrong with it or its candidates is a stated reason, never an exception.

    So is a failure of our own machinery that outlived its retries ("judge-failed", worth another try), and a tool that
    the machine has not ("machine-lacks").
    """
    if isinstance(problem, UnreadProblem):
        return _rejected(problem, judge, options, problem.reason, problem.detail)
    try:
        return _Verifier(problem, judge, options).report()
    except SandboxError as error:
        return _rejected(problem, judge, options, "judge-failed", str(error))
    except MachineError as error:  # of the problem's checker: candidates and validators have been looked at before
        return _rejected(problem, judge, options, "machine-lacks", str(error))


def digest_of(problem: VerifyProblem | UnreadProblem, options: VerifyOptions) -> str:
    """Content id of a problem and how it is verified."""
    return content_id("verify", problem, options)


class _Verifier:
    """One verification under way. Indices ``i`` are of candidates, ``j`` of inputs, both as in the problem.

    Candidates with a known verdict other than AC do not vote; they serve to measure the suite. Where some are known
    to be AC, these alone vote, and the consensus method weighs them as trusted (trusted_solutions.py); if moreover the
    problem has a checker of its own, they are judged on the published answers (judged.py). Inputs that a validator
    rejects are neither labelled nor used. Candidates in a language that this machine has not are left out. Reasons
    beyond those of the method: "missing-entry-point", "no-valid-inputs", "validator-failed".
    """

    def __init__(self, problem: VerifyProblem, judge: RunningJudge, options: VerifyOptions) -> None:
        self._problem, self._judge, self._options = problem, judge, options
        used = range(len(problem.candidates))[: options.candidates]
        available = installed()
        lacking = {i: reason for i in used if (reason := unserved(problem, problem.candidates[i], available))}
        self._used = [i for i in used if i not in lacking]
        self._left_out = (
            *problem.left_out,
            *(f"{self._name(i)}: {reason}" for i, reason in lacking.items()),
        )
        trusted = [i for i in self._used if problem.candidates[i].verdict is Verdict.AC]
        self._has_trusted = bool(trusted)
        self._voting = trusted or [i for i in self._used if problem.candidates[i].verdict is None]
        checker = problem.contract.checker
        self._needs_runs = not judges_texts(checker)
        self._judged = self._needs_runs or (self._has_trusted and problem.outputs is not None and is_custom(checker))

    def report(self) -> ProblemReport:
        """Validate, vote, audit, measure."""
        problem = self._problem
        cases = [case for case in problem.validation_cases if case.output is None]
        validation = validate(
            self._judge, problem.validators, problem.interface, [*problem.inputs, *(case.input for case in cases)]
        )
        if validation.failure:
            return _rejected(
                problem, self._judge, self._options, "validator-failed", validation.failure, self._left_out
            )
        valid = [j for j in range(len(problem.inputs)) if validation.valid[j]]
        kinds: list[TestKind] = [problem.kinds[j] if problem.kinds else "nominal" for j in valid]
        if self._judged:
            verification, audit, suite, runs = self._by_judging(valid, kinds)
        else:
            verification, audit, suite, runs = self._by_voting(valid, kinds)
        labels: dict[int, Label] = dict(zip(valid, verification.labels, strict=True)) if verification.labels else {}
        return ProblemReport(
            problem_id=problem.problem_id,
            status=verification.status,
            reason=verification.reason,
            detail=verification.detail,
            method=self._options.method,
            golden=self._golden(verification),
            tests=tuple(
                _test(problem, j, labels.get(j), valid=validation.valid[j]) for j in range(len(problem.inputs))
            ),
            suite=suite,
            audit=audit,
            executions=runs + validation.runs,
            isolation=self._judge.isolation,
            digest=digest_of(problem, self._options),
            left_out=self._left_out,
            faults=package_faults(self._judge, problem, validation),
        )

    # Outputs that can be compared

    def _by_voting(
        self, valid: list[int], kinds: list[TestKind]
    ) -> tuple[Verification, Audit | None, SuiteStrength | None, int]:
        """Return what the outputs of the voting candidates say, and how many runs it took."""
        problem = self._problem
        inputs = [problem.inputs[j] for j in valid]
        matrix = ExecutionMatrix(self._judge, problem.contract, self._solutions(self._voting), inputs)
        verification = self._refusal(valid) or self._verify(matrix, kinds)
        if not verification.labels:
            return verification, None, None, matrix.executions
        contract = matrix.contract
        if problem.time_multiplier is not None and self._has_trusted:
            contract = self._contract(max(matrix.slowest(i) for i in range(len(self._voting))))
        audit = None
        if problem.outputs is not None and self._voting:
            published = [problem.outputs[j] for j in valid]
            needed = 1 - 2 * self._options.target_error
            audit = audit_outputs(matrix, verification.labels, published, needed=needed, accepts=self._accepts)
            everyone = matrix.extended(inputs, self._solutions(self._used))
            if contract != matrix.contract:
                everyone = ExecutionMatrix(self._judge, contract, everyone.solutions, inputs)
            tests = [k for k, output in enumerate(published) if output is not None]
            mismatches = self._broken_claims(everyone.verdicts(published, self._accepts), valid, tests)
            audit = msgspec.structs.replace(audit.renumbered(valid, self._voting), verdict_mismatches=mismatches)
        return (
            verification,
            audit,
            self._strength(verification, to_tests(verification, inputs), contract),
            matrix.executions,
        )

    def _refusal(self, valid: list[int]) -> Verification | None:
        """Return the outcome where there is nothing to run: no entry point, or no input that is valid."""
        problem = self._problem
        voters = [problem.candidates[i] for i in self._voting]
        reason = detail = ""
        if problem.interface == "function" and voters and not _has_entry_point(problem, voters):
            named = f"`{problem.entry_point}`" if problem.entry_point else "and none is named"
            reason, detail = "missing-entry-point", f"no candidate defines the entry point {named}"
        elif problem.inputs and not valid:
            reason, detail = "no-valid-inputs", f"the validator rejects all {len(problem.inputs)} inputs"
        if not reason:
            return None
        return Verification(
            method="", labels=(), golden=None, confidence=0.0, status="rejected", reason=reason, detail=detail
        )

    def _verify(self, matrix: ExecutionMatrix, kinds: list[TestKind]) -> Verification:
        """Verify by the method that was asked for."""
        problem, options = self._problem, self._options
        examples = problem.examples
        if examples is None:
            examples = find_examples(problem.statement, problem.contract, matrix.solutions)
        if options.method == "majority":
            verification = verify_majority(matrix, kinds)
        elif options.method == "dual-verification":
            weights: Literal["kind", "size"] = "kind" if problem.kinds else "size"
            settings = DualVerificationSettings(weights=weights)
            verification = verify_dual(matrix, kinds, seed=options.seed, settings=settings)
        elif self._has_trusted:
            verification = verify_trusted(matrix, kinds, examples=examples, target_error=options.target_error)
        else:
            return verify_consensus(
                matrix,
                kinds,
                examples=examples,
                statement=problem.statement,
                settings=ConsensusSettings(target_error=options.target_error),
            )
        return refuse_many_answers(matrix, verification, problem.statement, examples)

    def _accepts(self, matrix: ExecutionMatrix, input_index: int, published: str, output: str) -> bool:
        """Return whether an output is right where ``published`` is, by the checker or by the data set's own harness."""
        harness, interface = self._problem.harness, self._problem.interface
        return matrix.agree(input_index, published, output) or (
            harness is not None and harness_accepts(harness, interface, published, output)
        )

    # A checker that decides

    def _by_judging(
        self, valid: list[int], kinds: list[TestKind]
    ) -> tuple[Verification, Audit | None, SuiteStrength | None, int]:
        """Return what the problem's own checker says of the trusted candidates, and how many runs it took."""
        problem = self._problem
        if refused := self._refusal(valid):
            return refused, None, None, 0
        outputs = problem.outputs or [None] * len(problem.inputs)
        tests = [
            TestCase(input=problem.inputs[j], output=outputs[j] or "", kind=kind)
            for j, kind in zip(valid, kinds, strict=True)
        ]
        trusted = self._voting if self._has_trusted else []
        runs = JudgedRuns(self._judge, problem.contract, self._solutions(trusted), tests)
        shown = {example.input for example in problem.examples or ()}
        verification, audit = verify_judged(
            runs,
            kinds,
            examples=[k for k, test in enumerate(tests) if test.input in shown],
            target_error=self._options.target_error,
        )
        executions = runs.executions
        contract = problem.contract
        if problem.time_multiplier is not None and trusted:
            contract = self._contract(max(runs.slowest(i) for i in range(len(trusted))))
        if trusted and verification.labels:
            everyone = JudgedRuns(self._judge, contract, self._solutions(self._used), tests)
            mismatches = self._broken_claims(everyone.verdicts, valid, range(len(tests)))
            audit = msgspec.structs.replace(audit.renumbered(valid, trusted), verdict_mismatches=mismatches)
            executions += everyone.executions
        return verification, audit, self._strength(verification, tests, contract), executions

    # Both

    def _solutions(self, indices: Sequence[int]) -> list[Solution]:
        """Return the programs that are run for candidates."""
        return [self._problem.solution(self._problem.candidates[i]) for i in indices]

    def _name(self, index: int) -> str:
        name = self._problem.candidates[index].name
        return f"candidate {index} ({name})" if name else f"candidate {index}"

    def _golden(self, verification: Verification) -> Golden | None:
        if verification.golden is None:
            return None
        candidate, figure = self._voting[verification.golden], round(verification.confidence, 4)
        if verification.confidence_is == "support":
            return Golden(candidate=candidate, confidence=None, support=figure)
        return Golden(candidate=candidate, confidence=figure)

    def _contract(self, slowest: float) -> Contract:
        """Return the contract with the time limit that follows from the slowest trusted run, in CPU seconds."""
        problem = self._problem
        step = problem.time_resolution_s
        limit = step * max(1, math.ceil((problem.time_multiplier or 1.0) * slowest / step))
        limits = msgspec.structs.replace(problem.contract.limits, time_s=min(limit, problem.time_limit_s))
        return msgspec.structs.replace(problem.contract, limits=limits)

    def _broken_claims(self, verdicts: Verdicts, valid: list[int], tests: Sequence[int]) -> tuple[str, ...]:
        """Return the candidates whose known verdict the published outputs do not bear out; ``tests`` are of ``valid``.

        Candidates of ``verdicts`` are those in use.
        """
        if not tests:
            return ()
        found = []
        for k, i in enumerate(self._used):
            candidate = self._problem.candidates[i]
            if candidate.verdict is None:
                continue
            broken = broken_claim(verdicts, k, tests, candidate.verdict, candidate.permitted)
            if broken is not None:
                seen = "passes every test"
                if broken.test is not None:
                    seen = f"gets {broken.verdict} on test {valid[broken.test]}"
                found.append(f"{self._name(i)} is called {candidate.verdict} and {seen}")
        return tuple(found)

    def _strength(
        self, verification: Verification, tests: Sequence[TestCase], contract: Contract
    ) -> SuiteStrength | None:
        """Measure the tests of an accepted problem on known wrong candidates and mutants of the golden."""
        problem, options = self._problem, self._options
        if not options.strength or verification.status != "accepted" or verification.golden is None:
            return None
        golden = problem.candidates[self._voting[verification.golden]]
        known_wrong = [i for i in self._used if problem.candidates[i].verdict not in (None, Verdict.AC)]
        mutants = mutate(Solution(language=golden.language, code=golden.code), limit=options.mutants, seed=options.seed)
        return suite_strength(
            self._judge,
            contract,
            problem.solution(golden),
            tests,
            self._solutions(known_wrong),
            [Mutant(label=m.label, operator=m.operator, solution=problem.runnable(m.solution)) for m in mutants],
            wrong_names=[self._name(i) for i in known_wrong],
            coverage=not self._needs_runs,
            judged=self._judged,
        )


def _rejected(
    problem: VerifyProblem | UnreadProblem,
    judge: RunningJudge,
    options: VerifyOptions,
    reason: str,
    detail: str,
    left_out: tuple[str, ...] = (),
) -> ProblemReport:
    """Return the report on a problem that could not be verified at all."""
    tests = (
        tuple(_test(problem, j, None, valid=True) for j in range(len(problem.inputs)))
        if isinstance(problem, VerifyProblem)
        else ()
    )
    return ProblemReport(
        problem_id=problem.problem_id,
        status="rejected",
        reason=reason,
        detail=detail,
        method=options.method,
        golden=None,
        tests=tests,
        suite=None,
        audit=None,
        executions=0,
        isolation=judge.isolation,
        digest=digest_of(problem, options),
        left_out=left_out,
    )


def unserved(problem: VerifyProblem, candidate: Candidate, available: Sequence[str]) -> str:
    """Return why a candidate cannot be run here, or ""."""
    try:
        name = language(candidate.language).name
    except CaseError as error:
        return str(error)
    if problem.interface == "function" and name != "python":
        return f"the function interface is for Python; {name} programs use stdio"
    return "" if name in available else f"{name} is not installed"


def _has_entry_point(problem: VerifyProblem, voters: list[Candidate]) -> bool:
    """Return whether some candidate may define the entry point; code that does not parse defines nothing."""
    if not problem.entry_point:
        return False
    names = set(problem.entry_point.split("."))
    for candidate in voters:
        try:
            tree = ast.parse(candidate.code)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        defined = {getattr(node, "name", None) or getattr(node, "id", None) for node in ast.walk(tree)}
        imported = any(isinstance(n, ast.ImportFrom) for n in tree.body)
        if names <= defined or imported:
            return True
    return False


def _test(problem: VerifyProblem, index: int, label: Label | None, *, valid: bool) -> TestReport:
    """Return the report on one input."""
    kind: TestKind = problem.kinds[index] if problem.kinds else "nominal"
    if label is None:
        return TestReport(index=index, output=None, confidence=0.0, support=0, voters=0, kind=kind, valid=valid)
    return TestReport(
        index=index,
        output=label.output,
        confidence=round(label.confidence, 4),
        support=label.support,
        voters=label.voters,
        kind=label.kind,
        tie=label.tie,
    )
