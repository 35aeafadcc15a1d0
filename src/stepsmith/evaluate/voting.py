"""One answer chosen out of many without looking at the verdicts: by majority of behaviour, and by our verification."""

from collections.abc import Mapping, Sequence

from stepsmith.benchmarks.problem import BenchmarkProblem
from stepsmith.core.records import Checker, Contract, Limits, Record, Solution
from stepsmith.evaluate.scoring import ScoredSample
from stepsmith.judge.protocol import Judge
from stepsmith.verify.labels.behaviour import behaviours
from stepsmith.verify.labels.consensus import verify_consensus
from stepsmith.verify.matrix import ExecutionMatrix

MOST_INPUTS = 12  # of a problem on which its samples run
TIME_S = 3.0


class VoteScore(Record, frozen=True, kw_only=True):
    """The share of problems whose chosen sample passes.

    ``majority`` takes a sample of the largest group that does the same on the problem's inputs, ``best`` the one that
    ``verify``'s consensus selects. ``problems`` are those that have inputs and at least two samples.
    """

    problems: int
    majority: float
    best: float


class Ballot(Record, frozen=True, kw_only=True):
    """The samples that were chosen for one problem, by number."""

    majority: int
    best: int


def vote_score(ballots: Mapping[str, Ballot], scored: Sequence[ScoredSample]) -> VoteScore | None:
    """Return the score of the chosen samples; None if nothing was chosen."""
    if not ballots:
        return None
    passed = {(sample.task_id, sample.number): sample.passed for sample in scored}
    n = len(ballots)
    return VoteScore(
        problems=n,
        majority=sum(passed[task_id, ballot.majority] for task_id, ballot in ballots.items()) / n,
        best=sum(passed[task_id, ballot.best] for task_id, ballot in ballots.items()) / n,
    )


def ballot_of(
    problem: BenchmarkProblem, answers: Sequence[str | None], judge: Judge, time_factor: float = 1.0
) -> Ballot | None:
    """Choose among the answers to a function problem by what they return; None where there is nothing to go by.

    Only inputs of the benchmark are used, and no expected output.
    """
    inputs = _inputs(problem)
    numbers = [number for number, answer in enumerate(answers) if answer is not None]
    if problem.interface != "function" or not problem.entry_point or not inputs or len(numbers) < 2:
        return None
    contract = Contract(
        interface="function",
        entry_point=problem.entry_point,
        limits=Limits(time_s=TIME_S * time_factor, memory_mb=1024),
        checker=Checker(name="literal"),
    )
    solutions = [Solution(language="python", code=answers[number] or "") for number in numbers]
    matrix = ExecutionMatrix(judge, contract, solutions, inputs)
    working = [group for group in behaviours(matrix, ()) if any(answer is not None for answer in group.answers)]
    majority = max(working, key=lambda group: len(group.members)).members[0] if working else 0
    golden = verify_consensus(matrix, statement=problem.statement).golden
    return Ballot(majority=numbers[majority], best=numbers[majority if golden is None else golden])


def _inputs(problem: BenchmarkProblem) -> list[str]:
    """Return different inputs of a problem, spread over all that it has."""
    known = problem.inputs or tuple(one.arguments for one in problem.assertions if one.arguments)
    different = list(dict.fromkeys(known))
    step = max(1, len(different) // MOST_INPUTS)
    return different[::step][:MOST_INPUTS]
