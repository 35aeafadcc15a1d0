"""Studies whose trainer writes the logs of a run instead of training."""

import functools
import json
from collections.abc import Sequence
from pathlib import Path

import msgspec

from stepsmith.pipeline.studies.definition import Study, load_study
from stepsmith.pipeline.studies.plan import Task
from stepsmith.pipeline.study import run_study
from stepsmith.store.study_results import RESULTS, ArmResult
from tests.pipeline.fake_training import fake_train


class Watcher:
    def __init__(self) -> None:
        self.done_before = -1
        self.ends: list[tuple[str, int, str, str]] = []

    def planned(self, tasks: Sequence[Task], done: int) -> None:
        self.done_before = done

    def note(self, task: Task, text: str) -> None: ...

    def ended(self, task: Task, error: str) -> None:
        self.ends.append((task.arm, task.seed, task.stage, error))


def read_results(folder: Path) -> list[ArmResult]:
    return [msgspec.json.decode(line, type=ArmResult) for line in (folder / RESULTS).read_bytes().splitlines()]


STUDY = """
question = "Which?"
source = "a test"
baseline = "none"
comparisons = [["best", "plain"]]
metrics = ["all", "4 features", "all@4", "all:no_answer"]
minutes = { sft = 1.0, rl = 10.0 }
change.sft.steps = 100
change.rl = { steps = 40, empty_bands = "nearest" }

[arms.none]
stages = ["sft"]
[arms.plain]
change.rl.curriculum = "shuffled"
[arms.best]
change.rl.curriculum = "learnability"
[arms.chance]
change.rl.random_reward = true
[arms.longer]
stages = ["sft"]
as_long_as = "best"
[arms.supervised]
stages = ["sft", "sft-on-rl"]
as_long_as = "best"
"""


def written(folder: Path, text: str, name: str = "mine") -> Study:
    (folder / f"{name}.toml").write_text(text)
    return load_study(str(folder / f"{name}.toml"))


def go(
    study: Study, folder: Path, *, break_on: str = "", **options: object
) -> tuple[Watcher, dict[tuple[str, int], ArmResult]]:
    watcher = Watcher()
    trainer = functools.partial(fake_train, calls=folder.parent / "calls.jsonl", break_on=break_on)
    run_study(study, folder, watcher, trainer=trainer, **options)  # type: ignore[arg-type]
    return watcher, {(result.arm, result.seed): result for result in read_results(folder)}


def calls(folder: Path) -> list[dict[str, dict[str, object]]]:
    return [json.loads(line) for line in (folder.parent / "calls.jsonl").read_text().splitlines()]


TURNS = """
question = "How many?"
source = "a test"
stages = ["synth"]
seeds = [0]
metrics = ["kept per proposed", "kept per judged program", "kept", "proposed", "kept per 1000 tokens"]
change.synth = { profile = "micro", attempts = 2, turns = 2, chains = 1 }
change.suite = { growth_executions = 0, mutants = 0, pool = 0 }
change.voters.candidates = 2
[arms.many]
[arms.single]
change.synth.mode = "single-turn"
"""
