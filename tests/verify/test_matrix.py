import random

from hypothesis import given
from hypothesis import strategies as st

from stepsmith.core.records import Contract, Solution, Verdict
from stepsmith.verify.matrix import ExecutionMatrix
from tests.verify.expression_judge import ExpressionJudge, programs


def test_each_distinct_program_runs_once_on_each_distinct_input(judge, contract):
    matrix = ExecutionMatrix(judge, contract, programs("x+1", "x+1", "x*2"), ["1", "2", "1"])
    matrix.fill()
    matrix.fill()
    assert matrix.executions == judge.runs == 4
    assert matrix.distinct == 2
    assert [run.output for run in matrix.row(1)] == ["2", "3", "2"]
    assert judge.runs == 4


def test_programs_that_differ_in_layout_only_are_one(judge, contract):
    a = Solution(language="python", code="def f(x):\n    return x + 1\n")
    b = Solution(language="python", code="def f(x):  # comment\n\n    return (x+1)")
    c = Solution(language="python", code="def f(x):\n    return x + 2\n")
    assert [ExecutionMatrix(judge, contract, [a, b, c], []).program_of(i) for i in range(3)] == [0, 0, 2]


def test_only_what_is_asked_for_runs(judge, contract):
    matrix = ExecutionMatrix(judge, contract, programs("x", "x+1", "x+2"), ["1", "2", "3"])
    matrix.fill(inputs=[1], candidates=[0, 2])
    assert matrix.executions == 2
    assert matrix.at(0, 1).output == "2"
    assert matrix.executions == 2


def test_failures_never_vote(judge, contract):
    matrix = ExecutionMatrix(judge, contract, programs("TLE", "1//x", "RTE", "IE", "MLE", "OLE", "x"), ["0"])
    assert [c.members for c in matrix.clusters(0)] == [(6,)]
    assert matrix.failures()[Verdict.RTE] == 2
    assert matrix.failures()[Verdict.IE] == 1


def test_outputs_that_the_checker_accepts_vote_together(judge, contract):
    matrix = ExecutionMatrix(judge, contract, programs("x/3", "x*0.33333333333", "x", "1/3*x"), ["7"])
    assert [c.members for c in matrix.clusters(0)] == [(0, 1, 3), (2,)]


def test_rerun_names_the_inputs_that_changed(judge, contract):
    matrix = ExecutionMatrix(judge, contract, programs("coin", "x"), ["1", "2"])
    assert matrix.rerun(0) == (0, 1)
    assert matrix.rerun(1) == ()


def test_first_difference_is_the_first_and_stops_there(judge, contract):
    inputs = [str(v) for v in range(32)]
    matrix = ExecutionMatrix(judge, contract, programs("x", "x if x < 5 else 0", "IE"), inputs)
    assert matrix.first_difference(0, 1) == 5
    assert matrix.executions < 32
    assert matrix.first_difference(0, 2) is None


@given(st.lists(st.integers(0, 3), min_size=1, max_size=9), st.integers(0, 1000))
def test_cluster_sizes_do_not_depend_on_the_order_of_candidates(values, seed):
    contract = Contract(interface="function", entry_point="f")

    def sizes(order):
        matrix = ExecutionMatrix(ExpressionJudge(), contract, programs(*(f"x*0+{v}" for v in order)), ["1"])
        return sorted((c.output, c.size) for c in matrix.clusters(0))

    shuffled = values[:]
    random.Random(seed).shuffle(shuffled)
    assert sizes(values) == sizes(shuffled)
