import pytest

from stepsmith.core.errors import SandboxError
from stepsmith.core.records import TestCase
from stepsmith.verify.judged_runs import JudgedRuns
from stepsmith.verify.labels.judged import verify_judged
from tests.verify.expression_judge import programs

TESTS = [TestCase(input=str(v), output=str(2 * v)) for v in (1, 2, 3)]


def _verify(judge, contract, *codes, tests=TESTS, **options):
    return verify_judged(JudgedRuns(judge, contract, programs(*codes), tests), (), **options)


def test_trusted_programs_that_are_accepted_everywhere(judge, contract):
    verification, audit = _verify(judge, contract, "2*x", "x*2")
    assert (verification.status, verification.golden) == ("accepted", 0)
    assert verification.confidence == pytest.approx(361 / 362)
    assert [(label.output, label.support, label.voters) for label in verification.labels] == [
        ("2", 2, 2), ("4", 2, 2), ("6", 2, 2),
    ]  # fmt: skip
    assert (audit.labels, audit.confirmed, audit.wrong, audit.doubtful) == (3, 3, (), ())


@pytest.mark.parametrize(
    ("codes", "options", "reason"),
    [
        (("2*x",), {}, "low-confidence"),
        (("2*x",), {"examples": [0]}, ""),
        (("2*x", "x+1"), {}, "claims-contradict"),
        (("x+2", "2+x"), {}, "answers-refused"),
        (("RTE", "TLE"), {}, "all-candidates-fail"),
        ((), {}, "no-candidates"),
        (("2*x",), {"tests": []}, "no-inputs"),
    ],
)
def test_reasons(judge, contract, codes, options, reason):
    verification, _ = _verify(judge, contract, *codes, **options)
    assert (verification.reason, verification.status) == (reason, "rejected" if reason else "accepted")


def test_answers_that_trusted_programs_contradict_are_named(judge, contract):
    verification, audit = _verify(judge, contract, "x+2", "2+x", "2*x")
    assert verification.reason == "answers-refused"
    assert verification.confidence == 0.0
    assert [(doubt.index, doubt.agreeing, doubt.disagreeing) for doubt in audit.doubtful] == [
        (0, (2,), (0, 1)),
        (2, (2,), (0, 1)),
    ]
    assert audit.confirmed == 1


def test_a_program_that_fares_otherwise_when_run_again(judge, contract):
    tests = [TestCase(input="1", output="1"), TestCase(input="1", output="2")]
    verification, _ = _verify(judge, contract, "coin", tests=tests, target_error=0.2)
    assert verification.reason == "non-deterministic"


def test_our_own_failure_is_raised(judge, contract):
    with pytest.raises(SandboxError, match="test 0"):
        _verify(judge, contract, "2*x", "IE")
