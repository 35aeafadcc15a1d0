"""Running one stage of a study in its own folder: start it, or resume it where it stopped."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec

from stepsmith.core.errors import StepsmithError, StoreError
from stepsmith.core.records import Chain
from stepsmith.llm.money import Spend
from stepsmith.pipeline.studies.plan import EqualTime, Task
from stepsmith.pipeline.synthesis import synthesize
from stepsmith.store.json_lines import read_lines
from stepsmith.store.runfolder import MANIFEST
from stepsmith.store.training_log import (
    EVAL_RESULTS,
    METRICS,
    MODEL,
    TRAINING,
    EvalResult,
    Step,
    Training,
    read_training,
)
from stepsmith.train.settings import TrainConfig

if TYPE_CHECKING:
    from stepsmith.pipeline.training import TrainObserver


ROLLOUTS = "rollouts"  # shared by stages that start alike, which would otherwise repeat them


class Trainer(Protocol):
    """The signature of ``pipeline.training.train``. An implementation must be picklable."""

    def __call__(
        self, config: TrainConfig, folder: Path, observer: "TrainObserver", *, resume: bool = False
    ) -> Training:
        """Run or resume a training in ``folder``."""
        ...


class StageResult(NamedTuple):
    """A stage that has ended; ``error`` says why it could not be finished, "" if it was."""

    name: str
    error: str


class StageRunner(NamedTuple):
    """Runs stages, each in a folder of ``stages``. ``threads``: the cores that one stage may use; 0: all."""

    stages: Path
    trainer: Trainer | None  # None: ``pipeline.training.train``, which needs the extra `train`
    threads: int

    def is_done(self, task: Task) -> bool:
        """Return whether a stage is finished."""
        return (self.stages / task.name / (MANIFEST if task.synthesis else TRAINING)).exists()

    def run(self, task: Task, tell: Callable[[str], None] = lambda _: None) -> StageResult:
        """Run or resume a stage; ``tell`` gets lines of progress. An error ends only this stage."""
        folder = self.stages / task.name
        try:
            if task.synthesis is not None:
                workers = self.threads or task.synthesis.runtime.workers
                runtime = msgspec.structs.replace(task.synthesis.runtime, workers=workers)
                config = msgspec.structs.replace(task.synthesis, runtime=runtime)
                synthesize(config, folder, _SynthesisLines(tell), resume=True)
            elif task.training is not None:
                train = self.trainer or _trainer()
                train(self._training(task, task.training), folder, _TrainingLines(tell), resume=True)
        except StepsmithError as error:
            return StageResult(task.name, str(error))
        return StageResult(task.name, "")

    def _training(self, task: Task, config: TrainConfig) -> TrainConfig:
        """Fill in what depends on earlier stages: the model, the pool and the number of steps."""
        model, data, sft = config.model, config.data, config.sft
        if task.start:
            model = msgspec.structs.replace(model, path=str((self.stages / task.start / MODEL).resolve()))
        if task.pool:
            data = msgspec.structs.replace(data, problems=(*data.problems, str((self.stages / task.pool).resolve())))
        if task.equal_time:
            before = 0 if task.start else read_training(self.stages / task.equal_time.sft).steps
            sft = msgspec.structs.replace(sft, steps=before + self._steps_in(task.equal_time))
        runtime = msgspec.structs.replace(
            config.runtime,
            threads=self.threads or config.runtime.threads,
            judge_workers=self.threads or config.runtime.judge_workers,
            rollouts=str((self.stages / ROLLOUTS).resolve()),
        )
        return msgspec.structs.replace(config, model=model, data=data, sft=sft, runtime=runtime)

    def _steps_in(self, time: EqualTime) -> int:
        """Return how many SFT steps fit into the time of an RL stage: its rating and training, without evaluation."""
        rl = read_training(self.stages / time.rl)
        seconds = rl.steps * seconds_per_step(self.stages / time.rl) + rl.spent.get("rate", 0.0)
        return max(1, round(seconds / seconds_per_step(self.stages / time.sft)))


def seconds_per_step(folder: Path) -> float:
    """Return the median wall time of a training step, from the log of a finished run.

    The median, because a run that was stopped for a while must not look slow. The first record (warm-up) and the
    records during which the model was evaluated are left out. Raises ``StoreError`` where no other record was logged.
    """
    evaluated = _evaluated_at(folder)
    rates = []
    for before, after in pairwise(read_lines(folder / METRICS, Step)):
        paused = any(before.step <= step < after.step for step in evaluated)
        if after.step > before.step and not paused:
            rates.append((after.seconds - before.seconds) / (after.step - before.step))
    if not rates:
        raise StoreError(f"{folder / METRICS} has too few records to tell how long a step takes; lower log_every")
    return median(rates)


def _evaluated_at(folder: Path) -> Sequence[int]:
    path = folder / EVAL_RESULTS
    return [record.step for record in read_lines(path, EvalResult) if record.step] if path.exists() else []


def _trainer() -> Trainer:
    from stepsmith.pipeline.training import train

    return train


class _TrainingLines:
    """Turns the events of a training into short lines for ``tell``."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self.note = tell

    def started(self, config: TrainConfig, problems: int, held_out: int, steps: int, done: int) -> None:
        self.note(f"{config.stage} on {problems} problems, {held_out} held out; {done} of {steps} steps already done")

    def stepped(self, step: Step) -> None:
        rate = f", pass rate {step.pass_rate:.2f}" if step.pass_rate is not None else ""
        loss = f", loss {step.loss:.3f}" if step.loss is not None and step.stage == "sft" else ""
        self.note(f"step {step.step} of {step.of}{rate}{loss}")

    def evaluated(self, result: EvalResult) -> None:
        if score := result.groups.get("all"):
            self.note(f"evaluated at step {result.step}: pass@1 {score.pass_at_1:.3f}")


class _SynthesisLines:
    """Turns the events of a synthesis into short lines for ``tell``."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._done = self._of = 0

    def started(self, finished: int, chains: int, isolation: str) -> None:
        self._done, self._of = finished, chains
        self._tell(f"{finished} of {chains} chains already done, isolation {isolation}")

    def grown(self, chain: Chain) -> None:
        self._done += 1
        self._tell(f"chain {self._done} of {self._of}: kept {len(chain.problems)} of {chain.proposed}")

    def asking(self, books: Callable[[], Sequence[Spend]]) -> None:
        """Not shown: the manifest holds what the models cost."""

    def assembling(self) -> None:
        self._tell("writing the problems")
