"""Outputs that are nearly all the same: a constant answer passes nearly every test."""

from collections import Counter
from collections.abc import Iterator

from stepsmith.audit.findings import Finding, NotCheckedError
from stepsmith.audit.steps import Passes, ProgramReplay, Suite
from stepsmith.audit.subject import ProblemSubject
from stepsmith.audit.words import short
from stepsmith.core.records import TestCase
from stepsmith.judge.checkers import is_custom
from stepsmith.verify.suite.admission import AdmissionSettings, output_entropy
from stepsmith.verify.suite.baselines import baselines

LEAST_TESTS = 8  # with fewer tests equal outputs say little
SETTINGS = AdmissionSettings()


def check_outputs(subject: ProblemSubject) -> Iterator[Finding]:
    """Yield a finding where the entropy of the outputs is below that of the gate of our own synthesis."""
    tests = [test for _, test in subject.tests()]
    if not tests:
        raise NotCheckedError("no expected outputs")
    if len(tests) < LEAST_TESTS or is_custom(subject.problem.contract.checker):
        return
    entropy = abs(output_entropy([test.output for test in tests]))  # not -0.0
    if entropy >= SETTINGS.min_entropy_bits:
        return
    output, count = Counter(" ".join(test.output.split()) for test in tests).most_common(1)[0]
    same = tuple(test for test in tests if " ".join(test.output.split()) == output)
    contract = subject.problem.contract
    constant = baselines(contract, [TestCase(input=test.input, output=test.output) for test in same])[0].solution
    suite = Suite(contract=contract, tests=same, harness=subject.problem.harness)
    yield Finding.of(
        "flat-outputs",
        subject.id,
        subject.place("tests"),
        f"{count} of {len(tests)} tests expect {short(output, 60)}; the outputs have {entropy:.2f} bits of entropy",
        evidence={"output": short(output), "tests": f"{count} of {len(tests)}"},
        replay=ProgramReplay(
            steps=(Passes(says=f"a constant answer passes {count} tests", program=constant, suite=suite),)
        ),
    )
