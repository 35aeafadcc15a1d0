from stepsmith.verify.labels.label_audit import audit_outputs
from stepsmith.verify.labels.verification import Label
from stepsmith.verify.matrix import ExecutionMatrix
from tests.verify.expression_judge import programs

INPUTS = ["1", "22", "3", "1"]


def _labels(*confidences):
    outputs = [str(2 * int(text)) for text in INPUTS]
    return [Label(output=output, confidence=c) for output, c in zip(outputs, confidences, strict=True)]


def _audit(judge, contract, published, labels, **options):
    matrix = ExecutionMatrix(judge, contract, programs("2*x", "x*2", "x+2"), INPUTS)
    return audit_outputs(matrix, labels, published, needed=0.9, **options)


def test_published_outputs_are_confirmed_wrong_or_doubtful(judge, contract):
    audit = _audit(judge, contract, ["2", "7", "8", None], _labels(0.99, 0.95, 0.6, 0.99))
    assert (audit.labels, audit.confirmed, audit.smallest) == (3, 1, 1)
    (wrong,), (doubtful,) = audit.wrong, audit.doubtful
    assert (wrong.index, wrong.published, wrong.believed, wrong.confidence) == (1, "7", "44", 0.95)
    assert (wrong.agreeing, wrong.disagreeing) == ((), (0, 1, 2))
    assert doubtful.index == 2


def test_an_unlikely_label_says_nothing_and_the_smallest_input_comes_first(judge, contract):
    audit = _audit(judge, contract, ["0", "0", "0", "0"], _labels(0.99, 0.99, 0.4, 0.99))
    assert [doubt.index for doubt in audit.wrong] == [0, 3, 1]
    assert audit.doubtful == ()


def test_what_else_is_accepted_is_confirmed(judge, contract):
    def accepts(matrix, input_index, published, output):
        return published == "any" or matrix.agree(input_index, published, output)

    audit = _audit(judge, contract, ["any", "any", "7", "2"], _labels(0.99, 0.99, 0.99, 0.99), accepts=accepts)
    assert (audit.confirmed, [doubt.index for doubt in audit.wrong]) == (3, [2])
    assert audit.contradictions == ()


def test_equal_inputs_with_different_outputs_contradict_each_other(judge, contract):
    audit = _audit(judge, contract, ["2", "44", "6", "3"], _labels(0.99, 0.99, 0.99, 0.99))
    assert audit.contradictions == ((0, 3),)
