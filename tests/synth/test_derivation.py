"""The test that a value environment shows is worth a thought where the problem has such a test."""

import random

from stepsmith.core.records import Solution, TestCase, WrongSolution
from stepsmith.synth.derivation import MAX_SHOWN, abduction, deduction, shown_test
from tests.records import a_problem


def problem(*pairs: tuple[str, str]):
    return a_problem(tests=tuple(TestCase(input=given, output=output, kind="nominal") for given, output in pairs))


def killed(*tests: int) -> list[WrongSolution]:
    wrong = Solution(language="python", code="def even_sum(nums):\n    return 0\n")
    return [WrongSolution(solution=wrong, killed_by=test, origin="mutant: sums nothing") for test in tests]


def shown(base, wrong=()) -> set[int | None]:
    return {shown_test(base, wrong, random.Random(seed)) for seed in range(30)}


def test_a_telling_test_with_an_output_to_think_about_is_shown() -> None:
    base = problem(("([],)", "0"), ("([4],)", "4"), ("([6],)", "6"), ("([3],)", "0"))
    assert shown(base) == {1, 2}
    assert shown(base, killed(0, 2)) == {2}
    assert shown(base, killed(0)) == {1, 2}  # the other mutants are killed by a test that anybody guesses


def test_what_fits_on_a_line_comes_first() -> None:
    long = f"([{', '.join(['7'] * MAX_SHOWN)}],)"
    assert shown(problem(("([3],)", "0"), (long, "12"))) == {0}
    assert shown(problem((long, "12"))) == {None}


def test_the_task_holds_the_shown_test() -> None:
    base = problem(("([],)", "0"), ("([4, 3],)", "4"))
    for derive in (abduction, deduction):
        derived = derive(base, killed(1), random.Random(1))
        assert derived is not None
        assert [test.input for test in derived.tests] == ["([4, 3],)"]
        assert [w.killed_by for w in derived.wrong] == [0]
        assert derived.examples == ()
