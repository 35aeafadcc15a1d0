"""The tables of checks. A check is a generator function in a file of its own, and one line here."""

from stepsmith.audit.checks.check import Check
from stepsmith.audit.checks.reference import check_reference
from stepsmith.audit.subject import ProblemSubject

PROBLEM_CHECKS: tuple[Check[ProblemSubject], ...] = (
    Check("reference", ("reference-fails", "reference-varies", "tight-time-limit"), check_reference),
)

KINDS_OF_CHECK: dict[str, tuple[str, ...]] = {check.name: check.kinds for check in PROBLEM_CHECKS}
