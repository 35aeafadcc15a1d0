"""Grading rollouts: (problem, reply) pairs in, rewards out, in the same order whatever order judging ends in."""

from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Annotated, Self

import msgspec
from msgspec import Meta

from stepsmith.core.errors import EndpointError, SandboxError
from stepsmith.core.records import Environment, Judgement, Problem, Record, TestCase, Verdict
from stepsmith.curriculum import Observation
from stepsmith.envs import ENVIRONMENTS, Answer
from stepsmith.judge.protocol import Judge
from stepsmith.train.rewards import Outcome, RewardSettings, Status, passed, passed_all, unjudged
from stepsmith.train.splitting import TestSplit, split_tests

GONE = 16  # answers in a row that could not be judged, after which the judge is taken to be gone


class Reply(Record, frozen=True, kw_only=True):
    """What a policy wrote; ``truncated`` when it was cut off at the length limit."""

    text: str
    truncated: bool = False


class GradingSettings(Record, frozen=True, kw_only=True):
    """What is rewarded and how carefully. Our choices, but for the rewards themselves."""

    rewards: RewardSettings = RewardSettings()
    hold_back: Annotated[float, Meta(ge=0, lt=1)] = 0.25  # share of the hidden tests that is never rewarded
    most_tests: Annotated[int, Meta(ge=1)] | None = None  # rewarded tests per problem, at most
    retries: Annotated[int, Meta(ge=0)] = 2  # times an answer is judged again after an IE
    seed: int = 0  # of the choice of held-back tests


class Grade(Record, frozen=True, kw_only=True):
    """The grade of one reply. ``reward`` None: leave it out; our machinery failed, or a setting masks it."""

    problem_id: str
    environment: Environment
    status: Status
    reward: float | None
    verdict: Verdict | None = None  # on the rewarded tests; None unless judged
    passed: int = 0  # rewarded tests
    tests: int = 0
    solved: bool = False  # every rewarded test passed
    passed_held_back: bool | None = None  # asked only of what passed every rewarded test; never part of the reward


class Grader:
    """Grades batches over a judge, ``workers`` answers at once. Usable as a context manager; the judge stays open.

    All replies to a problem are judged on the same tests. Equal answers of a batch are judged once.
    """

    def __init__(self, judge: Judge, settings: GradingSettings | None = None, *, workers: int = 1) -> None:
        self._judge = judge
        self.settings = settings or GradingSettings()
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="grader")
        self._splits: dict[str, TestSplit] = {}
        self._failed_in_a_row = 0

    def grade(self, batch: Sequence[tuple[Problem, Reply]]) -> list[Grade]:
        """Return the grades of a batch, one for each pair, in their order.

        An answer that could not be judged after retries has no reward. Raises ``SandboxError`` once ``GONE`` answers in
        a row could not be: training on nothing is worse than stopping. What else a judge raises is passed on.
        """
        ids = {key: problem.id for key, problem in {id(problem): problem for problem, _ in batch}.items()}
        jobs: dict[tuple[str, Answer], Future[tuple[Judgement, bool | None]]] = {}
        keys: list[tuple[str, Answer | None]] = []
        try:
            for problem, reply in batch:
                problem_id = ids[id(problem)]  # a hash over all of it: computed once per problem, not per reply
                answer = None if reply.truncated else ENVIRONMENTS[problem.environment].parse(problem, reply.text)
                keys.append((problem_id, answer))
                if answer is not None and (problem_id, answer) not in jobs:
                    split = self._split(problem, problem_id)
                    jobs[problem_id, answer] = self._threads.submit(self._judged, problem, split, answer)
            results = {key: job.result() for key, job in jobs.items()}
        finally:
            for job in jobs.values():
                job.cancel()
        self._count_failures(judgement for judgement, _ in results.values())
        return [
            self._grade(problem, problem_id, reply, None if answer is None else results[problem_id, answer])
            for (problem, reply), (problem_id, answer) in zip(batch, keys, strict=True)
        ]

    def split(self, problem: Problem) -> TestSplit:
        """Return which tests of a problem are rewarded and which are held back."""
        return self._split(problem, problem.id)

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _grade(
        self, problem: Problem, problem_id: str, reply: Reply, result: tuple[Judgement, bool | None] | None
    ) -> Grade:
        rewards = self.settings.rewards
        status: Status = "truncated" if reply.truncated else "no-answer" if result is None else "judged"
        judgement, held_back = result if result is not None else (None, None)
        tests = self._split(problem, problem_id).results if judgement is not None else 0
        outcome = Outcome(status=status, judgement=judgement, tests=tests)
        masked = reply.truncated and rewards.mask_truncated
        return Grade(
            problem_id=problem_id,
            environment=problem.environment,
            status=status,
            reward=None if masked else rewards.for_environment(problem.environment).function(outcome),
            verdict=judgement.verdict if judgement is not None else None,
            passed=passed(outcome),
            tests=tests,
            solved=passed_all(outcome),
            passed_held_back=held_back,
        )

    def _judged(self, problem: Problem, split: TestSplit, answer: Answer) -> tuple[Judgement, bool | None]:
        """Judge on the rewarded tests, and what passes them on those held back (None where it was not asked)."""
        every_test = self.settings.rewards.for_environment(problem.environment).every_test
        judgement = self._ask(problem, split.rewarded, answer, stop_at_first_failure=not every_test)
        if not split.held_back or judgement.verdict is not Verdict.AC:
            return judgement, None
        held_back = self._ask(problem, split.held_back, answer, stop_at_first_failure=True)
        return judgement, None if _internal(held_back) else held_back.verdict is Verdict.AC

    def _ask(
        self, problem: Problem, tests: tuple[TestCase, ...], answer: Answer, *, stop_at_first_failure: bool
    ) -> Judgement:
        """Judge on some tests, again where our own machinery fails."""
        part = msgspec.structs.replace(problem, tests=tests)
        for _ in range(1 + self.settings.retries):
            try:
                judgement = ENVIRONMENTS[problem.environment].judge(
                    self._judge, part, answer, stop_at_first_failure=stop_at_first_failure
                )
            except (SandboxError, EndpointError, OSError) as error:  # ours: a sandbox, a server, the way to it
                judgement = Judgement(verdict=Verdict.IE, compile_output=str(error))
            if not _internal(judgement):
                break
        return judgement

    def _split(self, problem: Problem, problem_id: str) -> TestSplit:
        if problem_id not in self._splits:
            chosen = self.settings
            self._splits[problem_id] = split_tests(problem, chosen.hold_back, chosen.seed, chosen.most_tests)
        return self._splits[problem_id]

    def _count_failures(self, judgements: Iterable[Judgement]) -> None:
        for judgement in judgements:
            self._failed_in_a_row = self._failed_in_a_row + 1 if _internal(judgement) else 0
            if self._failed_in_a_row >= GONE:
                raise SandboxError(
                    f"the judge failed on {GONE} answers in a row ({judgement.compile_output or 'IE'}); "
                    "see that it runs, then resume from the last checkpoint"
                )


def observations(grades: Iterable[Grade]) -> list[Observation]:
    """Return what a batch says of each problem's pass rate, in order of first appearance; masked samples left out."""
    counts: dict[str, list[int]] = {}
    for grade in grades:
        count = counts.setdefault(grade.problem_id, [0, 0])
        if grade.reward is not None:
            count[0] += grade.solved
            count[1] += 1
    return [Observation(problem_id=i, passes=passes, attempts=attempts) for i, (passes, attempts) in counts.items()]


def _internal(judgement: Judgement) -> bool:
    return unjudged(Outcome(status="judged", judgement=judgement, tests=1))
