"""One subject through all checks of its table."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from stepsmith.audit.checks import PROBLEM_CHECKS
from stepsmith.audit.checks.check import Check
from stepsmith.audit.findings import AddTest, Finding, NotChecked, NotCheckedError, SubjectReport
from stepsmith.audit.growth.growing import grown_tests
from stepsmith.audit.subject import AuditItem, AuditOptions, ProblemSubject
from stepsmith.core.errors import CaseError, MachineError, SandboxError
from stepsmith.core.ids import content_id
from stepsmith.judge.program import RunningJudge
from stepsmith.verify.formats.problems import UnreadProblem

S = TypeVar("S")

Item = AuditItem | UnreadProblem


def run_checks(
    subject: S, checks: Sequence[Check[S]], seen: Callable[[str], None] = lambda _: None
) -> tuple[tuple[Finding, ...], tuple[str, ...], tuple[NotChecked, ...]]:
    """Return (findings, names of the checks that were made, those that could not be made).

    A check that finds something before it lacks something counts as made, and is named among the others, too.
    ``seen`` is told the name of each check first. A failure of our own machinery makes a check one that could not be
    made; it is never a finding.
    """
    findings: dict[str, Finding] = {}
    made: list[str] = []
    lacking: list[NotChecked] = []
    for check in checks:
        found: list[Finding] = []
        seen(check.name)
        try:
            found.extend(check.run(subject))
            made.append(check.name)
        except NotCheckedError as error:
            lacking.append(NotChecked(check=check.name, reason=str(error)))
        except (SandboxError, MachineError, CaseError) as error:
            lacking.append(NotChecked(check=check.name, reason=f"{type(error).__name__}: {error}"))
        findings.update((finding.id, finding) for finding in found)
    return without_repeats(findings.values()), tuple(made), tuple(lacking)


def without_repeats(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings without those that say less than another one of the same place.

    Where several programs show that an expected output is wrong, it goes without saying that the reference fails there.
    """
    known = list(findings)
    wrong = {(f.subject, f.place.part) for f in known if f.kind == "wrong-label" and not f.ambiguous}
    return tuple(f for f in known if f.kind != "reference-fails" or (f.subject, f.place.part) not in wrong)


def audit_problem(item: Item, judge: RunningJudge, options: AuditOptions) -> SubjectReport:
    """Audit one problem. What cannot be checked is named, never an exception."""
    digest = digest_of(item, options)
    if isinstance(item, UnreadProblem):
        return SubjectReport(
            subject=str(item.problem_id),
            digest=digest,
            checked=(),
            unread=True,
            not_checked=tuple(NotChecked(check=check.name, reason=item.detail) for check in PROBLEM_CHECKS),
        )
    subject = ProblemSubject(item, judge, options)
    findings, made, lacking = run_checks(subject, PROBLEM_CHECKS)
    added, untold = _grown(subject, findings)
    if subject.judge.timed:
        subject.facts["decided_by_time"] = subject.judge.timed
    return SubjectReport(
        subject=subject.id,
        digest=digest,
        checked=made,
        not_checked=(*lacking, *untold),
        findings=findings,
        added=added,
        facts=subject.facts,
        executions=subject.judge.executions,
        isolation=judge.isolation,
    )


def _grown(subject: ProblemSubject, findings: Sequence[Finding]) -> tuple[tuple[AddTest, ...], tuple[NotChecked, ...]]:
    """Return the tests for diversity, or why there are none."""
    if not subject.options.tests:
        return (), ()
    try:
        return grown_tests(subject, findings), ()
    except (NotCheckedError, SandboxError, MachineError, CaseError) as error:
        reason = str(error) if isinstance(error, NotCheckedError) else f"{type(error).__name__}: {error}"
        return (), (NotChecked(check="growth", reason=reason),)


def digest_of(item: Item, options: AuditOptions) -> str:
    """Content id of a subject and how it is audited."""
    return content_id("audit", item, options)
