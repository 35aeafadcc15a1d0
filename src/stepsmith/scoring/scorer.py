"""The scorer: it scores completions and returns the results in the same order, even if judging ends in another."""

import itertools
from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from types import TracebackType
from typing import Annotated, Literal, NamedTuple, Self

import msgspec
from msgspec import Meta

from stepsmith.core.errors import EndpointError, SandboxError
from stepsmith.core.records import Environment, Judgement, Problem, Record, TestCase, TestResult, Verdict
from stepsmith.envs import ENVIRONMENTS, Answer
from stepsmith.judge.protocol import Judge
from stepsmith.scoring.completion import Completion
from stepsmith.scoring.judge_health import GONE_AFTER, RETRIES, JudgeHealth
from stepsmith.scoring.outcome import Outcome, Status, judged
from stepsmith.scoring.rewards import REWARDS, Reward
from stepsmith.scoring.tests import TestSplit, all_tests

RewardName = Literal["binary", "x-coder", "fraction", "all-or-part", "stepped"]  # the keys of REWARDS


class RewardSettings(Record, frozen=True, kw_only=True):
    """Which reward function is used, for all environments or for each its own."""

    reward: RewardName = "binary"
    environments: dict[Environment, RewardName] = msgspec.field(default_factory=dict)
    mask_truncated: bool = False  # leave truncated completions out instead of treating them as wrong
    retries: Annotated[int, Meta(ge=0)] = RETRIES  # times an answer is judged again after an IE

    def for_environment(self, environment: Environment) -> Reward:
        """Return the reward of an environment."""
        return REWARDS[self.environments.get(environment, self.reward)]


class ScoredCompletion(Record, frozen=True, kw_only=True):
    """The score of one completion.

    ``reward`` is None if the completion must be left out: our own machinery failed (IE), or a setting masks it.

    >>> problem = st.load_problems("runs/first")[0]
    >>> (scored,) = st.score(problem, ["I give up."], reward="x-coder")
    >>> scored.status, scored.solved, scored.reward
    ('no-answer', False, -2.0)
    """

    problem_id: str
    environment: Environment
    status: Status
    reward: float | None
    verdict: Verdict | None = None  # on the rewarded tests; None unless judged
    passed: int = 0  # rewarded tests that passed
    tests: int = 0  # rewarded tests
    solved: bool = False  # every rewarded test passed
    passed_held_back: bool | None = None  # asked only if every rewarded test passed; never part of the reward
    failed_test: int | None = None  # number of the first test that failed, from 1
    message: str = ""  # the judge's message on that test, or the compiler's output
    stderr: str = ""  # the end of the program's stderr on that test

    @property
    def unjudged(self) -> bool:
        """True if our own machinery failed, so that the completion does not count at all."""
        return self.outcome.unjudged

    @property
    def outcome(self) -> Outcome:
        """The outcome, which the reward functions get."""
        return Outcome(self.status, self.verdict, self.passed, self.tests)


class ScoringRequest(NamedTuple):
    """One completion to score, with the tests that count."""

    problem: Problem
    completion: Completion
    tests: TestSplit


class _Judged(NamedTuple):
    """The judgement of an answer on the rewarded tests, and whether it passes the held-back ones (None: not run)."""

    judgement: Judgement
    passed_held_back: bool | None


class _Key(NamedTuple):
    """What a judgement depends on: the problem with its tests, the answer, and whether judging goes on to the end."""

    tests: TestSplit
    answer: Answer
    every_test: bool


Known = dict[_Key, _Judged]  # judgements that hold


class VerdictMemory:
    """The last ``most`` judgements of a scorer, so that an answer that comes again later is not judged again.

    Kept are only judgements that do not depend on the machine: none with a limit of time or memory, and no failure of
    our own machinery.
    """

    def __init__(self, most: int = 50_000) -> None:
        self.known: Known = {}
        self._most = most

    def keep(self, judged: Known) -> None:
        """Add judgements, and forget the oldest ones above the limit."""
        self.known |= {key: result for key, result in judged.items() if not _verdicts(result.judgement) & _UNSTEADY}
        for key in list(itertools.islice(self.known, max(0, len(self.known) - self._most))):
            del self.known[key]


_UNSTEADY = {Verdict.IE, Verdict.TLE, Verdict.MLE}  # another run may end otherwise


class Scorer:
    """Scores completions by a judge, ``workers`` answers at once. Usable as a context manager; the judge stays open.

    All completions for a problem are judged on the tests of its ``TestSplit``, and equal answers of a batch once, or
    once at all with a ``memory``. An answer that our own machinery failed on (IE) is judged again, and gets no score if
    that does not help.
    """

    def __init__(
        self,
        judge: Judge,
        rewards: RewardSettings | None = None,
        *,
        workers: int = 1,
        memory: VerdictMemory | None = None,
    ) -> None:
        self._judge, self._memory = judge, memory
        self.rewards = rewards or RewardSettings()
        self._health = JudgeHealth()
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="scorer") if workers > 1 else None

    def score(
        self,
        problem: Problem,
        completions: Sequence[Completion],
        tests: TestSplit | None = None,
        *,
        known: Known | None = None,
    ) -> list[ScoredCompletion]:
        """Score the completions of one problem and return the scores in their order; ``tests`` None: all tests.

        Answers in ``known`` are not judged again, and those that are judged are added to it: give the same dictionary
        for all batches of one problem. Raises what ``score_batch`` raises.
        """
        split = tests or all_tests(problem)
        return self.score_batch([ScoringRequest(problem, completion, split) for completion in completions], known)

    def score_batch(self, requests: Sequence[ScoringRequest], known: Known | None = None) -> list[ScoredCompletion]:
        """Score a batch; the result has one item for each request, in their order. For ``known`` see ``score``.

        Raises ``SandboxError`` if the judge has failed on too many answers in a row. Other errors of the judge, such as
        ``MachineError``, are passed on.
        """
        keys: list[_Key | None] = []
        todo: dict[_Key, ScoringRequest] = {}
        held = ChainMap(known or {}, self._memory.known if self._memory else {})
        for request in requests:
            environment = ENVIRONMENTS[request.problem.environment]
            completion = request.completion
            answer = None if completion.truncated else environment.parse(request.problem, completion.text)
            every_test = self.rewards.for_environment(request.problem.environment).every_test
            key = None if answer is None else _Key(request.tests, answer, every_test)
            keys.append(key)
            if key is not None and key not in held:
                todo.setdefault(key, request)
        fresh = self._judge_all(todo)
        results = {key: fresh.get(key) or held[key] for key in keys if key is not None}
        if known is not None:
            known |= {key: result for key, result in fresh.items() if not _failed(result.judgement)}
        if self._memory:
            self._memory.keep(fresh)
        if self._health.gone:
            last = next((r.judgement for r in reversed(list(fresh.values())) if _failed(r.judgement)), None)
            raise SandboxError(
                f"the judge failed on {GONE_AFTER} answers in a row ({_word(last)}); run `stepsmith doctor` and resume"
            )
        return [
            self._scored(request, None if key is None else results[key])
            for request, key in zip(requests, keys, strict=True)
        ]

    def close(self) -> None:
        """End the threads."""
        if self._threads:
            self._threads.shutdown(cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _judge_all(self, todo: Mapping[_Key, ScoringRequest]) -> dict[_Key, _Judged]:
        if self._threads is None:
            return {key: self._judged(request, key) for key, request in todo.items()}
        jobs = {key: self._threads.submit(self._judged, request, key) for key, request in todo.items()}
        with _cancelled(list(jobs.values())):
            return {key: job.result() for key, job in jobs.items()}

    def _judged(self, request: ScoringRequest, key: _Key) -> _Judged:
        """Judge on the rewarded tests; if all of them pass, on those held back."""
        problem, tests, answer = request.problem, request.tests, key.answer
        judgement = self._ask(problem, tests.rewarded, answer, stop_at_first_failure=not key.every_test)
        if not tests.held_back or judgement.verdict is not Verdict.AC:
            return _Judged(judgement, None)
        held_back = self._ask(problem, tests.held_back, answer, stop_at_first_failure=True)
        return _Judged(judgement, None if _failed(held_back) else held_back.verdict is Verdict.AC)

    def _ask(
        self, problem: Problem, tests: tuple[TestCase, ...], answer: Answer, *, stop_at_first_failure: bool
    ) -> Judgement:
        part = msgspec.structs.replace(problem, tests=tests)
        environment = ENVIRONMENTS[problem.environment]

        def judge() -> Judgement:
            try:
                return environment.judge(self._judge, part, answer, stop_at_first_failure=stop_at_first_failure)
            except (SandboxError, EndpointError, OSError) as error:  # our own failures: sandbox, server, network
                return Judgement(verdict=Verdict.IE, compile_output=str(error))

        return self._health.ask(judge, _failed, self.rewards.retries)

    def _scored(self, request: ScoringRequest, result: _Judged | None) -> ScoredCompletion:
        environment, truncated = request.problem.environment, request.completion.truncated
        outcome = Outcome("truncated" if truncated else "no-answer")
        failed_test, message, stderr = None, "", ""
        if result is not None:
            judgement = result.judgement
            outcome = judged(judgement.verdict, [test.verdict for test in judgement.tests], request.tests.results)
            if judgement.verdict is not Verdict.AC:
                first = next((k for k, test in enumerate(judgement.tests) if test.verdict is not Verdict.AC), None)
                failed_test = None if first is None else first + 1
                message = judgement.compile_output if first is None else judgement.tests[first].message
                stderr = "" if first is None else judgement.tests[first].stderr
        masked = truncated and self.rewards.mask_truncated
        return ScoredCompletion(
            problem_id=request.tests.problem_id,
            environment=environment,
            status=outcome.status,
            reward=None if masked else self.rewards.for_environment(environment).function(outcome),
            verdict=None if outcome.verdict is None else Verdict(outcome.verdict),
            passed=outcome.passed,
            tests=outcome.tests,
            solved=outcome.solved,
            passed_held_back=result.passed_held_back if result is not None else None,
            failed_test=failed_test,
            message=message,
            stderr=stderr,
        )


def _failed(judgement: Judgement) -> bool:
    """Return whether our own machinery failed somewhere in a judgement."""
    return Verdict.IE in _verdicts(judgement)


def _verdicts(judgement: Judgement) -> set[Verdict]:
    return {judgement.verdict, *(test.verdict for test in judgement.tests)}


def passing(problem: Problem, answer: Answer) -> Known:
    """Return what is known of an answer that has just passed all tests of a problem, such as the golden one."""
    tests = all_tests(problem)
    results = (TestResult(verdict=Verdict.AC),) * tests.results
    result = _Judged(Judgement(verdict=Verdict.AC, tests=results), None)
    return {_Key(tests, answer, every_test): result for every_test in (False, True)}


def _word(judgement: Judgement | None) -> str:
    if judgement is None:
        return "IE"
    said = [judgement.compile_output, *(test.message for test in judgement.tests if test.verdict is Verdict.IE)]
    return next(filter(None, said), "IE")


@contextmanager
def _cancelled(jobs: Sequence[Future[_Judged]]) -> Iterator[None]:
    """Cancel jobs that have not started if the block ends early."""
    try:
        yield
    finally:
        for job in jobs:
            job.cancel()
