from stepsmith.core.records import Example
from stepsmith.verify.labels.consensus import ConsensusSettings, verify_consensus
from stepsmith.verify.labels.run_pruning import PROBES, alive, worth_running
from stepsmith.verify.matrix import ExecutionMatrix
from tests.verify.expression_judge import ExpressionJudge, programs

INPUTS = [str(v) for v in range(1, 9)]
EXAMPLES = (Example(input="10", output="20"), Example(input="11", output="22"), Example(input="0", output="0"))


def _matrix(judge, contract, *codes, inputs=INPUTS):
    return ExecutionMatrix(judge, contract, programs(*codes), inputs)


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


def test_who_is_worth_running(judge, contract):
    codes = ["2*x", "x+1", "RTE", "TLE", "x*2"]
    assert worth_running(_matrix(judge, contract, *codes), EXAMPLES) == (0, 4)
    assert worth_running(_matrix(judge, contract, *codes), ()) == (0, 1, 4)
    assert worth_running(_matrix(judge, contract, "RTE", "TLE"), EXAMPLES) == (0,)
    assert worth_running(_matrix(judge, contract, "TLE"), EXAMPLES) == ()


def test_the_probes_of_a_failing_program_are_the_shortest_inputs(judge, contract):
    matrix = _matrix(judge, contract, "RTE", inputs=["1" * n for n in range(9, 0, -1)])
    assert alive(matrix, ()) == ()
    assert [matrix.has(0, j) for j in range(9)] == [False] * (9 - PROBES) + [True] * PROBES
