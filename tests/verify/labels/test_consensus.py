import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepsmith.core.records import Checker, Contract, Example, Execution, Verdict
from stepsmith.verify.labels.behaviour import behaviours, features
from stepsmith.verify.labels.consensus import ConsensusSettings, verify_consensus
from stepsmith.verify.labels.posterior import choose, output_probabilities, shipped_model
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


def test_repeats_of_one_program_count_less_than_independent_ones(judge, contract):
    (same,) = behaviours(_matrix(judge, contract, "2*x", "2*x", "2*x"), ())
    (different,) = behaviours(_matrix(judge, contract, "2*x", "x*2", "x+x"), ())
    assert same.members == different.members == (0, 1, 2)
    assert same.effective == 2.0
    assert different.effective == 3.0


def test_behaviours_tell_what_happens_everywhere(judge, contract):
    matrix = _matrix(judge, contract, "x", "x if x < 8 else 1//0", "7", "RTE", "x*1")
    found = behaviours(matrix, ())
    assert [b.members for b in found] == [(0, 4), (1,), (2,), (3,)]
    assert [b.constant for b in found] == [False, False, True, False]
    assert [row["fails"] for row in features(found, 0, 5)] == [0.0, 1.0, 0.0, 1.0]


def test_a_run_lost_by_our_fault_is_missing_data(contract):
    class Flaky(ExpressionJudge):
        def _run(self, code, text):
            if code == "2*x" and text == "3":
                return Execution(verdict=Verdict.IE, message="lost")
            return super()._run(code, text)

    found = behaviours(_matrix(Flaky(), contract, "x*2", "2*x", "x"), ())
    assert [b.members for b in found] == [(0, 1), (2,)]


def test_it_abstains_below_the_wanted_certainty_and_says_why(judge, contract):
    matrix = _matrix(judge, contract, "2*x", "x+1", "x", "x+2")
    unsure = verify_consensus(matrix)
    assert (unsure.status, unsure.reason) == ("rejected", "low-confidence")
    assert unsure.golden is not None
    assert "0.960 is needed" in unsure.detail
    careless = verify_consensus(matrix, settings=ConsensusSettings(target_error=0.5))
    assert careless.status == "accepted"
    assert careless.confidence == unsure.confidence


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


def test_economy_changes_neither_labels_nor_golden_and_runs_less(contract):
    codes = ["2*x", "x*2", "x+x", "x<<1", *(f"x+{k}" for k in range(2, 9)), "RTE", "1//0", "nope"]
    full_judge, lean_judge = ExpressionJudge(), ExpressionJudge()
    full = verify_consensus(
        _matrix(full_judge, contract, *codes), examples=EXAMPLES, settings=ConsensusSettings(prune_runs=False)
    )
    lean = verify_consensus(_matrix(lean_judge, contract, *codes), examples=EXAMPLES)
    assert lean.golden == full.golden == 0
    assert [label.output for label in lean.labels] == [label.output for label in full.labels]
    assert lean_judge.runs < 0.6 * full_judge.runs


def test_dead_programs_are_given_up_after_a_few_inputs(judge, contract):
    verify_consensus(_matrix(judge, contract, "x", "RTE", "x+1", inputs=[str(v) for v in range(40)]))
    assert judge.runs <= 2 * 40 + 4 + 40  # two programs, four probes, one repeat of the golden at most


def test_programs_that_run_out_of_time_are_given_up_at_once(judge, contract):
    codes = ["2*x", "TLE", "x*2"]
    verify_consensus(_matrix(judge, contract, *codes), examples=EXAMPLES)
    lean = judge.runs
    verify_consensus(_matrix(judge, contract, "2*x", "RTE", "x*2"), examples=EXAMPLES)
    assert lean < judge.runs - lean
    assert verify_consensus(_matrix(judge, contract, "TLE", "OLE"), examples=EXAMPLES).reason == "all-candidates-fail"


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


@given(st.lists(st.floats(-20, 20), min_size=1, max_size=8))
def test_choices_leave_room_for_none(scores):
    probabilities = choose({"s": 1.0}, [{"s": s} for s in scores])
    none = 1 / (1 + sum(math.exp(s) for s in scores))
    assert math.isclose(sum(probabilities) + none, 1, abs_tol=1e-9)
    mixed = output_probabilities({"s": 1.0}, [0.5] + [0.0] * (len(scores) - 1), 0.5, [{"s": s} for s in scores])
    assert 0.5 <= mixed[0] <= sum(mixed) <= 1 + 1e-9


@pytest.mark.parametrize("population", ["model-samples", "offline-teacher"])
def test_the_shipped_models_are_complete_and_say_where_they_come_from(population):
    model = shipped_model(population)
    assert {"command", "data", "method", "reported"} <= set(model.provenance)
    assert model.with_examples.behaviour["passes"] > 0
    assert model.with_examples.behaviour["passes:size"] > 0 > model.with_examples.behaviour["passes:rivals"]
    assert model.without_examples.behaviour["size"] > 0 > model.without_examples.behaviour["fails"]
