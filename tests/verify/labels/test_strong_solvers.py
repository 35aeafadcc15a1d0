import pytest

from stepsmith.verify.labels.behaviour import Behaviour
from stepsmith.verify.labels.consensus import ConsensusSettings, verify_consensus
from stepsmith.verify.labels.dual_verification import verify_dual
from stepsmith.verify.labels.strong_solvers import ALIKE, RIGHT, strong_belief
from stepsmith.verify.labels.vote import verify_majority
from stepsmith.verify.matrix import ExecutionMatrix
from tests.verify.expression_judge import programs

STRONG = ConsensusSettings(population="strong-solvers")
WEAK = ConsensusSettings()


def behaviour(size: int, *, fails: bool = False, passed: int = 0) -> Behaviour:
    answers = (None, 0) if fails else (0, 0)
    return Behaviour(members=tuple(range(size)), answers=answers, passed=passed, effective=size, constant=False)


def test_the_rule_is_what_the_page_says():
    odds = RIGHT / (1 - RIGHT)
    (alone,) = strong_belief([behaviour(1)], 0)
    assert alone == pytest.approx(odds / (1 + odds)) == pytest.approx(RIGHT)
    (three,) = strong_belief([behaviour(3)], 0)
    assert three / (1 - three) == pytest.approx(odds * (odds / ALIKE) ** 2)


def test_what_fails_or_does_not_reproduce_the_examples_is_not_right():
    assert strong_belief([behaviour(5, fails=True)], 0) == [0.0]
    few, many = strong_belief([behaviour(2, passed=2), behaviour(4, passed=1)], 2)
    assert (few > 0.9, many) == (True, 0.0)


@pytest.mark.parametrize(
    ("codes", "accepted"),
    [
        (("x+1", "1+x", "x+1*1", "x+2", "x*3"), True),
        (("x+1", "1+x", "x+1*1", "x+2", "2+x"), False),  # three against two
        (("x+1", "1+x", "x+2", "x*3"), False),
        (("x+1", "1+x", "x+1*1"), True),
    ],
)
def test_strong_solvers_that_agree_are_believed(judge, contract, codes, accepted):
    inputs = [str(v) for v in range(3, 9)]
    strong = verify_consensus(ExecutionMatrix(judge, contract, programs(*codes), inputs), settings=STRONG)
    assert (strong.status == "accepted") is accepted, (strong.confidence, strong.detail)
    assert strong.golden == 0
    weak = verify_consensus(ExecutionMatrix(judge, contract, programs(*codes), inputs), settings=WEAK)
    assert weak.status == "rejected", "without examples votes of weak samplers prove little"
    assert weak.confidence < strong.confidence


def test_agreement_with_ones_own_majority_is_no_probability(judge, contract):
    matrix = ExecutionMatrix(judge, contract, programs("x+1", "1+x", "x+2"), ["1", "2", "3"])
    for verification in (verify_dual(matrix), verify_majority(matrix)):
        assert verification.confidence_is == "support"
    assert verify_consensus(matrix).confidence_is == "probability"
