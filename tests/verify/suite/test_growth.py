import ast

from hypothesis import given
from hypothesis import strategies as st

from stepsmith.core.records import Checker, Contract, Limits, Solution, TestCase
from stepsmith.verify.matrix import ExecutionMatrix
from stepsmith.verify.suite.growth import GrowthSettings, grow_suite, reduce_suite
from stepsmith.verify.verdicts import first_failure

FUNCTION = Contract(interface="function", entry_point="f", checker=Checker(name="literal"), limits=Limits(time_s=1.0))
GOLDEN = Solution(language="python", code="def f(xs):\n    return sum(x for x in xs if x > 0)\n")
WRONG = [
    Solution(language="python", code=code)
    for code in (
        "def f(xs):\n    return sum(xs)\n",
        "def f(xs):\n    return sum(x for x in xs if x > 1)\n",
        "def f(xs):\n    return sum(x for x in xs if x > 0) if len(xs) < 5 else 0\n",
        "def f(xs):\n    return sum(set(x for x in xs if x > 0))\n",
    )
]
TESTS = [TestCase(input="([5, 3],)", output="8")]


def _generate(rng):
    return repr(([rng.randint(-9, 9) for _ in range(rng.randint(1, 8))],))


def _validate(texts):
    return [bool(v := ast.literal_eval(t)[0]) and len(v) <= 8 and all(-9 <= x <= 9 for x in v) for t in texts]


def test_survivors_are_hunted_down_with_small_counterexamples(local_judge):
    growth = grow_suite(local_judge, FUNCTION, GOLDEN, TESTS, WRONG, generate=_generate, validate=_validate, seed=1)
    assert growth.stopped == "target"
    assert growth.survivors == ()
    assert growth.tests[0] == TESTS[0]
    assert all(test.kind == "adversarial" and test.weight == 4.0 for test in growth.added)
    assert all(_validate([test.input])[0] for test in growth.added)
    assert max(len(ast.literal_eval(test.input)[0]) for test in growth.added) <= 5  # one program needs five items
    assert [point.killed for point in growth.curve] == sorted({point.killed for point in growth.curve})
    assert growth.curve[0].killed == 0
    assert growth.curve[-1].killed == 4
    matrix = ExecutionMatrix(local_judge, FUNCTION, WRONG, [test.input for test in growth.tests])
    verdicts = matrix.verdicts([test.output for test in growth.tests])
    assert all(first_failure(verdicts, i, range(len(growth.tests))) is not None for i in range(4))
    assert sum(int(c.input in {t.input for t in TESTS}) for c in growth.added) == 0


def test_growth_repeats_itself(local_judge):
    first, second = (
        grow_suite(local_judge, FUNCTION, GOLDEN, TESTS, WRONG[:2], generate=_generate, validate=_validate, seed=3)
        for _ in range(2)
    )
    assert first == second


def test_equal_programs_exhaust_patience_and_a_budget_is_kept(local_judge):
    same = [Solution(language="python", code="def f(xs):\n    return sum(max(x, 0) for x in xs)\n")]
    patient = GrowthSettings(patience=2, batch=4)
    growth = grow_suite(local_judge, FUNCTION, GOLDEN, TESTS, same, generate=_generate, settings=patient)
    assert (growth.stopped, growth.survivors, growth.added) == ("exhausted", (0,), ())
    poor = GrowthSettings(max_executions=1)
    assert grow_suite(local_judge, FUNCTION, GOLDEN, TESTS, same, generate=_generate, settings=poor).stopped == "budget"


def test_without_a_validator_inputs_come_from_the_generator_alone(local_judge):
    growth = grow_suite(local_judge, FUNCTION, GOLDEN, TESTS, WRONG[:1], generate=lambda _: "([-1, 2],)")
    assert [test.input for test in growth.added] == ["([-1, 2],)"]
    assert grow_suite(local_judge, FUNCTION, GOLDEN, TESTS, WRONG[:1]).stopped == "exhausted"


@given(st.lists(st.sets(st.integers(0, 6)), max_size=8), st.sets(st.integers(0, 7), max_size=2))
def test_reduction_keeps_every_kill(kills, keep):
    keep = [j for j in keep if j < len(kills)]
    kept = reduce_suite(kills, keep)
    assert set(keep) <= set(kept)
    assert set().union(*(kills[j] for j in kept)) == set().union(*kills)
    assert list(kept) == sorted(set(kept))
    covered = set().union(*(kills[j] for j in keep)) if keep else set()
    assert len(kept) <= len(keep) + len(set().union(*kills) - covered)
