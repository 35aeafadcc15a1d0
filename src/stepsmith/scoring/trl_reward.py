"""A reward function for TRL: ``GRPOTrainer(reward_funcs=RewardFunction(problems), ...)``. Needs no torch itself."""

import os
import threading
from collections.abc import Collection, Iterable, Sequence
from types import TracebackType
from typing import Self

from stepsmith.core.errors import ConfigError, MachineError
from stepsmith.core.records import Problem
from stepsmith.envs import ENVIRONMENTS
from stepsmith.judge.local import LocalJudge
from stepsmith.judge.pool import JudgePool
from stepsmith.judge.protocol import Judge
from stepsmith.scoring.completion import Completion
from stepsmith.scoring.scorer import RewardSettings, ScoredCompletion, Scorer, ScoringRequest
from stepsmith.scoring.tests import SplitSettings, TestSplit, split_tests

Message = dict[str, str]


class RewardFunction:
    """A reward function with TRL's interface. Usable as a context manager; ``close`` ends the judge that it opened.

    TRL passes the columns of the data set. The column ``problem_id`` says which problem a completion belongs to
    (``training_rows`` writes it). The rewards have the order of the completions. A completion that could not be judged
    gets None, which TRL leaves out of the group's mean. ``last`` holds the scored completions of the last call.

    ``judge`` None: a pool with one worker per core is opened at the first call. ``end_token_ids``: the tokens that end
    a completion; if they are given, a completion without one counts as truncated.
    """

    def __init__(
        self,
        problems: Iterable[Problem],
        rewards: RewardSettings | None = None,
        tests: SplitSettings | None = None,
        *,
        judge: Judge | None = None,
        workers: int | None = None,
        end_token_ids: Collection[int] = (),
    ) -> None:
        settings = tests or SplitSettings()
        self._pool: dict[str, tuple[Problem, TestSplit]] = {}
        for problem in problems:
            split = split_tests(problem, settings)
            self._pool[split.problem_id] = problem, split
        self._rewards = rewards or RewardSettings()
        self._judge, self._workers = judge, workers or len(os.sched_getaffinity(0))
        self._ends = frozenset(end_token_ids)
        self._opened: JudgePool | None = None
        self._scorer: Scorer | None = None
        self._lock = threading.Lock()
        self.last: list[ScoredCompletion] = []
        self.__name__ = f"stepsmith_{self._rewards.reward}"  # TRL logs rewards under it

    def __getstate__(self) -> dict[str, object]:
        """Return what another process needs to make the same object: TRL's asynchronous trainer scores in one.

        Raises ``MachineError`` if the judge is one of this process alone.
        """
        state = {**self.__dict__, "_scorer": None, "_opened": None, "_lock": None, "last": []}
        if isinstance(self._judge, JudgePool | LocalJudge):
            raise MachineError(
                "the judge belongs to this process and cannot be sent to another one; give judge=None, and a judge is "
                "opened there, or a JudgeFleet"
            )
        return state

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__ |= state
        self._lock = threading.Lock()

    def __call__(
        self,
        completions: Sequence[str | Sequence[Message]],
        problem_id: Sequence[str],
        completion_ids: Sequence[Sequence[int]] | None = None,
        **_: object,
    ) -> list[float | None]:
        """Return a reward for each completion. Raises ``ConfigError`` for a problem that was not given."""
        requests = []
        ids = completion_ids if completion_ids is not None and self._ends else [None] * len(completions)
        for given, name, tokens in zip(completions, problem_id, ids, strict=True):
            if name not in self._pool:
                raise ConfigError(
                    f"the data set has a problem {name!r} that the reward function was not given; make both from the "
                    "same problems"
                )
            problem, tests = self._pool[name]
            text = given if isinstance(given, str) else given[-1]["content"]
            cut = tokens is not None and (not tokens or tokens[-1] not in self._ends)
            requests.append(ScoringRequest(problem, Completion(text=text, truncated=cut), tests))
        self.last = self._open().score_batch(requests)
        return [one.reward for one in self.last]

    def close(self) -> None:
        """End the threads, and the judge if this object opened it."""
        with self._lock:
            if self._scorer:
                self._scorer.close()
            if self._opened:
                self._opened.close()
            self._scorer = self._opened = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self) -> Scorer:
        with self._lock:
            if self._scorer is None:
                judge = self._judge
                if judge is None:
                    judge = self._opened = JudgePool(self._workers)
                self._scorer = Scorer(judge, self._rewards, workers=self._workers)
            return self._scorer


def training_rows(problems: Iterable[Problem], *, brief: bool = False) -> list[dict[str, object]]:
    """Return a row for each problem: ``prompt`` (chat messages) and ``problem_id``, the columns for ``RewardFunction``.

    >>> rows = st.training_rows(st.load_problems("runs/first"))
    >>> sorted(rows[0])
    ['problem_id', 'prompt']
    """
    rows: list[dict[str, object]] = []
    for problem in problems:
        environment = ENVIRONMENTS[problem.environment]
        content = environment.brief(problem) if brief else environment.render(problem)
        rows.append({"prompt": [{"role": "user", "content": content}], "problem_id": problem.id})
    return rows
