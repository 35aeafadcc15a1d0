"""What is counted over rollouts: held-back tests, and what the curriculum learns."""

import msgspec

from stepsmith.curriculum import Observation
from stepsmith.scoring.scorer import ScoredCompletion
from stepsmith.train.held_back import HeldBackMonitor
from stepsmith.train.rollouts import observations


def scores_of(passed: int, failed: int, problem_id: str = "p") -> list[ScoredCompletion]:
    one = ScoredCompletion(problem_id=problem_id, environment="induction", status="judged", reward=1.0, solved=True)
    ok, bad = (msgspec.structs.replace(one, passed_held_back=value) for value in (True, False))
    return [*[ok] * passed, *[bad] * failed, one]


def test_a_gap_is_flagged_by_its_interval() -> None:
    watch = HeldBackMonitor(tolerance=0.05)
    assert not watch.report().suspicious
    watch.observe(scores_of(97, 3))
    honest = watch.report()
    assert (honest.passed, honest.failed, honest.gap) == (100, 3, 0.03)
    assert not honest.suspicious
    assert not honest.jump
    watch.observe([*scores_of(10, 10, "hacked"), *scores_of(20, 2, "rare")])
    hacked = watch.report()
    assert hacked.jump
    assert hacked.suspicious
    assert hacked.problems == ("hacked",)
    assert not watch.report().jump  # nothing new


def test_observations_count_what_was_scored() -> None:
    one = ScoredCompletion(problem_id="a", environment="induction", status="judged", reward=0.0)
    solved = msgspec.structs.replace(one, reward=1.0, solved=True)
    masked = msgspec.structs.replace(one, reward=None)
    other = msgspec.structs.replace(one, problem_id="b", reward=None)
    assert observations([solved, one, masked, other, solved]) == [
        Observation(problem_id="a", passes=2, attempts=3),
        Observation(problem_id="b", passes=0, attempts=0),
    ]
