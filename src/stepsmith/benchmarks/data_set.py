"""Our own problems as a benchmark: the folder of a data set, or JSON Lines or Parquet rows of its schema."""

from collections.abc import Iterable, Sequence

import msgspec

from stepsmith.benchmarks.benchmark import DataFile
from stepsmith.benchmarks.harness import HarnessSettings
from stepsmith.benchmarks.problem import BenchmarkProblem
from stepsmith.benchmarks.rows import PlacedRow
from stepsmith.benchmarks.verdict import Outcome, SampleVerdict
from stepsmith.core.errors import CaseError, StoreError
from stepsmith.core.records import Problem, Verdict
from stepsmith.envs import ENVIRONMENTS
from stepsmith.judge.protocol import Judge
from stepsmith.scoring.completion import Completion
from stepsmith.scoring.scorer import ScoredCompletion, Scorer
from stepsmith.scoring.tests import all_tests
from stepsmith.store.dataset import row_problem

_OUTCOMES: dict[Verdict, Outcome] = {
    Verdict.AC: "passed", Verdict.WA: "wrong answer", Verdict.TLE: "time limit", Verdict.MLE: "memory limit",
    Verdict.OLE: "crash", Verdict.RTE: "crash", Verdict.CE: "syntax", Verdict.IE: "not judged",
}  # fmt: skip


class DataSet:
    """Problems of ``stepsmith synth``. Samples are replies; ``scoring`` reads and judges them, on all tests."""

    name = "data-set"
    title = "a data set of Stepsmith"
    extraction = "official"
    limits = "those of each problem"
    files: Sequence[DataFile] = ()

    def read(self, rows: Iterable[PlacedRow]) -> list[BenchmarkProblem]:
        """Return the problems of a data set's rows. Raises ``CaseError`` for rows of another schema."""
        return [_problem(row) for row in rows]

    def prompt(self, problem: BenchmarkProblem) -> str:
        """Return what the problem's environment asks."""
        return problem.prompt

    def program(self, problem: BenchmarkProblem, completion: str) -> str:
        """Return the completion: replies are read when they are judged."""
        return completion

    def judge(
        self, judge: Judge, problem: BenchmarkProblem, answers: Sequence[str], harness: HarnessSettings
    ) -> list[SampleVerdict]:
        """Judge replies as in rating, training and rewards: by ``scoring``."""
        whole = msgspec.json.decode(dict(problem.details)["problem"], type=Problem)
        with Scorer(judge) as scorer:
            scored = scorer.score(whole, [Completion(text=answer) for answer in answers], all_tests(whole))
        return [_verdict(whole, one) for one in scored]


def _problem(placed: PlacedRow) -> BenchmarkProblem:
    try:
        problem = row_problem(placed.row)
    except (KeyError, TypeError, StoreError, msgspec.ValidationError) as error:
        raise CaseError(f"{placed.place}: not a row of a data set of Stepsmith ({error})") from None
    band = problem.pass_rate.claimed_band if problem.pass_rate else ""
    return BenchmarkProblem(
        task_id=problem.id,
        prompt=ENVIRONMENTS[problem.environment].render(problem),
        statement=problem.statement,
        entry_point=problem.contract.entry_point or "",
        reference=problem.golden.code,
        tests=problem.tests,
        interface=problem.contract.interface,
        language=problem.golden.language,
        difficulty=band,
        features=tuple(dict.fromkeys(use.name for use in problem.features)),
        environment=problem.environment,
        details=(("problem", msgspec.json.encode(problem).decode()),),
    )


def _verdict(problem: Problem, scored: ScoredCompletion) -> SampleVerdict:
    if scored.status == "no-answer":
        return SampleVerdict(outcome="no code")
    outcome = _OUTCOMES[scored.verdict] if scored.verdict is not None else "not judged"
    failed = ""
    if scored.failed_test is not None and problem.environment == "induction":
        failed = problem.tests[scored.failed_test - 1].input[:300]
    return SampleVerdict(outcome=outcome, message=scored.message or scored.stderr[-300:], failed_test=failed)
