from stepsmith.core.records import Example, Execution, Solution, Verdict
from stepsmith.verify.labels.behaviour import behaviours, effective_size, example_passes, features
from stepsmith.verify.matrix import ExecutionMatrix
from tests.verify.expression_judge import ExpressionJudge, programs

INPUTS = [str(v) for v in range(1, 9)]


def _matrix(judge, contract, *codes, inputs=INPUTS):
    return ExecutionMatrix(judge, contract, programs(*codes), inputs)


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


def test_the_size_of_a_group_counts_structures():
    twice = Solution(language="python", code="def f(x):\n    return 2 * x\n")
    renamed = Solution(language="python", code="def f(y):\n    return 2 * y\n")
    other = Solution(language="python", code="def f(x):\n    return x + x\n")
    assert [effective_size(group) for group in ([twice], [twice, renamed], [twice, other])] == [1.0, 1.5, 2.0]


def test_examples_are_not_run_on_after_the_limits_are_exhausted(judge, contract):
    examples = [Example(input=v, output=v) for v in ("1", "2", "3")]
    matrix = _matrix(judge, contract, "x", "TLE", "x+1")
    assert example_passes(matrix, examples) == [(True,) * 3, (False,) * 3, (False,) * 3]
    assert judge.runs == 3 + 1 + 3
