# mypy: ignore-errors
"""A task of inspect_ai that asks a model a benchmark's problems and lets Stepsmith judge the replies.

    inspect eval task.py --model openai/gpt-5
    inspect eval task.py --epochs 8          # eight samples for each problem

Beside this file lie ``problems.jsonl`` (ids and prompts) and ``settings.json``. The replies are judged by the command
in the settings, which runs in Stepsmith's own environment; STEPSMITH_PYTHON names another interpreter for it.
"""

import asyncio
import json
import os
from pathlib import Path

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.scorer import CORRECT, INCORRECT, Score, accuracy, scorer, stderr
from inspect_ai.solver import generate

HERE = Path(__file__).parent
SETTINGS = json.loads((HERE / "settings.json").read_text("utf-8"))


class StepsmithProcess:
    """``stepsmith eval answer``: one JSON line for each reply, and one for each verdict."""

    def __init__(self) -> None:
        self._process = None
        self._turn = asyncio.Lock()

    async def verdict(self, task_id, reply):
        """Return the verdict on one reply."""
        async with self._turn:
            if self._process is None:
                python, *words = SETTINGS["command"]
                self._process = await asyncio.create_subprocess_exec(
                    os.environ.get("STEPSMITH_PYTHON", python), *words,
                    stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 26,
                )  # fmt: skip
            self._process.stdin.write(json.dumps({"task_id": task_id, "reply": reply}).encode() + b"\n")
            await self._process.stdin.drain()
            line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError("stepsmith ended; its message stands above")
        return json.loads(line)


@scorer(metrics=[accuracy(), stderr()])
def stepsmith_verdict():
    """Score a reply by the benchmark's official rules; a failure of the judge is an error, never a score."""
    process = StepsmithProcess()

    async def score(state, _target):
        verdict = await process.verdict(state.sample_id, state.output.completion)
        if verdict["outcome"] == "not judged":
            raise RuntimeError(verdict["message"])
        return Score(
            value=CORRECT if verdict["passed"] else INCORRECT,
            answer=verdict["answer"],
            explanation=f"{verdict['outcome']} {verdict['message']}".strip(),
            metadata={"outcome": verdict["outcome"]},
        )

    return score


@task
def stepsmith_benchmark():
    """Return the task."""
    lines = (HERE / "problems.jsonl").read_text("utf-8").splitlines()
    samples = [Sample(id=row["id"], input=row["prompt"], target=row["reference"]) for row in map(json.loads, lines)]
    return Task(
        dataset=MemoryDataset(samples, name=SETTINGS["benchmark"]), solver=generate(), scorer=stepsmith_verdict()
    )
