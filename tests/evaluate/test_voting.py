"""One sample chosen by what the samples return."""

from stepsmith.benchmarks.problem import Assertion, BenchmarkProblem
from stepsmith.evaluate.voting import Ballot, VoteScore, ballot_of, vote_score
from stepsmith.judge.local import LocalJudge
from tests.evaluate.test_metrics import sample

PROBLEM = BenchmarkProblem(
    task_id="a", prompt="", statement="Double x.", entry_point="f",
    assertions=tuple(Assertion(text="", arguments=f"({k},)") for k in (1, 2, 5, 7)),
)  # fmt: skip
ANSWERS = [
    "def f(x): return x", "def f(x):\n    return x + x", None, "def f(x):\n    return 2 * x", "def f(x): return 1 / 0",
    "def f(x):\n    y = x\n    return y + x", "def f(x): return 1 / 0 + 1",
]  # fmt: skip


def test_the_majority_is_of_behaviour(judge: LocalJudge) -> None:
    ballot = ballot_of(PROBLEM, ANSWERS, judge)
    assert ballot is not None
    assert ballot.majority == 1
    assert ballot.best in (1, 3, 5)


def test_where_there_is_nothing_to_go_by(judge: LocalJudge) -> None:
    assert ballot_of(PROBLEM, ["def f(x): return x", None], judge) is None
    assert ballot_of(BenchmarkProblem(task_id="a", prompt="", entry_point="f"), ANSWERS, judge) is None


def test_the_score_is_of_the_chosen_samples() -> None:
    scored = [sample("a", 0, "crash"), sample("a", 1, "passed"), sample("b", 0, "crash"), sample("b", 1, "crash")]
    ballots = {"a": Ballot(majority=0, best=1), "b": Ballot(majority=0, best=1)}
    assert vote_score(ballots, scored) == VoteScore(problems=2, majority=0.0, best=0.5)
    assert vote_score({}, scored) is None
