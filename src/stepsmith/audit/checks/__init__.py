"""The tables of checks. A check is a generator function in a file of its own, and one line here."""

from stepsmith.audit.checks.accepted import check_accepted, check_trivial
from stepsmith.audit.checks.check import Check
from stepsmith.audit.checks.inputs import check_inputs
from stepsmith.audit.checks.labels import check_contradictions, check_labels
from stepsmith.audit.checks.outputs import check_outputs
from stepsmith.audit.checks.reference import check_reference
from stepsmith.audit.checks.rejected import check_rejected
from stepsmith.audit.checks.statement import check_examples, check_leaks
from stepsmith.audit.subject import ProblemSubject

PROBLEM_CHECKS: tuple[Check[ProblemSubject], ...] = (
    Check("reference", ("reference-fails", "reference-varies", "tight-time-limit"), check_reference),
    Check("labels", ("wrong-label",), check_labels),
    Check("contradictions", ("contradicting-tests", "duplicate-tests"), check_contradictions),
    Check("accepted", ("wrong-program-accepted",), check_accepted),
    Check("trivial", ("trivial-answer-accepted",), check_trivial),
    Check("rejected", ("right-program-rejected",), check_rejected),
    Check("outputs", ("flat-outputs",), check_outputs),
    Check("inputs", ("input-outside-statement", "loose-validator"), check_inputs),
    Check("examples", ("contradicting-example",), check_examples),
    Check("leaks", ("answer-in-statement",), check_leaks),
)

KINDS_OF_CHECK: dict[str, tuple[str, ...]] = {check.name: check.kinds for check in PROBLEM_CHECKS}
