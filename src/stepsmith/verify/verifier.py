"""One problem from start to end: valid inputs, votes, labels, golden, audit of what was published, suite strength."""

import ast
from collections.abc import Sequence
from typing import Literal

import msgspec

from stepsmith.core.errors import CaseError, SandboxError
from stepsmith.core.ids import content_id
from stepsmith.core.records import Record, Solution, TestKind, Verdict
from stepsmith.judge.languages import installed, language
from stepsmith.judge.program import RunningJudge
from stepsmith.verify.formats.examples import find_examples
from stepsmith.verify.formats.harness import harness_accepts
from stepsmith.verify.formats.problems import Candidate, UnreadProblem, VerifyProblem
from stepsmith.verify.labels.consensus import ConsensusSettings, verify_consensus
from stepsmith.verify.labels.dual_verification import DualVerificationSettings, verify_dual
from stepsmith.verify.labels.label_audit import audit_outputs, verdict_mismatches
from stepsmith.verify.labels.trusted_solutions import verify_trusted
from stepsmith.verify.labels.verification import Label, Verification, to_tests
from stepsmith.verify.labels.vote import verify_majority
from stepsmith.verify.matrix import ExecutionMatrix
from stepsmith.verify.report import Audit, Golden, ProblemReport, TestReport
from stepsmith.verify.suite.mutants import Mutant, mutate
from stepsmith.verify.suite.strength import SuiteStrength, suite_strength
from stepsmith.verify.validation import validate

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

    So is a failure of our own machinery that outlived its retries: "judge-failed", worth another try.
    """
    if isinstance(problem, UnreadProblem):
        return _rejected(problem, judge, options, problem.reason, problem.detail)
    try:
        return _Verifier(problem, judge, options).report()
    except SandboxError as error:
        return _rejected(problem, judge, options, "judge-failed", str(error))


def digest_of(problem: VerifyProblem | UnreadProblem, options: VerifyOptions) -> str:
    """Content id of a problem and how it is verified."""
    return content_id("verify", problem, options)


class _Verifier:
    """One verification under way. Indices ``i`` are of candidates, ``j`` of inputs, both as in the problem.

    Candidates with a known verdict other than AC do not vote; they serve to measure the suite. Where some are known
    to be AC, these alone vote, and the consensus method weighs them as trusted (trusted_solutions.py). Inputs that a
    validator rejects are neither labelled nor used. Candidates in a language that this machine has not are left out.
    Reasons beyond those of the method: "missing-entry-point", "no-valid-inputs", "validator-failed".
    """

    def __init__(self, problem: VerifyProblem, judge: RunningJudge, options: VerifyOptions) -> None:
        self._problem, self._judge, self._options = problem, judge, options
        used = range(len(problem.candidates))[: options.candidates]
        available = installed()
        unserved = {i: reason for i in used if (reason := _unserved(problem, problem.candidates[i], available))}
        self._used = [i for i in used if i not in unserved]
        self._left_out = (
            *problem.left_out,
            *(f"{_candidate_name(problem, i)}: {reason}" for i, reason in unserved.items()),
        )
        trusted = [i for i in self._used if problem.candidates[i].verdict is Verdict.AC]
        self._has_trusted = bool(trusted)
        self._voting = trusted or [i for i in self._used if problem.candidates[i].verdict is None]

    def report(self) -> ProblemReport:
        """Validate, vote, audit, measure."""
        problem = self._problem
        validation = validate(self._judge, problem.validators, problem.interface, problem.inputs)
        if validation.failure:
            return _rejected(
                problem, self._judge, self._options, "validator-failed", validation.failure, self._left_out
            )
        valid = [j for j, accepted in enumerate(validation.valid) if accepted]
        kinds: list[TestKind] = [problem.kinds[j] if problem.kinds else "nominal" for j in valid]
        matrix = ExecutionMatrix(
            self._judge, problem.contract, self._solutions(self._voting), [problem.inputs[j] for j in valid]
        )
        verification = self._refusal(valid) or self._verify(matrix, kinds)
        labels: dict[int, Label] = dict(zip(valid, verification.labels, strict=True)) if verification.labels else {}
        return ProblemReport(
            problem_id=problem.problem_id,
            status=verification.status,
            reason=verification.reason,
            detail=verification.detail,
            method=self._options.method,
            golden=self._golden(verification),
            tests=tuple(_test(problem, j, labels.get(j), valid=j in set(valid)) for j in range(len(problem.inputs))),
            audit=self._audit(matrix, verification, valid),
            suite=self._strength(matrix, verification),
            executions=matrix.executions + validation.runs,
            isolation=self._judge.isolation,
            digest=digest_of(problem, self._options),
            left_out=self._left_out,
        )

    def _solutions(self, indices: Sequence[int]) -> list[Solution]:
        """Return the programs that are run for candidates."""
        return [self._problem.solution(self._problem.candidates[i]) for i in indices]

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
        if options.method == "majority":
            return verify_majority(matrix, kinds)
        if options.method == "dual-verification":
            weights: Literal["kind", "size"] = "kind" if problem.kinds else "size"
            return verify_dual(matrix, kinds, seed=options.seed, settings=DualVerificationSettings(weights=weights))
        examples = problem.examples
        if examples is None:
            examples = find_examples(problem.statement, problem.contract, matrix.solutions)
        if self._has_trusted:
            return verify_trusted(matrix, kinds, examples=examples, target_error=options.target_error)
        return verify_consensus(
            matrix,
            kinds,
            examples=examples,
            statement=problem.statement,
            settings=ConsensusSettings(target_error=options.target_error),
        )

    def _golden(self, verification: Verification) -> Golden | None:
        if verification.golden is None:
            return None
        return Golden(candidate=self._voting[verification.golden], confidence=round(verification.confidence, 4))

    def _audit(self, matrix: ExecutionMatrix, verification: Verification, valid: list[int]) -> Audit | None:
        """Compare the published outputs of the valid inputs with the labels, and known verdicts with the outputs."""
        problem = self._problem
        if problem.outputs is None or not verification.labels or not self._voting:
            return None
        published = [problem.outputs[j] for j in valid]
        needed = 1 - 2 * self._options.target_error
        audit = audit_outputs(matrix, verification.labels, published, needed=needed, accepts=self._accepts)
        everyone = matrix.extended(matrix.inputs, self._solutions(self._used))
        claims = [problem.candidates[i].verdict for i in self._used]
        mismatches = verdict_mismatches(everyone, published, claims, accepts=self._accepts)
        return msgspec.structs.replace(
            audit.renumbered(valid, self._voting),
            verdict_mismatches=tuple(
                f"candidate {self._used[i]} is called {claims[i]} and "
                + ("passes every test" if failing is None else f"fails test {valid[failing]}")
                for i, failing in mismatches
            ),
        )

    def _accepts(self, matrix: ExecutionMatrix, input_index: int, published: str, output: str) -> bool:
        """Say whether an output is right where ``published`` is, by the checker or by the data set's own harness."""
        harness, interface = self._problem.harness, self._problem.interface
        return matrix.agree(input_index, published, output) or (
            harness is not None and harness_accepts(harness, interface, published, output)
        )

    def _strength(self, matrix: ExecutionMatrix, verification: Verification) -> SuiteStrength | None:
        """Measure the labelled inputs of an accepted problem on known wrong candidates and mutants of the golden."""
        problem, options = self._problem, self._options
        if not options.strength or verification.status != "accepted" or verification.golden is None:
            return None
        golden = problem.candidates[self._voting[verification.golden]]
        known_wrong = [i for i in self._used if problem.candidates[i].verdict not in (None, Verdict.AC)]
        mutants = mutate(Solution(language=golden.language, code=golden.code), limit=options.mutants, seed=options.seed)
        return suite_strength(
            self._judge,
            matrix.contract,
            problem.solution(golden),
            to_tests(verification, matrix.inputs),
            self._solutions(known_wrong),
            [Mutant(label=m.label, operator=m.operator, solution=problem.runnable(m.solution)) for m in mutants],
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
    tests = range(len(problem.inputs)) if isinstance(problem, VerifyProblem) else ()
    return ProblemReport(
        problem_id=problem.problem_id,
        status="rejected",
        reason=reason,
        detail=detail,
        method=options.method,
        golden=None,
        tests=tuple(_test(problem, j, None, valid=True) for j in tests if isinstance(problem, VerifyProblem)),
        suite=None,
        audit=None,
        executions=0,
        isolation=judge.isolation,
        digest=digest_of(problem, options),
        left_out=left_out,
    )


def _unserved(problem: VerifyProblem, candidate: Candidate, available: Sequence[str]) -> str:
    """Say why a candidate cannot be run here, or ""."""
    try:
        name = language(candidate.language).name
    except CaseError as error:
        return str(error)
    if problem.interface == "function" and name != "python":
        return f"the function interface is for Python; {name} programs use stdio"
    return "" if name in available else f"{name} is not installed"


def _candidate_name(problem: VerifyProblem, index: int) -> str:
    name = problem.candidates[index].name
    return f"candidate {index} ({name})" if name else f"candidate {index}"


def _has_entry_point(problem: VerifyProblem, voters: list[Candidate]) -> bool:
    """Say whether some candidate may define the entry point; code that does not parse defines nothing."""
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
