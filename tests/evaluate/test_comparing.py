"""Two scores that may be compared, and many that must not."""

import msgspec
import pytest

from stepsmith.evaluate.comparing import compare, doubts, obstacles
from stepsmith.evaluate.evaluation import Conditions
from tests.evaluate.test_metrics import sample

BASE = Conditions(
    benchmark="humaneval", title="HumanEval", release="r", problems=164, data_sha256="s", problems_id="p",
    scored_id="t", samples_per_problem="10", model="A", sampling={"temperature": "0.2"}, prompt_hash="h",
    extraction="official", rules="1", limits="3 s", isolation="L3", time_factor=1.0, recursion_limit=987,
    machine="m", versions={"python": "3.11"}, date="2026-01-01",
)  # fmt: skip


def changed(**changes: object) -> Conditions:
    return msgspec.structs.replace(BASE, **changes)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"release": "v6"}, "the release of the benchmark (r against v6)"),
        ({"window": "2024-10 to 2025-01"}, "the window of dates (all against 2024-10 to 2025-01)"),
        ({"problems": 454}, "the number of problems (164 against 454)"),
        ({"problems_id": "q"}, "the problems themselves (p against q)"),
        ({"scored_id": "u"}, "which problems have samples (t against u)"),
        ({"samples_per_problem": "1"}, "the number of samples per problem (10 against 1)"),
        ({"extraction": "evalplus"}, "the rule by which answers are extracted (official against evalplus)"),
        ({"isolation": "L0"}, "the isolation (L3 against L0)"),
        ({"limits": "10 s"}, "the limits (3 s against 10 s)"),
        ({"prompt_hash": "i"}, "the prompts (h against i)"),
        ({"sampling": {"temperature": "0.8"}}, "sampling: temperature (0.2 against 0.8)"),
        ({"sampling": {"temperature": "0.2", "top_p": "1"}}, "sampling: top_p (not set against 1)"),
    ],
)
def test_what_must_not_be_compared(change: dict[str, object], said: str) -> None:
    assert obstacles(BASE, changed(**change)) == [said]


def test_what_may_be_compared() -> None:
    other = changed(model="B", machine="other", date="2027", time_factor=2.0, data_sha256="x")
    assert obstacles(BASE, other) == []
    assert doubts(BASE, other) == []
    unknown = changed(prompt_hash="unknown", sampling={}, versions={"python": "3.13"})
    assert obstacles(BASE, unknown) == []
    assert len(doubts(BASE, unknown)) == 3


def test_the_difference_is_paired_by_problem() -> None:
    first = [
        sample(task, 0, "passed" if passed else "crash") for task, passed in zip("abcd", (1, 0, 0, 1), strict=True)
    ]
    second = [
        sample(task, 0, "passed" if passed else "crash") for task, passed in zip("abcd", (1, 1, 1, 0), strict=True)
    ]
    found = compare((BASE, first), (changed(model="B"), second))
    assert (found.first, found.second) == (0.5, 0.75)
    assert (found.test.mean, found.test.positive, found.test.negative) == (0.25, 2, 1)
    assert found.flipped == [("b", 0.0, 1.0), ("c", 0.0, 1.0), ("d", 1.0, 0.0)]
