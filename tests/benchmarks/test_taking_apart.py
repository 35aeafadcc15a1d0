"""Check programs and lists of tests as single assertions."""

from stepsmith.benchmarks.problem import Assertion
from stepsmith.benchmarks.taking_apart import check_assertions, listed_assertions, name_under_test

CHECK = """
METADATA = {"author": "x"}

def check(candidate):

    # Check some simple cases
    assert True, "This prints if this assert fails 1 (good for debugging!)"
    assert candidate([1, 2], k=3) == 3
    assert candidate((1.5,)) == [-1], "said"
    assert candidate(1) is True
    assert not candidate(2)
    assert {x for x in candidate(3)} == {1}
"""


def test_a_check_is_taken_apart() -> None:
    taken = check_assertions(CHECK, "solve")
    assert taken == (
        Assertion(text="assert solve([1, 2], k=3) == 3"),
        Assertion(text="assert solve((1.5,)) == [-1], 'said'", arguments="((1.5,),)", expected="[-1]"),
        Assertion(text="assert solve(1) is True", arguments="(1,)", expected="True"),
        Assertion(text="assert not solve(2)", arguments="(2,)"),
        Assertion(text="assert {x for x in solve(3)} == {1}", arguments="(3,)"),
    )


def test_a_check_with_a_loop_or_a_variable_stays_whole() -> None:
    assert (
        check_assertions("def check(candidate):\n    for k in range(3):\n        assert candidate(k) == k\n", "f") == ()
    )
    assert check_assertions("def check(candidate):\n    x = [1]\n    assert candidate(x) == 1\n", "f") == ()
    assert check_assertions("def check(candidate:\n", "f") == ()


def test_listed_tests_and_the_name_they_call() -> None:
    tests = ["assert f(1, [2]) == (3,)", "assert math.isclose(f(1, 2), 3)", "x = f(1)\nassert x == 1"]
    first, second, third = listed_assertions(tests, "f")
    assert (first.arguments, first.expected) == ("(1, [2])", "(3,)")
    assert (second.arguments, second.expected) == ("(1, 2)", "")
    assert third == Assertion(text=tests[2])
    assert name_under_test("def g(): pass\ndef f(a, b): return g()\ndef h(): pass", tests) == "f"
    assert name_under_test("f = lambda a, b: 1", tests) == "f"
    assert name_under_test("class P: pass\ndef f(p): pass", ["assert f(P()) == 1"]) == "f"
    assert name_under_test("def other(): pass", tests) == ""
