import pytest

from stepsmith.verify.labels.vote import majority, verify_majority
from stepsmith.verify.matrix import ExecutionMatrix
from tests.verify.expression_judge import programs


def test_majority_reports_support_voters_and_share(judge, contract):
    matrix = ExecutionMatrix(judge, contract, programs("x+1", "x+1", "RTE", "x"), ["1"])
    (label,) = majority(matrix)
    assert (label.output, label.support, label.voters, label.confidence, label.tie) == ("2", 2, 3, 0.5, False)


def test_a_tie_is_ordered_and_reported(judge, contract):
    matrix = ExecutionMatrix(judge, contract, programs("RTE", "x", "x+1", "x+1", "x"), ["5"])
    (label,) = majority(matrix)
    assert label.output == "5"
    assert label.tie


def test_golden_agrees_with_most_labels(judge, contract):
    matrix = ExecutionMatrix(judge, contract, programs("x if x < 3 else 9", "x", "x", "-x"), ["1", "2", "3", "4"])
    verification = verify_majority(matrix)
    assert verification.golden == 1
    assert verification.status == "accepted"


@pytest.mark.parametrize(
    ("codes", "inputs", "reason"),
    [((), ["1"], "no-candidates"), (("x",), [], "no-inputs"), (("RTE", "TLE"), ["1"], "all-candidates-fail")],
)
def test_nothing_to_verify_is_a_stated_outcome(judge, contract, codes, inputs, reason):
    verification = verify_majority(ExecutionMatrix(judge, contract, programs(*codes), inputs))
    assert (verification.status, verification.reason, verification.golden) == ("rejected", reason, None)
    assert len(verification.labels) == len(inputs)
