import pytest

from stepsmith.core.records import Checker, Contract, Limits, Solution, TestCase
from stepsmith.verify.suite.mutants import mutate, split_equivalent
from stepsmith.verify.suite.strength import suite_strength, time_margin

FUNCTION = Contract(interface="function", entry_point="f", checker=Checker(name="literal"), limits=Limits(time_s=1.0))
STDIO = Contract(interface="stdio", limits=Limits(time_s=1.0))
GOLDEN = """
def f(xs, k):
    best = 0
    for x in xs:
        if x > k and x % 2 == 0:
            best = max(best, x)
        elif x == k:
            best += 1
    return best if best else -1
"""


def _python(code):
    return Solution(language="python", code=code)


def _tests(*inputs):
    scope: dict = {}
    exec(GOLDEN, scope)
    return [TestCase(input=i, output=repr(scope["f"](*eval(i)))) for i in inputs]


WEAK = _tests("([4, 6], 3)", "([8], 1)")
STRONG = _tests(
    "([4, 6, 5], 3)", "([], 1)", "([3, 3, 2], 3)", "([1, 1], 0)", "([4, 8, 6], 4)", "([7, 4], 2)", "([2], 2)"
)


def test_a_better_suite_has_the_better_numbers(local_judge):
    mutants = mutate(_python(GOLDEN), limit=30)
    pool = [f"({list(range(-3, k))}, {k % 4})" for k in range(9)]
    wrong = [_python(GOLDEN.replace("best += 1", "best += 2")), _python("def f(xs, k):\n    return -1\n")]
    weak = suite_strength(local_judge, FUNCTION, _python(GOLDEN), WEAK, wrong, mutants, pool=pool)
    strong = suite_strength(local_judge, FUNCTION, _python(GOLDEN), STRONG, wrong, mutants, pool=pool)
    assert weak.kill_rate < strong.kill_rate
    assert weak.kill_rate_low < weak.kill_rate < weak.kill_rate_high
    assert weak.branch_coverage < strong.branch_coverage == 1.0
    assert "candidate 0" in weak.survivors
    assert (weak.kill_rate_real, strong.kill_rate_real) == (0.5, 1.0), "of the two candidates"
    assert strong.kill_rate_mutants == (strong.killed - 2) / (strong.wrong - 2)
    assert strong.killed == strong.wrong - len(strong.survivors)
    assert strong.wrong == 2 + len(mutants) - strong.equivalent_mutants
    assert strong.output_entropy_bits > weak.output_entropy_bits
    assert strong.time_margin >= 16
    assert strong.separation is None


def test_equivalent_mutants_are_recognised(local_judge):
    golden = _python("def f(x):\n    y = x * 2\n    if y > 10 and y != 11:\n        return 10\n    return y\n")
    mutants = mutate(golden, limit=100)
    alive, equivalent = split_equivalent(local_judge, FUNCTION, golden, mutants, [f"({v},)" for v in range(-20, 20)])
    assert len(alive) + len(equivalent) == len(mutants)
    labels = " ".join(m.label for m in equivalent)
    assert "condition 2 of 2 forgotten" in labels  # y is even
    assert "comparison > became >=" in labels  # 10 becomes 10
    assert not any("became <" in m.label for m in equivalent)


def test_programs_that_are_too_slow_show_the_separation(local_judge):
    contract = Contract(interface="function", entry_point="f", limits=Limits(time_s=0.3))
    golden = _python("def f(n):\n    return sum(i for i in range(n))\n")
    slow = _python("def f(n):\n    while True:\n        pass\n")
    tests = [TestCase(input="(100000,)", output=str(sum(range(100000))))]
    strength = suite_strength(local_judge, contract, golden, tests, [slow])
    assert strength.kill_rate == 1.0
    assert strength.separation >= 8


def test_no_wrong_programs_no_rate(local_judge):
    strength = suite_strength(local_judge, FUNCTION, _python(GOLDEN), WEAK)
    assert strength.kill_rate is None
    assert (strength.kill_rate_low, strength.kill_rate_high) == (0.0, 1.0)


@pytest.mark.parametrize(("slowest", "margin"), [(0.5, 2.0), (0.51, 1.0), (0.001, 64), (1.5, 0.0), (0.0, None)])
def test_margins_are_coarse(slowest, margin):
    assert time_margin(1.0, slowest) == margin
