"""Which of a problem's tests are rewarded and which are held back: by the problem alone, so alike for a whole group."""

from stepsmith.core.errors import ConfigError
from stepsmith.core.ids import derive_rng
from stepsmith.core.records import Contract, Problem, Record, TestCase
from stepsmith.envs.literals import canonical
from stepsmith.verify.formats.examples import find_examples


class TestSplit(Record, frozen=True, kw_only=True):
    """Tests by what they are for; each keeps the problem's order."""

    __test__ = False  # not a pytest class

    rewarded: tuple[TestCase, ...]
    held_back: tuple[TestCase, ...]
    results: int  # test results of a complete judgement on the rewarded tests
    shown: tuple[TestCase, ...] = ()  # the statement's own examples, when others are there to reward


def split_tests(problem: Problem, hold_back: float, seed: int, most: int | None = None) -> TestSplit:
    """Split the tests of a problem whose answers are programs; in other environments an answer is judged once, on all.

    Examples that the statement shows are not rewarded as long as there are others: printing them takes no thought.
    Of the hidden tests a share ``hold_back`` is held back, at least one where there are two. At most ``most`` are
    rewarded. The choice depends on the problem's id and ``seed``. Raises ``ConfigError`` for a problem without tests.
    """
    if problem.environment != "induction":
        return TestSplit(rewarded=problem.tests, held_back=(), results=1)
    if not problem.tests:
        raise ConfigError(f"problem {problem.id} ({problem.title}) has no tests, so nothing can be rewarded")
    examples = {_key(e.input, problem.contract) for e in find_examples(problem.statement, problem.contract)}
    hidden = [k for k, test in enumerate(problem.tests) if _key(test.input, problem.contract) not in examples]
    shown = [k for k in range(len(problem.tests)) if k not in set(hidden)] if hidden else []
    candidates = hidden or list(range(len(problem.tests)))
    order = derive_rng(seed, "tests", problem.id).sample(candidates, len(candidates))
    count = min(len(hidden) - 1, max(1, round(hold_back * len(hidden)))) if hidden and hold_back > 0 else 0
    held, rewarded = order[:count], order[count:][:most]

    def at(indices: list[int]) -> tuple[TestCase, ...]:
        return tuple(problem.tests[k] for k in sorted(indices))

    return TestSplit(rewarded=at(rewarded), held_back=at(held), shown=at(shown), results=len(rewarded))


def _key(text: str, contract: Contract) -> str:
    """An input's text up to layout."""
    if contract.interface == "function":
        return canonical(text.strip()) or text.strip()
    return " ".join(text.split())
