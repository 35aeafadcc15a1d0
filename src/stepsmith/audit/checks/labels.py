"""Expected outputs that independent programs contradict, and equal inputs with different outputs."""

from collections.abc import Iterator

import msgspec

from stepsmith.audit.acceptance import accepts
from stepsmith.audit.findings import DropTest, Finding, NotCheckedError, Relabel
from stepsmith.audit.steps import Contains, Disagree, Gives, ProgramReplay, ReplayStep
from stepsmith.audit.subject import ProblemSubject
from stepsmith.audit.words import short
from stepsmith.core.records import Verdict
from stepsmith.judge.checkers import judges_texts
from stepsmith.verify.formats.problems import SCORED, Candidate
from stepsmith.verify.labels.structure import structure_key
from stepsmith.verify.report import DisputedLabel
from stepsmith.verify.verifier import VerifyOptions, verify_problem

WITNESSES = 2  # programs of different structure that must agree against a published output
SHOWN = 20  # findings for one problem
REPLAYED = 5  # repeated tests that a replay compares


def check_labels(subject: ProblemSubject) -> Iterator[Finding]:
    """Yield the published outputs that are wrong, as ``verify`` audits them and at least two programs show.

    The reference is one voice among the others here: that the source calls it right is no proof.
    """
    problem = subject.problem
    if not any(output is not None for output in problem.outputs or ()):
        raise NotCheckedError("no expected outputs")
    if not judges_texts(problem.contract.checker):
        raise NotCheckedError("the checker judges runs, not answers")
    voters = _voters(subject)
    if len(voters) < WITNESSES + 1:
        raise NotCheckedError(f"{len(voters)} programs; at least {WITNESSES + 1} independent ones are needed")
    voting = msgspec.structs.replace(problem, candidates=tuple(voters))
    options = VerifyOptions(target_error=subject.options.target_error, seed=subject.options.seed, strength=False)
    report = verify_problem(voting, subject.judge, options)
    if report.audit is None or report.reason in ("non-deterministic", "validator-failed"):
        raise NotCheckedError(f"the programs settle no labels ({report.reason or report.status})")
    subject.facts["labels"] = report.audit.labels
    subject.facts["labels_doubtful"] = len(report.audit.doubtful)
    ambiguous = report.detail if report.reason == "many-valid-answers" else ""
    for doubt in report.audit.wrong[:SHOWN]:
        finding = _finding(subject, voters, doubt, ambiguous)
        if finding is not None:
            yield finding


def _voters(subject: ProblemSubject) -> list[Candidate]:
    """Return the programs that are not known to be wrong, without their claims."""
    known = [subject.item.reference, *subject.problem.candidates]
    fine = [c for c in known if c is not None and c.verdict in (None, Verdict.AC)]
    return [msgspec.structs.replace(c, verdict=None) for c in fine[: subject.options.candidates]]


def _finding(subject: ProblemSubject, voters: list[Candidate], doubt: DisputedLabel, ambiguous: str) -> Finding | None:
    """Return the finding on one output, or None where fewer than ``WITNESSES`` different programs contradict it."""
    problem, contract = subject.problem, subject.problem.contract
    if doubt.published is None or doubt.believed is None:
        return None
    given = problem.inputs[doubt.index]
    witnesses: dict[object, ReplayStep] = {}
    for i in doubt.disagreeing:
        program = problem.solution(voters[i])
        (run,) = subject.judge.execute(program, contract, [given])
        if run.verdict is Verdict.AC and accepts(
            subject.judge, contract, problem.harness, given, doubt.believed, run.output
        ):
            step = Gives(
                says=f"{voters[i].name or f'candidate {i}'} gives {short(run.output, 60)}",
                program=program,
                contract=contract,
                input=given,
                output=doubt.believed,
            )
            witnesses.setdefault(structure_key(program), step)
    if len(witnesses) < WITNESSES:
        return None
    published = Disagree(
        says="the checker tells the published output from theirs",
        contract=contract,
        input=given,
        first=doubt.published,
        second=doubt.believed,
    )
    return Finding.of(
        "wrong-label",
        subject.id,
        subject.place(f"tests[{doubt.index}].output"),
        f"test {doubt.index} expects {short(doubt.published, 80)}; {len(doubt.disagreeing)} programs of "
        f"{len(witnesses)} different structures give {short(doubt.believed, 80)}, {len(doubt.agreeing)} agree with it",
        confidence=round(doubt.confidence, 4),
        ambiguous=ambiguous,
        evidence={"input": short(given), "published": short(doubt.published), "programs": short(doubt.believed)},
        replay=ProgramReplay(steps=(published, *list(witnesses.values())[:3])),
        fixes=() if ambiguous else (Relabel(test=doubt.index, output=doubt.believed),),
    )


def check_contradictions(subject: ProblemSubject) -> Iterator[Finding]:
    """Yield tests with the same input: with different outputs no program passes both, with equal ones they repeat."""
    problem, contract = subject.problem, subject.problem.contract
    if not judges_texts(contract.checker):
        raise NotCheckedError("the checker judges runs, not answers")
    tests = list(subject.tests())
    if not tests:
        raise NotCheckedError("no expected outputs")
    first: dict[str, tuple[int, str]] = {}
    repeated: dict[int, int] = {}  # the earlier test
    for index, test in tests:
        known, output = first.setdefault(_as_read(subject, test.input), (index, test.output))
        if known == index:
            continue
        same = accepts(subject.judge, contract, problem.harness, test.input, output, test.output) or accepts(
            subject.judge, contract, problem.harness, test.input, test.output, output
        )
        if same:
            repeated[index] = known
            continue
        yield Finding.of(
            "contradicting-tests",
            subject.id,
            subject.place(f"tests[{index}].output"),
            f"tests {known} and {index} have the same input, and expect {short(output, 60)} and "
            f"{short(test.output, 60)}",
            evidence={"input": short(test.input), "first": short(output), "second": short(test.output)},
            replay=ProgramReplay(
                steps=(
                    Disagree(
                        says="the checker accepts neither output for the other",
                        contract=contract,
                        input=test.input,
                        first=output,
                        second=test.output,
                    ),
                )
            ),
            fixes=(_loser(subject, test.input, (known, output), (index, test.output)),),
        )
    if repeated:
        grouped = "groups of tests are scored, and one may hold another's" if SCORED in problem.left_out else ""
        some = ", ".join(map(str, list(repeated)[:5])) + (" …" if len(repeated) > 5 else "")
        yield Finding.of(
            "duplicate-tests",
            subject.id,
            subject.place(f"tests[{min(repeated)}]"),
            f"{len(repeated)} of {len(tests)} tests repeat an earlier one: {some}",
            ambiguous=grouped,
            replay=ProgramReplay(
                steps=tuple(
                    Contains(
                        says=f"test {later} has the input of test {earlier}",
                        text=problem.inputs[earlier],
                        passage=problem.inputs[later],
                    )
                    for later, earlier in list(repeated.items())[:REPLAYED]
                )
            ),
            fixes=() if grouped else tuple(DropTest(test=index) for index in repeated),
        )


def _as_read(subject: ProblemSubject, given: str) -> str:
    """Return an input without the spaces at the ends of its lines and the line breaks at its end, for stdio."""
    if subject.problem.interface == "function":
        return given
    return "\n".join(line.rstrip() for line in given.splitlines()).rstrip("\n")


def _loser(subject: ProblemSubject, given: str, one: tuple[int, str], other: tuple[int, str]) -> DropTest:
    """Return the test to drop: the one that the reference contradicts, else the later one."""
    try:
        (run,) = subject.judge.execute(subject.reference, subject.problem.contract, [given])
    except NotCheckedError:
        return DropTest(test=other[0])
    right = run.verdict is Verdict.AC and subject.judge.agree(subject.problem.contract, given, other[1], run.output)
    return DropTest(test=one[0] if right else other[0])
