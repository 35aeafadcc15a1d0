import pytest

from stepsmith.core.records import Example
from stepsmith.verify.labels.trusted_solutions import verify_trusted
from stepsmith.verify.matrix import ExecutionMatrix
from tests.verify.expression_judge import programs

INPUTS = ["1", "2", "3"]
EXAMPLES = (Example(input="5", output="10"),)


def _verify(judge, contract, *codes, inputs=INPUTS, **options):
    return verify_trusted(ExecutionMatrix(judge, contract, programs(*codes), inputs), **options)


@pytest.mark.parametrize(
    ("codes", "examples", "reason", "confidence"),
    [
        (("2*x", "x*2"), (), "", 361 / 362),  # odds 19 each
        (("2*x",), EXAMPLES, "", 38 / 39),  # twice the odds for the example
        (("2*x",), (), "low-confidence", 19 / 20),
        (("2*x", "x+1"), (), "claims-contradict", 19 / 39),
        (("x+1", "1+x", "x+2-1"), EXAMPLES, "examples-unmet", 19**3 / (19**3 + 1)),
        (("2*x", "x*2", "2*x if x != 3 else 1//0"), (), "", 361 / 362),
    ],
)
def test_claims_are_weighed(judge, contract, codes, examples, reason, confidence):
    found = _verify(judge, contract, *codes, examples=examples)
    assert (found.reason, found.status) == (reason, "rejected" if reason else "accepted")
    assert found.confidence == pytest.approx(confidence)


def test_labels_follow_the_most_believed_program(judge, contract):
    found = _verify(judge, contract, "2*x", "x*2", "x+1")
    assert [(label.output, label.support, label.voters) for label in found.labels] == [
        ("2", 3, 3),
        ("4", 2, 3),
        ("6", 2, 3),
    ]
    assert found.labels[0].confidence > found.labels[1].confidence > 0.9


@pytest.mark.parametrize(
    ("codes", "inputs", "reason"),
    [((), INPUTS, "no-candidates"), (("x",), [], "no-inputs"), (("RTE",), INPUTS, "all-candidates-fail"),
     (("coin",), ["1"], "non-deterministic")],
)  # fmt: skip
def test_what_cannot_be_verified_has_a_reason(judge, contract, codes, inputs, reason):
    assert _verify(judge, contract, *codes, inputs=inputs, target_error=0.2).reason == reason
