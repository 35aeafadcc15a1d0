"""What a scorer that compares outputs as they are can be given."""

import msgspec
import pytest

from stepsmith.core.records import Checker, Contract, Problem, TestCase
from stepsmith.exports.plain import PlainTest, not_plain, plain_tests
from tests.envs.test_environments import PROBLEMS
from tests.exports.exported import a_checked_problem
from tests.records import a_problem


def a_function(given: str, output: str) -> Problem:
    return a_problem(tests=(TestCase(input=given, output=output),))


def a_stdio(checker: Checker) -> Problem:
    return msgspec.structs.replace(PROBLEMS["stdio"], contract=Contract(interface="stdio", checker=checker))


def test_functions_become_json_values() -> None:
    problem = a_function("([1, -2], 'ü', True, None)", "([1], 'a')")
    assert not_plain(problem) is None
    assert plain_tests(problem, problem.tests) == [PlainTest('[1, -2]\n"\\u00fc"\ntrue\nnull', '[[1], "a"]')]


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        (PROBLEMS["stdio"], None),
        (PROBLEMS["induction"], None),
        (PROBLEMS["deduction"], "its answer is a value"),
        (PROBLEMS["fuzzing"], "its answer is a value"),
        (a_checked_problem(), "a checker program of its own decides"),
        (a_stdio(Checker(name="exact")), None),
        (a_stdio(Checker(name="tokens", flags=("case_sensitive",))), None),
        (a_stdio(Checker(name="float:1e-6")), "accepts more than one output"),
        (a_stdio(Checker(name="tokens", flags=("float_tolerance", "1e-6"))), "accepts more than one output"),
        (a_stdio(Checker(name="unordered")), "accepts more than one output"),
        (a_stdio(Checker(name="literal")), "compared as values"),
        (a_function("(1.5,)", "1"), None),
        (a_function("(1,)", "1.5"), "an output holds a float"),
        (a_function("({1, 2},)", "1"), "a set, which JSON does not have"),
        (a_function("([(1, 2)],)", "1"), "a tuple, which JSON does not have"),
        (a_function("({1: 2},)", "1"), "a dict, which JSON does not have"),
        (a_function("({'a': [2]},)", "{'b': 1}"), None),
        (a_function("{'nums': [1]}", "1"), "its arguments have names"),
        (a_function("(inf,)", "1"), "no plain literal"),
    ],
)
def test_what_would_be_judged_wrongly_is_refused(problem: Problem, reason: str | None) -> None:
    said = not_plain(problem)
    assert said == reason if reason is None else reason in (said or "")
