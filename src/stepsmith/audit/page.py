"""The page of an audit: one HTML file in the style of the reports, which needs no network."""

from collections import Counter

from stepsmith.audit.findings import AuditDocument
from stepsmith.audit.kinds import KINDS, SEVERITIES
from stepsmith.report.page import page_templates

SHOWN = 200  # findings of a kind on the page
REASONS = 40  # rows of the table of what was not checked


def audit_page(document: AuditDocument) -> str:
    """Return the page as HTML."""
    findings = document.findings
    order = sorted(KINDS, key=lambda kind: SEVERITIES.index(KINDS[kind].severity))
    groups = [(kind, [f for f in findings if f.kind == kind]) for kind in order]
    lacking = Counter((row.check, row.reason) for s in document.subjects for row in s.not_checked)
    return (
        page_templates("plots.js", plots=False)
        .get_template("audit.html.j2")
        .render(
            document=document,
            kinds=KINDS,
            groups=[(kind, sorted(rows, key=lambda f: bool(f.ambiguous))) for kind, rows in groups if rows],
            lacking=lacking.most_common(REASONS),
            faulty=sum(any(not f.ambiguous for f in s.findings) for s in document.subjects),
            clear=sum(not f.ambiguous for f in findings),
            ambiguous=sum(bool(f.ambiguous) for f in findings),
            executions=sum(s.executions for s in document.subjects),
            shown=SHOWN,
            figures={},
        )
    )
