from stepsmith.core.records import Solution, TestCase, Verdict
from stepsmith.verify.judged_runs import JudgedRuns
from tests.verify.expression_judge import programs

AC, WA, TLE = Verdict.AC, Verdict.WA, Verdict.TLE
TESTS = [TestCase(input=str(v), output=str(2 * v)) for v in range(1, 6)]


def test_every_pair_is_judged_at_most_once_and_only_when_asked(judge, contract):
    runs = JudgedRuns(judge, contract, programs("2*x", "x+2", "TLE"), TESTS)
    assert judge.runs == runs.executions == 0
    assert runs.verdicts(1, [1, 0]) == [AC, WA]
    assert runs.at(1, 2).verdict is WA
    assert judge.runs == runs.executions == 3
    runs.fill(1)
    runs.fill(1)
    assert judge.runs == runs.executions == 5
    assert runs.verdicts(2, range(5)) == [TLE] * 5
    assert len(runs.too_slow()) == 5


def test_the_slowest_run_looks_at_every_test(judge, contract):
    assert JudgedRuns(judge, contract, programs("2*x"), TESTS).slowest(0) == 0.0
    assert judge.runs == 5


def test_judging_again_tells_what_changed(judge, contract):
    tests = [TestCase(input="1", output="1"), TestCase(input="1", output="2")]
    assert JudgedRuns(judge, contract, programs("coin"), tests).rejudged(0) == 0
    assert JudgedRuns(judge, contract, programs("x"), tests).rejudged(0) is None


def test_a_program_that_does_not_compile_fails_every_test(local_judge, contract):
    runs = JudgedRuns(local_judge, contract, [Solution(language="python", code="def f(:")], TESTS)
    assert runs.verdicts(0, range(5)) == [Verdict.CE] * 5
    assert runs.executions == 0
