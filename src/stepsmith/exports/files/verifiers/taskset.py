# mypy: ignore-errors
"""The task set: one task a problem, judged by a running `stepsmith judge serve`.

What the judge cannot judge raises, and verifiers records an error instead of a reward.
"""

import asyncio
import functools
import json
import os
from importlib.resources import files
from typing import Literal

import verifiers.v1 as vf

from .judging import compute_score


class ProblemData(vf.TaskData):
    """What is asked. Tests and golden answers stay in the package: what is in here is written into every trace."""

    environment: str
    band: str | None = None
    likely_band: str | None = None
    chain: str


class ProblemTaskConfig(vf.TaskConfig):
    """How replies are judged."""

    judge_url: str = os.environ.get("STEPSMITH_JUDGE_URL", "@JUDGE_URL@")
    reward: Literal["binary", "x-coder", "fraction", "all-or-part", "stepped"] = "binary"


class ProblemTask(vf.Task[ProblemData, vf.State, ProblemTaskConfig]):
    """One problem."""

    @property
    def key(self) -> str:
        """The problem's id."""
        return self.data.id

    @vf.reward
    async def judged(self, trace: vf.Trace) -> float:
        """The reward of the last reply; a reply that was cut off is no answer."""
        return await self._score(trace.last_reply, truncated=trace.is_truncated)

    async def validate(self, runtime) -> bool:  # noqa: ARG002
        """Whether the golden answer passes."""
        return await self._score(_rows()[self.data.id]["golden"], truncated=False, reward="binary") == 1.0

    async def _score(self, reply: str, *, truncated: bool, reward: str | None = None) -> float:
        judge = functools.partial(
            compute_score,
            reply or "",
            _rows()[self.data.id]["ground_truth"],
            {"truncated": truncated},
            judge_url=self.config.judge_url,
            reward=reward or self.config.reward,
            held_back=False,
        )
        return (await asyncio.to_thread(judge))["score"]


class ProblemsTasksetConfig(vf.TasksetConfig):
    """Which problems."""

    half: Literal["train", "test"] = "train"
    task: ProblemTaskConfig = ProblemTaskConfig()


class ProblemsTaskset(vf.Taskset[ProblemTask, ProblemsTasksetConfig]):
    """The problems of one half."""

    def load(self) -> list[ProblemTask]:
        """Return the tasks."""
        return [
            ProblemTask(ProblemData(**row["task"]), self.config.task)
            for row in _rows().values()
            if row["half"] == self.config.half
        ]


@functools.cache
def _rows() -> dict[str, dict]:
    lines = files(__package__).joinpath("problems.jsonl").read_text("utf-8").splitlines()
    return {row["task"]["id"]: row for row in map(json.loads, lines)}
