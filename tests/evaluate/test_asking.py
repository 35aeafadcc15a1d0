"""Sampling: whole problems are kept, halves are asked again, other settings are refused."""

import json
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from stepsmith.benchmarks import BENCHMARKS
from stepsmith.benchmarks.data import BenchmarkData, load_benchmark
from stepsmith.core.errors import RunFolderError
from stepsmith.core.model_outputs import ModelOutput, Usage
from stepsmith.evaluate.asking import SAMPLES, Asked, ask, prompt_hash, sampling_text
from stepsmith.llm.records import Message, Sampling
from tests.benchmark_files import HUMANEVAL_ROW, write_rows


class Scripted:
    """Answers with the number of the question."""

    def __init__(self) -> None:
        self.asked, self._lock = 0, threading.Lock()

    def complete(
        self, messages: Sequence[Message], n: int = 1, sampling: Sampling | None = None, purpose: str = "", *,
        first: int = 0,
    ) -> list[ModelOutput]:  # fmt: skip
        with self._lock:
            self.asked += 1
        assert "Add up." in messages[0].content
        return [
            ModelOutput(content=f"answer {k}", finish_reason="length" if k else "stop", model="m", sample=k,
                        usage=Usage(completion_tokens=9))
            for k in range(n)
        ]  # fmt: skip


@pytest.fixture
def data(tmp_path: Path) -> BenchmarkData:
    rows = [{**HUMANEVAL_ROW, "task_id": f"HumanEval/{n}"} for n in range(3)]
    return load_benchmark(BENCHMARKS["humaneval"], write_rows(tmp_path / "h.jsonl", *rows))


def asked_of(data: BenchmarkData, n: int = 2) -> Asked:
    return Asked(
        benchmark="humaneval", problems_id=data.problems_id, model="m", n=n, sampling=sampling_text(Sampling(), n),
        prompt_hash=prompt_hash(data, data.problems),
    )  # fmt: skip


def test_a_killed_run_goes_on_where_it_was(data: BenchmarkData, tmp_path: Path) -> None:
    model, out = Scripted(), tmp_path / "out"
    seen: list[int] = []
    first = ask(data, data.problems, model, Sampling(), asked_of(data), out, seen.append)
    assert model.asked == 3
    assert seen == [0, 1, 2, 3]
    assert [(one.text, one.form, one.truncated, one.tokens) for one in first["HumanEval/1"]] == [
        ("answer 0", "reply", False, 9), ("answer 1", "reply", True, 9),
    ]  # fmt: skip
    lines = (out / SAMPLES).read_text().splitlines(keepends=True)
    (out / SAMPLES).write_text("".join(lines[:3]) + lines[3][:20])  # one problem whole, one half written
    assert ask(data, data.problems, model, Sampling(), asked_of(data), out) == first
    assert model.asked == 5
    assert len((out / SAMPLES).read_text().splitlines()) == 6


def test_samples_of_other_settings_are_refused(data: BenchmarkData, tmp_path: Path) -> None:
    ask(data, data.problems, Scripted(), Sampling(), asked_of(data), tmp_path / "out")
    with pytest.raises(RunFolderError, match=r"samples of other settings .n, sampling.; choose another --out"):
        ask(data, data.problems, Scripted(), Sampling(), asked_of(data, n=3), tmp_path / "out")
    (tmp_path / "out" / "asked.json").write_text(json.dumps({"n": 1}))
    with pytest.raises(RunFolderError, match="cannot be read"):
        ask(data, data.problems, Scripted(), Sampling(), asked_of(data), tmp_path / "out")


class Batched(Scripted):
    """Answers two questions together, and remembers which."""

    batch = 2

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[list[str]] = []

    def complete_batch(
        self, questions: Sequence[Sequence[Message]], n: int, sampling: Sampling
    ) -> list[list[ModelOutput]]:
        self.batches.append([question[0].content for question in questions])
        return [self.complete(question, n, sampling) for question in questions]


def test_batches_are_the_same_after_an_interruption(data: BenchmarkData, tmp_path: Path) -> None:
    """What a model answers may depend on the batch; a problem that is done is kept as it was."""
    model, out = Batched(), tmp_path / "out"
    first = ask(data, data.problems, model, Sampling(), asked_of(data), out)
    assert sorted(map(len, model.batches)) == [1, 2]
    lines = (out / SAMPLES).read_text().splitlines(keepends=True)
    (out / SAMPLES).write_text("".join(lines[:2]))
    again = Batched()
    assert ask(data, data.problems, again, Sampling(), asked_of(data), out) == first
    assert all(batch in model.batches for batch in again.batches)
    assert len((out / SAMPLES).read_text().splitlines()) == 6
