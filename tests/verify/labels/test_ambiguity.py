import pytest

from stepsmith.verify.labels.ambiguity import many_valid_answers
from stepsmith.verify.labels.behaviour import behaviours
from stepsmith.verify.labels.consensus import verify_consensus
from stepsmith.verify.matrix import ExecutionMatrix
from tests.verify.expression_judge import programs

INPUTS = [str(v) for v in range(1, 9)]


def _matrix(judge, contract, *codes, inputs=INPUTS):
    return ExecutionMatrix(judge, contract, programs(*codes), inputs)


def test_many_valid_answers_by_a_looser_checker(judge, contract):
    inputs = ["[3, 1, 2]", "[5, 4, 9]", "[1, 0, 7]"]
    matrix = _matrix(
        judge, contract, "sorted(x)", "sorted(x)+[]", "sorted(x)[::-1]", "sorted(x,reverse=True)", inputs=inputs
    )
    verification = verify_consensus(matrix)
    assert verification.reason == "many-valid-answers"
    assert '"unordered"' in verification.detail


def test_many_valid_answers_by_the_statements_word(judge, contract):
    matrix = _matrix(judge, contract, "x+1", "1+x", "x+2", "2+x", "x+3", inputs=INPUTS)
    assert verify_consensus(matrix, statement="Print any number greater than x.").reason == "many-valid-answers"
    assert verify_consensus(matrix, statement="Print the next number.").reason == "low-confidence"


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("Print any of them.", True), ("If there are multiple answers, print any.", True),
        ("You may return the answer in any order.", True), ("The order does not matter.", True),
        ("Output a valid one.", True), ("There are many people.", False), ("Is there any?", False),
    ],
)  # fmt: skip
def test_statements_that_allow_any_answer(judge, contract, statement, found):
    matrix = _matrix(judge, contract, "x+1", "1+x", "x+2", "2+x")
    assert bool(many_valid_answers(matrix, behaviours(matrix, ()), statement)) is found


def test_behaviours_without_support_prove_nothing(judge, contract):
    matrix = _matrix(judge, contract, "x+1", "1+x", "x+2")
    assert many_valid_answers(matrix, behaviours(matrix, ()), "Print any.") == ""
