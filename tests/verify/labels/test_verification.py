from stepsmith.verify.labels.verification import to_tests
from stepsmith.verify.labels.vote import verify_majority
from stepsmith.verify.matrix import ExecutionMatrix
from tests.verify.expression_judge import programs


def test_labels_become_tests_weighted_by_kind(judge, contract):
    matrix = ExecutionMatrix(judge, contract, programs("1//x", "1//x", "x*0"), ["0", "2", "1"])
    verification = verify_majority(matrix, ["stress", "boundary", "nominal"])
    tests = to_tests(verification, matrix.inputs, min_confidence=0.5)
    assert [(t.input, t.output, t.weight) for t in tests] == [("2", "0", 3.0), ("1", "1", 1.0)]
