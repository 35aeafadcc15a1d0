from hypothesis import given
from hypothesis import strategies as st

from stepsmith.core.records import Contract
from stepsmith.verify.labels.dual_verification import (
    DualVerificationSettings,
    size_weights,
    split_half,
    verify_dual,
)
from stepsmith.verify.matrix import ExecutionMatrix
from tests.verify.expression_judge import ExpressionJudge, programs


def test_weights_by_kind_decide_between_candidates(judge, contract):
    single = [f"{{{v}: {v}}}[x]" for v in (1, 2, 3, 4, 5)]  # right on one input, crashing elsewhere
    codes = ("x if x <= 3 else -1", "x if x > 3 else -2", *single, *(f"0+{code}" for code in single))
    matrix = ExecutionMatrix(judge, contract, programs(*codes), ["1", "2", "3", "4", "5"])
    one_held_out = DualVerificationSettings(holdout=0.2, competitive_margin=1.0)
    for seed in range(5):
        kinds = ("nominal", "nominal", "nominal", "stress", "stress")
        assert verify_dual(matrix, kinds, seed=seed, settings=one_held_out).golden == 1
        assert verify_dual(matrix, (), seed=seed, settings=one_held_out).golden == 0


def test_a_golden_that_fails_the_held_out_half_is_dropped(judge, contract):
    inputs = [str(v) for v in range(10)]
    select, held_out = split_half(range(10), 0.5, seed=3)
    # Perfect on the half that selects, and nothing right on the other; two others are right almost everywhere.
    cheat = f"x if x in {tuple(select)} else -1"
    miss = f"x if x != {select[0]} else -2"
    matrix = ExecutionMatrix(judge, contract, programs(cheat, miss, f"{miss} + 0", "x if x != 99 else 1"), inputs)
    assert verify_dual(matrix, seed=3).golden == 0  # tied with the fully right one, first in order
    verification = verify_dual(matrix, seed=3)
    assert verification.status == "rejected"
    assert verification.reason == "golden-unconfirmed"
    assert f"agrees with 0 of {len(held_out)} held-out labels" in verification.detail
    assert "tied" in verification.detail


def test_competitive_margin_is_a_setting(judge, contract):
    inputs = [str(v) for v in range(10)]
    _, held_out = split_half(range(10), 0.5, seed=0)
    near = f"x if x != {held_out[0]} else -1"
    matrix = ExecutionMatrix(judge, contract, programs(near, "x", "x*1"), inputs)
    strict = verify_dual(matrix, seed=0, settings=DualVerificationSettings(competitive_margin=0.0))
    loose = verify_dual(matrix, seed=0, settings=DualVerificationSettings(competitive_margin=0.2))
    assert (strict.golden, strict.status) == (0, "rejected")
    assert (loose.golden, loose.status) == (0, "accepted")


def test_the_same_seed_gives_the_same_outcome_and_the_matrix_runs_once(judge, contract):
    matrix = ExecutionMatrix(judge, contract, programs("x", "x+1", "x-1"), [str(v) for v in range(8)])
    assert verify_dual(matrix, seed=5) == verify_dual(matrix, seed=5)
    assert judge.runs == 24


def test_size_quartiles():
    assert size_weights(["a", "bb", "ccc", "dddd"]) == [1.0, 2.0, 3.0, 4.0]
    assert size_weights(["aa", "bb", "cc"]) == [1.0, 1.0, 1.0]


@given(st.lists(st.integers(0, 99), unique=True, min_size=2), st.integers(0, 9))
def test_halves_partition_the_labelled_tests(labelled, seed):
    select, held_out = split_half(labelled, 0.5, seed)
    assert sorted(select + held_out) == sorted(labelled)
    assert abs(len(select) - len(held_out)) <= 1
    assert select
    assert held_out


@given(st.lists(st.sampled_from(["x", "x+1", "x*2", "RTE", "x%2"]), min_size=1, max_size=6), st.integers(0, 5))
def test_golden_is_best_on_the_selecting_half_whatever_the_candidates(codes, seed):
    contract = Contract(interface="function", entry_point="f")
    matrix = ExecutionMatrix(ExpressionJudge(), contract, programs(*codes), ["1", "2", "3", "4"])
    verification = verify_dual(matrix, seed=seed)
    if verification.golden is None:
        assert verification.reason == "all-candidates-fail"
        return
    labels = [label.output for label in verification.labels]
    select, _ = split_half([j for j in range(4) if labels[j] is not None], 0.5, seed)

    def score(i):
        return sum(matrix.at(i, j).output == labels[j] and matrix.at(i, j).verdict == "AC" for j in select)

    assert score(verification.golden) == max(score(i) for i in range(len(codes)))
