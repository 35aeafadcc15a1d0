from stepsmith.audit.auditing import audit_problem, digest_of
from stepsmith.audit.checks import PROBLEM_CHECKS
from stepsmith.audit.kinds import KINDS, at_least
from stepsmith.audit.subject import AuditOptions
from stepsmith.verify.formats.problems import UnreadProblem
from tests.audit.subjects import item, reasons


def test_what_is_missing_is_named(judge):
    assert reasons(judge, item(None))["reference"] == "no reference solution"
    assert reasons(judge, item(outputs=None))["reference"] == "no expected outputs"
    unread = UnreadProblem(problem_id="x", reason="unreadable", detail="line 3: no key", source="")
    assert set(reasons(judge, unread).values()) == {"line 3: no key"}


def test_the_digest_is_of_the_problem_and_the_options():
    assert digest_of(item(), AuditOptions()) != digest_of(item(), AuditOptions(mutants=1))
    assert digest_of(item(), AuditOptions()) != digest_of(item(outputs=("3", "7", "8")), AuditOptions())


def test_every_run_is_made_once(judge):
    report = audit_problem(item(), judge, AuditOptions())
    assert {row.name for row in PROBLEM_CHECKS} == {*report.checked, *(n.check for n in report.not_checked)}
    assert report.executions > 0


def test_every_kind_of_a_check_is_in_the_table():
    assert {kind for check in PROBLEM_CHECKS for kind in check.kinds} <= set(KINDS)
    assert at_least("high", "medium")
    assert not at_least("low", "medium")
