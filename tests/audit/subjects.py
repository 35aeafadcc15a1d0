"""Problems for the tests of the audit."""

from stepsmith.audit.auditing import audit_problem, run_checks
from stepsmith.audit.checks import PROBLEM_CHECKS
from stepsmith.audit.findings import Finding, Place
from stepsmith.audit.replay import replay_finding
from stepsmith.audit.subject import AuditItem, AuditOptions, ProblemSubject
from stepsmith.core.records import Verdict
from stepsmith.verify.formats.problems import Candidate, VerifyProblem

ADD = "def add(a, b):\n    return a + b\n"


def item(code: str | None = ADD, **changes: object) -> AuditItem:
    """Return a function problem "add" with a reference, if there is code."""
    fields: dict[str, object] = {
        "problem_id": "add",
        "interface": "function",
        "entry_point": "add",
        "statement": "Return the sum of two integers.",
        "inputs": ("(1, 2)", "(3, 4)", "(10, -3)"),
        "outputs": ("3", "7", "7"),
    }
    fields.update(changes)
    candidates = fields.pop("candidates", ())
    if code is not None:
        candidates = (Candidate(language="python", code=code, verdict=Verdict.AC), *candidates)
    return AuditItem(problem=VerifyProblem(candidates=candidates, **fields), place=Place(source="rows.jsonl", line=1))


def findings_of(judge, item: AuditItem, check: str, options: AuditOptions = AuditOptions()) -> tuple[Finding, ...]:  # noqa: B008
    """Return what one check finds; each finding that has a replay must be reproduced."""
    chosen = [row for row in PROBLEM_CHECKS if row.name == check]
    found, made, lacking = run_checks(ProblemSubject(item, judge, options), chosen)
    assert made or lacking
    for finding in found:
        if finding.replay is not None:
            steps = list(replay_finding(finding, judge))
            assert steps, finding
            assert all(step.holds for step in steps), (finding.message, steps)
    return found


def reasons(judge, item: AuditItem) -> dict[str, str]:
    """Return why checks are not made."""
    return {row.check: row.reason for row in audit_problem(item, judge, AuditOptions()).not_checked}
