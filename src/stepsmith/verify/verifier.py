"""One problem from start to end: valid inputs, votes, labels, golden, audit of what was published, suite strength."""

import ast
import re
from typing import Literal

import msgspec

from stepsmith.core.errors import SandboxError
from stepsmith.core.ids import content_id
from stepsmith.core.records import Contract, Interface, Limits, Record, Solution, TestCase, TestKind, Verdict
from stepsmith.judge.protocol import Judge
from stepsmith.verify.formats.examples import find_examples
from stepsmith.verify.formats.problems import Candidate, Validator, VerifyProblem
from stepsmith.verify.labels.consensus import ConsensusSettings, verify_consensus
from stepsmith.verify.labels.dual_verification import DualVerificationSettings, verify_dual
from stepsmith.verify.labels.label_audit import audit_outputs, verdict_mismatches
from stepsmith.verify.labels.trusted_solutions import verify_trusted
from stepsmith.verify.labels.verification import Label, Verification, to_tests
from stepsmith.verify.labels.vote import verify_majority
from stepsmith.verify.matrix import ExecutionMatrix
from stepsmith.verify.report import Audit, Golden, ProblemReport, TestReport
from stepsmith.verify.suite.mutants import mutate
from stepsmith.verify.suite.strength import SuiteStrength, suite_strength

Method = Literal["consensus", "dual-verification", "majority"]


class VerifyOptions(Record, frozen=True, kw_only=True):
    """What the user asked for; part of an outcome's digest."""

    method: Method = "consensus"
    candidates: int | None = None  # use the first N only
    target_error: float = 0.02
    seed: int = 0
    strength: bool = True  # measure the suite of accepted problems
    mutants: int = 20


def verify_problem(problem: VerifyProblem, judge: Judge, options: VerifyOptions) -> ProblemReport:
    """Verify one problem. What is wrong with it or its candidates is a stated outcome, never an exception.

    So is a failure of our own machinery that outlived its retries: "judge-failed", worth another try.
    """
    try:
        return _outcome(problem, judge, options)
    except SandboxError as error:
        return ProblemReport(
            problem_id=problem.problem_id,
            status="rejected",
            reason="judge-failed",
            detail=str(error),
            method=options.method,
            golden=None,
            tests=tuple(_test(problem, j, None, valid=True) for j in range(len(problem.inputs))),
            suite=None,
            audit=None,
            executions=0,
            isolation=judge.isolation,
            digest=digest_of(problem, options),
        )


def _outcome(problem: VerifyProblem, judge: Judge, options: VerifyOptions) -> ProblemReport:
    """Verify, audit, measure.

    Candidates with a known verdict other than AC do not vote; they serve to measure the suite. Where some are known
    to be AC, these alone vote, and the consensus method weighs them as claims (claims.py). Inputs that the validator
    rejects are neither labelled nor used. Reasons beyond those of the method: "missing-entry-point",
    "no-valid-inputs".
    """
    contract = problem.contract
    used = problem.candidates if options.candidates is None else problem.candidates[: options.candidates]
    claimed = [i for i, c in enumerate(used) if c.verdict is Verdict.AC]
    voting = claimed or [i for i, c in enumerate(used) if c.verdict is None]
    valid, spent = _valid_inputs(judge, problem)
    kinds: list[TestKind] = [problem.kinds[j] if problem.kinds else "nominal" for j in valid]
    matrix = ExecutionMatrix(judge, contract, [used[i].solution for i in voting], [problem.inputs[j] for j in valid])
    verification = _refusal(problem, [used[i] for i in voting], len(valid)) or _verify(
        problem, matrix, kinds, options, claimed=bool(claimed)
    )
    golden = None
    if verification.golden is not None:
        golden = Golden(candidate=voting[verification.golden], confidence=round(verification.confidence, 4))
    audit = None
    if problem.outputs is not None and verification.labels and voting:
        audit = _audit(judge, problem, matrix, verification, valid, voting, options)
    suite = None
    if options.strength and verification.status == "accepted" and verification.golden is not None:
        known_wrong = [c.solution for c in used if c.verdict not in (None, Verdict.AC)]
        suite = _strength(judge, matrix, verification, known_wrong, options)
    usable = set(valid)
    labels: dict[int, Label] = dict(zip(valid, verification.labels, strict=True)) if verification.labels else {}
    return ProblemReport(
        problem_id=problem.problem_id,
        status=verification.status,
        reason=verification.reason,
        detail=verification.detail,
        method=options.method,
        golden=golden,
        tests=tuple(_test(problem, j, labels.get(j), valid=j in usable) for j in range(len(problem.inputs))),
        suite=suite,
        audit=audit,
        executions=matrix.executions + spent,
        isolation=judge.isolation,
        digest=digest_of(problem, options),
    )


def digest_of(problem: VerifyProblem, options: VerifyOptions) -> str:
    """Content id of a problem and how it is verified."""
    return content_id("verify", problem, options)


def _verify(
    problem: VerifyProblem, matrix: ExecutionMatrix, kinds: list[TestKind], options: VerifyOptions, *, claimed: bool
) -> Verification:
    """Dispatch to the method."""
    if options.method == "majority":
        return verify_majority(matrix, kinds)
    if options.method == "dual-verification":
        weights: Literal["kind", "size"] = "kind" if problem.kinds else "size"
        return verify_dual(matrix, kinds, seed=options.seed, settings=DualVerificationSettings(weights=weights))
    examples = find_examples(problem.statement, problem.contract, matrix.solutions)
    if claimed:
        return verify_trusted(matrix, kinds, examples=examples, target_error=options.target_error)
    return verify_consensus(
        matrix,
        kinds,
        examples=examples,
        statement=problem.statement,
        settings=ConsensusSettings(target_error=options.target_error),
    )


def _refusal(problem: VerifyProblem, voters: list[Candidate], valid: int) -> Verification | None:
    """The outcome where there is nothing to run: no entry point, or no input that the validator lets through."""
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


def _has_entry_point(problem: VerifyProblem, voters: list[Candidate]) -> bool:
    """Whether some candidate may define the entry point; code that cannot be read here is taken to."""
    if not problem.entry_point:
        return False
    names = set(problem.entry_point.split("."))
    for candidate in voters:
        if candidate.language != "python":
            return True
        try:
            tree = ast.parse(candidate.code)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        defined = {getattr(node, "name", None) or getattr(node, "id", None) for node in ast.walk(tree)}
        imported = any(isinstance(n, ast.ImportFrom) for n in tree.body)
        if names <= defined or imported:
            return True
    return False


def _valid_inputs(judge: Judge, problem: VerifyProblem) -> tuple[list[int], int]:
    """(indices of the inputs inside the statement, runs that it took); all of them without a validator."""
    if problem.validator is None or not problem.inputs:
        return list(range(len(problem.inputs))), 0
    accepted = validate(judge, problem.validator, problem.interface, list(problem.inputs))
    return [j for j, ok in enumerate(accepted) if ok], len(problem.inputs)


def validate(judge: Judge, validator: Validator, interface: Interface, inputs: list[str]) -> list[bool]:
    """Whether the validator accepts each input (see ``Validator``). A run lost to IE accepts."""
    function = interface == "function" and re.search(r"^def validate\b", validator.code, re.MULTILINE)
    contract = Contract(
        interface="function" if function else "stdio",
        entry_point="validate" if function else None,
        limits=Limits(time_s=10.0),
    )
    runs = judge.execute(Solution(language=validator.language, code=validator.code), contract, inputs)
    if function:
        return [run.verdict is Verdict.IE or run.output == "True" for run in runs]
    return [
        run.verdict in (Verdict.AC, Verdict.IE) or (run.verdict is Verdict.RTE and run.message == "exit code 42")
        for run in runs
    ]


def _audit(
    judge: Judge,
    problem: VerifyProblem,
    matrix: ExecutionMatrix,
    verification: Verification,
    valid: list[int],
    voting: list[int],
    options: VerifyOptions,
) -> Audit:
    """Audit the published outputs of the valid inputs; indices are those of the problem and its candidates."""
    assert problem.outputs is not None
    published = [problem.outputs[j] for j in valid]
    needed = 1 - 2 * options.target_error
    audit = audit_outputs(matrix, verification.labels, published, needed=needed).renumbered(valid, voting)
    claims = [candidate.verdict for candidate in problem.candidates]
    if not any(claims):
        return audit
    tests = [
        TestCase(input=problem.inputs[j], output=output) for j in valid if (output := problem.outputs[j]) is not None
    ]
    claimed = ExecutionMatrix(
        judge, matrix.contract, [c.solution for c in problem.candidates], [t.input for t in tests]
    )
    return msgspec.structs.replace(audit, verdict_mismatches=verdict_mismatches(claimed, tests, claims))


def _strength(
    judge: Judge,
    matrix: ExecutionMatrix,
    verification: Verification,
    known_wrong: list[Solution],
    options: VerifyOptions,
) -> SuiteStrength:
    """The strength of the labelled inputs against known wrong candidates and mutants of the golden."""
    assert verification.golden is not None
    golden = matrix.solutions[verification.golden]
    tests = to_tests(verification, matrix.inputs)
    mutants = mutate(golden, limit=options.mutants, seed=options.seed)
    return suite_strength(judge, matrix.contract, golden, tests, known_wrong, mutants)


def _test(problem: VerifyProblem, index: int, label: Label | None, *, valid: bool) -> TestReport:
    """One line of the outcome's tests."""
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
