"""Which tests are rewarded, held back, or shown in the statement."""

import msgspec
import pytest

from stepsmith.core.errors import ConfigError
from stepsmith.scoring.tests import SplitSettings, all_tests, split_tests
from tests.envs.test_environments import PROBLEMS
from tests.records import a_problem
from tests.scoring.scripted import counting


@pytest.mark.parametrize("hold_back", [0.0, 0.25, 0.9])
def test_tests_are_split_without_loss(hold_back: float) -> None:
    problem = a_problem()
    split = split_tests(problem, SplitSettings(hold_back=hold_back))
    assert {test.input for test in split.shown} == {"([1, 2],)", "([4],)"}  # the recorded examples
    assert len(split.held_back) == {0.0: 0, 0.25: 1, 0.9: 4}[hold_back]
    assert sorted((*split.shown, *split.rewarded, *split.held_back), key=problem.tests.index) == list(problem.tests)
    assert split.results == len(split.rewarded)
    assert split == split_tests(a_problem(), SplitSettings(hold_back=hold_back))


def test_the_split_depends_on_problem_and_seed() -> None:
    held = {
        split_tests(counting(number), SplitSettings(seed=seed)).held_back for number in range(4) for seed in range(4)
    }
    assert len(held) > 6


def test_where_the_statement_shows_every_test_they_are_rewarded() -> None:
    problem = msgspec.structs.replace(a_problem(), tests=a_problem().tests[:2])
    split = split_tests(problem, SplitSettings(hold_back=0.5))
    assert split.rewarded == problem.tests
    assert not split.held_back


def test_without_tests_nothing_can_be_rewarded() -> None:
    with pytest.raises(ConfigError, match="has no tests"):
        split_tests(counting(0, tests=0), SplitSettings())


@pytest.mark.parametrize("name", PROBLEMS)
def test_rating_and_evaluation_use_every_test(name: str) -> None:
    problem = PROBLEMS[name]
    tests = all_tests(problem)
    assert (tests.problem_id, tests.rewarded, tests.held_back) == (problem.id, problem.tests, ())
    assert tests.results == (len(problem.tests) if problem.environment == "induction" else 1)
