"""Scoring: equal answers once, known verdicts never again, the same verdicts every time."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from stepsmith.benchmarks import BENCHMARKS
from stepsmith.benchmarks.data import BenchmarkData, load_benchmark
from stepsmith.benchmarks.harness import HarnessSettings
from stepsmith.core.errors import ConfigError, SandboxError
from stepsmith.core.records import Contract, Execution, Solution, Verdict
from stepsmith.evaluate.samples import ModelSample
from stepsmith.evaluate.scoring import ScoringProgress, score_samples
from stepsmith.evaluate.verdict_cache import VerdictCache
from stepsmith.judge.local import LocalJudge
from tests.benchmark_files import HUMANEVAL_ROW, write_rows

TASK = "HumanEval/900"
TEXTS = {
    "    return sum(xs)\n": "passed",
    "    return 3\n": "wrong answer",
    "    return undefined\n": "crash",
    "    return (\n": "syntax",
    "    while True: pass\n": "time limit",
    " ": "no code",
}


class Counting:
    """A judge that counts the programs that it runs."""

    isolation = "L3"

    def __init__(self, judge: LocalJudge) -> None:
        self._judge, self.ran = judge, 0

    def execute(self, solution: Solution, contract: Contract, inputs: Sequence[str]) -> list[Execution]:
        self.ran += len(inputs)
        return self._judge.execute(solution, contract, inputs)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BenchmarkData:
    monkeypatch.setattr("stepsmith.benchmarks.humaneval.TIMEOUT_S", 0.2)
    return load_benchmark(BENCHMARKS["humaneval"], write_rows(tmp_path / "h.jsonl", HUMANEVAL_ROW))


def samples(*texts: str, **more: object) -> dict[str, list[ModelSample]]:
    return {TASK: [ModelSample(task_id=TASK, text=text, form="completion", **more) for text in texts]}  # type: ignore[arg-type]


def test_each_kind_of_failure(data: BenchmarkData, judge: LocalJudge) -> None:
    scored = score_samples(data, samples(*TEXTS), judge, HarnessSettings())
    assert [one.outcome for one in scored] == list(TEXTS.values())
    assert [one.number for one in scored] == list(range(len(TEXTS)))
    cut = score_samples(data, samples("    return sum(xs)\n", "    return (", truncated=True), judge, HarnessSettings())
    assert [one.outcome for one in cut] == ["passed", "truncated"]


def test_equal_answers_are_judged_once_and_known_ones_never(
    data: BenchmarkData, judge: LocalJudge, tmp_path: Path
) -> None:
    counting = Counting(judge)
    some = samples("    return sum(xs)\n", "    return 3\n", "    return sum(xs)\n")
    with VerdictCache(tmp_path / "v.sqlite") as cache:
        first = score_samples(data, some, counting, HarnessSettings(), cache=cache)  # type: ignore[arg-type]
        assert counting.ran == 2
        assert score_samples(data, some, counting, HarnessSettings(), cache=cache) == first  # type: ignore[arg-type]
        assert counting.ran == 2
    assert first[0].answer_id == first[2].answer_id != first[1].answer_id


def test_a_reply_is_extracted_and_another_rule_can_be_asked_for(data: BenchmarkData, judge: LocalJudge) -> None:
    text = "```python\ndef total(xs): return 0\n```\n```python\ndef total(xs): return sum(xs)\n```"
    some = {
        TASK: [ModelSample(task_id=TASK, text=text, form="reply"), ModelSample(task_id=TASK, text="none", form="reply")]
    }
    for rule, outcomes in {"official": ["passed", "no code"], "first-block": ["wrong answer", "no code"]}.items():
        assert [one.outcome for one in score_samples(data, some, judge, HarnessSettings(), extraction=rule)] == outcomes
    with pytest.raises(ConfigError, match="no extraction 'mine'; there are official, last-block"):
        score_samples(data, some, judge, HarnessSettings(), extraction="mine")


def test_progress_counts_finished_problems(data: BenchmarkData, judge: LocalJudge) -> None:
    seen: list[ScoringProgress] = []
    score_samples(data, samples("    return sum(xs)\n", "    return 3\n"), judge, HarnessSettings(), watch=seen.append)
    assert (seen[-1].done, seen[-1].total, seen[-1].tallies) == (2, 2, {TASK: (1, 2)})


def test_our_own_failure_is_no_verdict(data: BenchmarkData, tmp_path: Path) -> None:
    class Broken:
        isolation = "L3"

        def execute(self, solution: Solution, contract: Contract, inputs: Sequence[str]) -> list[Execution]:
            return [Execution(verdict=Verdict.IE, message="no memory")] * len(inputs)

    with (
        VerdictCache(tmp_path / "v.sqlite") as cache,
        pytest.raises(SandboxError, match=r"1 answers could not be judged .no memory.; run `stepsmith doctor`"),
    ):
        score_samples(data, samples("    return 1\n"), Broken(), HarnessSettings(), cache=cache)  # type: ignore[arg-type]


def test_three_scorings_under_load_are_identical(data: BenchmarkData, judge: LocalJudge) -> None:
    """A sample that takes most of its time is judged while rivals take the processor."""
    slow = "    import time\n    end = time.process_time() + 0.05\n    while time.process_time() < end: pass\n"
    texts = [*TEXTS, slow + "    return sum(xs)\n", slow + "    return 0\n"]
    import multiprocessing

    rivals = [multiprocessing.Process(target=_spin, daemon=True) for _ in range(4)]
    for rival in rivals:
        rival.start()
    try:
        rounds = [
            [one.outcome for one in score_samples(data, samples(*texts), judge, HarnessSettings())] for _ in range(3)
        ]
    finally:
        for rival in rivals:
            rival.kill()
            rival.join()
    assert rounds[0] == rounds[1] == rounds[2]
    assert rounds[0] == [*TEXTS.values(), "passed", "wrong answer"]


def _spin() -> None:
    while True:
        pass
