import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepsmith.core.records import Checker, Contract, Example, Verdict
from stepsmith.verify.labels.consensus import ConsensusSettings, needed_probability, verify_consensus
from stepsmith.verify.matrix import ExecutionMatrix
from tests.verify.expression_judge import ExpressionJudge, programs

INPUTS = [str(v) for v in range(1, 9)]
EXAMPLES = (Example(input="10", output="20"), Example(input="11", output="22"), Example(input="0", output="0"))


def _matrix(judge, contract, *codes, inputs=INPUTS):
    return ExecutionMatrix(judge, contract, programs(*codes), inputs)


def test_candidates_that_reproduce_the_examples_outvote_a_larger_group(judge, contract):
    matrix = _matrix(judge, contract, "x+1", "1+x", "x+1", "x+2-1", "2*x", "x*2", "x+x", "x<<1")
    verification = verify_consensus(matrix, examples=EXAMPLES)
    assert verification.status == "accepted"
    assert verification.golden == 4
    assert [label.output for label in verification.labels] == [str(2 * int(v)) for v in INPUTS]
    assert all(label.confidence > 0.95 for label in verification.labels)
    assert verification.candidate_confidence[4] == verification.confidence > 0.96
    assert verification.candidate_confidence[0] < 0.05


def test_more_and_different_supporters_and_more_examples_mean_more_belief(judge, contract):
    def confidence(codes, examples):
        return verify_consensus(_matrix(judge, contract, *codes), examples=examples).confidence

    one, two = confidence(["2*x", "x"], EXAMPLES), confidence(["2*x", "x*2", "x"], EXAMPLES)
    assert one < two
    assert confidence(["2*x", "x"], EXAMPLES[:1]) < one
    rival = confidence(["2*x", "x*2", "x", "2*x if x != 3 else 0"], EXAMPLES)
    assert rival < two


def test_it_abstains_below_the_wanted_certainty_and_says_why(judge, contract):
    matrix = _matrix(judge, contract, "2*x", "x+1", "x", "x+2")
    unsure = verify_consensus(matrix)
    assert (unsure.status, unsure.reason) == ("rejected", "low-confidence")
    assert unsure.golden is not None
    assert "0.940 is needed" in unsure.detail
    careless = verify_consensus(matrix, settings=ConsensusSettings(target_error=0.5))
    assert careless.status == "accepted"
    assert careless.confidence == unsure.confidence


def test_the_needed_probability_falls_with_the_target_and_is_looser_for_measured_samples():
    targets = [0.0, 0.01, 0.02, 0.025, 0.03, 0.05, 0.1, 0.5]
    samples = [needed_probability(target) for target in targets]
    assert samples == pytest.approx([1.0, 0.97, 0.94, 0.94, 0.94, 0.9, 0.8, 0.0])
    others = [needed_probability(target, "strong-solvers") for target in targets]
    assert others == pytest.approx([1 - 2 * target for target in targets])


def test_unmet_examples_are_a_reason(judge, contract):
    matrix = _matrix(judge, contract, "x", "x+1", "2*x if x else 1")
    verification = verify_consensus(matrix, examples=EXAMPLES)
    assert verification.reason == "examples-unmet"
    assert "at most 2" in verification.detail


def test_a_golden_that_flickers_is_not_accepted(judge, contract):
    matrix = ExecutionMatrix(judge, contract, programs("coin"), ["1", "2"])
    verification = verify_consensus(matrix, settings=ConsensusSettings(target_error=0.5))
    assert (verification.status, verification.reason, verification.golden) == ("rejected", "non-deterministic", None)


@pytest.mark.parametrize(
    ("codes", "inputs", "reason"),
    [((), ["1"], "no-candidates"), (("x",), [], "no-inputs"), (("RTE", "TLE", "MLE"), INPUTS, "all-candidates-fail")],
)
def test_nothing_to_verify_is_a_stated_outcome(judge, contract, codes, inputs, reason):
    verification = verify_consensus(_matrix(judge, contract, *codes, inputs=inputs), examples=EXAMPLES)
    assert (verification.status, verification.reason, verification.golden) == ("rejected", reason, None)
    assert len(verification.labels) == len(inputs)


def test_one_candidate_and_one_input_are_enough_to_answer(judge, contract):
    verification = verify_consensus(_matrix(judge, contract, "x", inputs=["5"]))
    assert verification.golden == 0
    assert verification.labels[0].output == "5"
    assert verification.status == "rejected"


@given(
    st.lists(st.sampled_from(["x", "x+0", "x+1", "2*x", "7", "RTE", "1//(x-3)", "x%2"]), min_size=1, max_size=7),
    st.booleans(),
)
def test_probabilities_are_probabilities_whatever_the_candidates(codes, with_examples):
    contract = Contract(interface="function", entry_point="f", checker=Checker(name="literal"))
    examples = (Example(input="4", output="4"),) if with_examples else ()
    verification = verify_consensus(_matrix(ExpressionJudge(), contract, *codes), examples=examples)
    assert 0 <= verification.confidence <= 1
    for label in verification.labels:
        assert 0 <= label.confidence <= 1
        assert label.support <= label.voters <= len(codes)
    for golden in [verification.golden]:
        assert golden is None or any(run.verdict is Verdict.AC for run in _row(verification, codes, golden))


def _row(verification, codes, golden):
    contract = Contract(interface="function", entry_point="f")
    return _matrix(ExpressionJudge(), contract, *codes).row(golden)
