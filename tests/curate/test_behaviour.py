"""What programs do, in the judge."""

import msgspec
import pytest

from stepsmith.core.records import Checker, Contract, Problem, Solution, TestCase
from stepsmith.curate.behaviour import passed_items, same_behaviour
from stepsmith.curate.benchmark_items import BenchmarkItem
from stepsmith.judge.local import LocalJudge
from tests.curate.problems import made

GAP = BenchmarkItem(
    name="Bench/7",
    program="def gap(a, b):\n    return abs(a - b) * a\n",
    entry_point="gap",
    checks="".join(
        f"assert candidate({a}, {b}) == {abs(a - b) * a}\n" for a, b in ((3, 1), (1, 5), (2, 2), (0, 4), (9, 8))
    ),
)


def function(code: str, name: str, inputs: list[tuple[object, ...]]) -> Problem:
    """A problem whose tests are made by its own golden program."""
    space: dict[str, object] = {}
    exec(code, space)
    tests = [TestCase(input=repr(args), output=repr(space[name](*args))) for args in inputs]  # type: ignore[operator]
    problem = made(("A story.", code), tests=tests)
    contract = msgspec.structs.replace(problem.contract, entry_point=name)
    return msgspec.structs.replace(problem, contract=contract)


INPUTS: list[tuple[object, ...]] = [(3, 1), (1, 5), (2, 2), (7, -2), (0, 4), (-3, -9)]
MINE = function("def f(a, b):\n    return abs(a - b) * a\n", "f", INPUTS)
TURNED = function(
    "def g(y, x):\n    d = x - y if x > y else y - x\n    return d * x\n", "g", [(b, a) for a, b in INPUTS]
)
OTHER = function("def f(a, b):\n    return abs(a - b) * b\n", "f", INPUTS)
BRITTLE = function("def f(a, b):\n    assert a < 3\n    return abs(a - b) * a\n", "f", [(1, k) for k in range(5)])
CONSTANT = function("def f(a, b):\n    return 0\n", "f", INPUTS)


def test_programs_that_do_the_same_with_arguments_turned(judge: LocalJudge) -> None:
    found = same_behaviour(judge, MINE, TURNED)
    assert found.alike == "same"
    assert "on 6 inputs, arguments in another order" in found.evidence


@pytest.mark.parametrize(
    ("other", "alike"), [(BRITTLE, "differ"), (CONSTANT, "unsure")], ids=["fails on an input", "proves nothing"]
)
def test_programs_that_are_not_the_same(judge: LocalJudge, other: Problem, alike: str) -> None:
    assert same_behaviour(judge, MINE, other).alike == alike


def test_turned_arguments_are_no_excuse(judge: LocalJudge) -> None:
    """``|a - b| b`` is ``|a - b| a`` with its arguments turned: the same problem, told from the other side."""
    assert same_behaviour(judge, MINE, OTHER).alike == "same"
    third = function("def f(a, b):\n    return abs(a - b) + a\n", "f", INPUTS)
    found = same_behaviour(judge, MINE, third)
    assert (found.alike, found.evidence) == ("differ", "they differ on (3, 1)")


def test_other_interfaces_and_environments_are_not_compared(judge: LocalJudge) -> None:
    abduction = msgspec.structs.replace(MINE, environment="abduction")
    assert same_behaviour(judge, MINE, abduction).alike == "unsure"


def test_a_golden_program_that_passes_an_item(judge: LocalJudge) -> None:
    others = [
        BenchmarkItem(name="Bench/1", checks="while True:\n    pass\n"),
        BenchmarkItem(name="Bench/2", checks="assert candidate(3, 1) == 7\n"),
        BenchmarkItem(name="Bench/3", checks="import os\nos._exit(0)\n"),
        BenchmarkItem(name="Bench/4"),
    ]
    (found,) = passed_items(judge, MINE, [*others, GAP])
    assert found[0] == GAP
    assert found[1] == "the golden program passes the 5 checks of Bench/7"
    ((_, shown),) = passed_items(judge, TURNED, [GAP])
    assert shown == "the golden program passes the 5 checks of Bench/7 with its arguments in the order 2, 1"


def test_one_check_is_not_enough(judge: LocalJudge) -> None:
    item = msgspec.structs.replace(GAP, checks="assert candidate(3, 1) == 6\n")
    ((_, shown),) = passed_items(judge, MINE, [item])
    assert shown.endswith("the item's program passes 6 tests of the problem")
    by_chance = function("def f(a, b):\n    return a * 2\n", "f", INPUTS)
    assert passed_items(judge, by_chance, [item]) == []


def test_cases_on_standard_input(judge: LocalJudge) -> None:
    problem = msgspec.structs.replace(
        made(("Double.", "print(2 * int(input()))\n")), contract=Contract(interface="stdio", checker=Checker())
    )
    item = BenchmarkItem(name="lcb/1", cases=(("4", "8"), ("5", "10")))
    ((_, shown),) = passed_items(judge, problem, [item, BenchmarkItem(name="lcb/2", cases=(("4", "9"), ("5", "10")))])
    assert shown == "the golden program passes the 2 public tests of lcb/1"
    cpp = msgspec.structs.replace(problem, golden=Solution(language="cpp", code="int main() {}"))
    assert passed_items(judge, cpp, [item]) == []
