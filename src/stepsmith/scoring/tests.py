"""Which of a problem's tests are rewarded and which are held back: decided once, when a pool of problems is loaded."""

from typing import Annotated

from msgspec import Meta

from stepsmith.core.errors import ConfigError
from stepsmith.core.ids import derive_rng
from stepsmith.core.records import Problem, Record, TestCase


class SplitSettings(Record, frozen=True, kw_only=True):
    """How tests are split. Our choices."""

    hold_back: Annotated[float, Meta(ge=0, lt=1)] = 0.25  # share of the hidden tests that is never rewarded
    most_tests: Annotated[int, Meta(ge=1)] | None = None  # most rewarded tests per problem
    seed: int = 0  # seed of the choice of held-back tests


class TestSplit(Record, frozen=True, kw_only=True):
    """The tests of one problem by their use; each group keeps the problem's order."""

    __test__ = False  # not a pytest class

    problem_id: str
    rewarded: tuple[TestCase, ...]
    held_back: tuple[TestCase, ...] = ()
    results: int  # test results of a complete judgement on the rewarded tests
    shown: tuple[TestCase, ...] = ()  # the statement's worked examples, when other tests can be rewarded


def all_tests(problem: Problem) -> TestSplit:
    """Reward every test and hold nothing back: for rating problems and for evaluation."""
    results = len(problem.tests) if problem.environment == "induction" else 1
    return TestSplit(problem_id=problem.id, rewarded=problem.tests, results=results)


def split_tests(problem: Problem, settings: SplitSettings) -> TestSplit:
    """Split the tests of an induction problem. In other environments no test is held back.

    Worked examples are not rewarded if there are other tests, because a program can simply print them. Of the hidden
    tests a share ``hold_back`` is held back, at least one if there are two. At most ``most_tests`` are rewarded. The
    choice depends only on the problem's id and the seed, so it is the same for every completion of a group. Raises
    ``ConfigError`` for a problem without tests.
    """
    if problem.environment != "induction":
        return all_tests(problem)
    if not problem.tests:
        raise ConfigError(f"problem {problem.id} ({problem.title}) has no tests, so nothing can be rewarded")
    problem_id = problem.id
    examples = {example.input for example in problem.examples}
    hidden = [k for k, test in enumerate(problem.tests) if test.input not in examples]
    shown = [k for k in range(len(problem.tests)) if k not in set(hidden)] if hidden else []
    candidates = hidden or list(range(len(problem.tests)))
    order = derive_rng(settings.seed, "tests", problem_id).sample(candidates, len(candidates))
    share = settings.hold_back
    count = min(len(hidden) - 1, max(1, round(share * len(hidden)))) if hidden and share > 0 else 0
    held, rewarded = order[:count], order[count:][: settings.most_tests]

    def at(indices: list[int]) -> tuple[TestCase, ...]:
        return tuple(problem.tests[k] for k in sorted(indices))

    return TestSplit(
        problem_id=problem_id, rewarded=at(rewarded), held_back=at(held), shown=at(shown), results=len(rewarded)
    )
