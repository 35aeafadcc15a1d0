"""Trainer callbacks: turn what TRL logs into records, and call an action every so many steps."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from stepsmith.curriculum import item_of
from stepsmith.store.training_log import Step
from stepsmith.train.evaluation import length_name
from stepsmith.train.settings import Stage

if TYPE_CHECKING:
    from stepsmith.train.rl import RlTrainer

Logs = dict[str, float]


class Recorder(TrainerCallback):
    """Turns what a trainer logs into ``Step`` records.

    ``before`` is how many seconds a resumed run had trained before it was resumed.
    """

    def __init__(self, record: Callable[[Step], None], stage: Stage, steps: int, before: float = 0.0) -> None:
        self._record, self._stage, self._steps, self._before = record, stage, steps, before
        self._started = time.monotonic()
        self._trainer: RlTrainer | None = None
        self._last_step = 0

    def watch(self, trainer: "RlTrainer") -> None:
        """Add the figures of this RL trainer to the records."""
        self._trainer = trainer

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object
    ) -> None:
        """Start the clock, and remember at which step a resumed run begins."""
        self._started, self._last_step = time.monotonic(), state.global_step

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: Logs | None = None,
        **_: object,
    ) -> None:
        """Write a record, except for the summary that TRL logs at the end of a training."""
        if not logs or "train_runtime" in logs or not state.is_world_process_zero:
            return
        steps = max(1, state.global_step - self._last_step)
        self._last_step = state.global_step
        step = Step(
            stage=self._stage,
            step=state.global_step,
            of=self._steps,
            seconds=round(self._before + time.monotonic() - self._started, 2),
            loss=_number(logs, "loss"),
            learning_rate=_number(logs, "learning_rate"),
            grad_norm=_number(logs, "grad_norm"),
            entropy=_number(logs, "entropy"),
            tokens=_number(logs, "num_tokens"),
        )
        self._record(_with_rl(step, self._trainer, logs, steps) if self._trainer else step)


def _with_rl(step: Step, trainer: "RlTrainer", logs: Logs, steps: int) -> Step:
    window = trainer.statistics
    counted = [one for one in window.scored if one.reward is not None]
    report, warnings = window.suspicions()
    full = msgspec.structs.replace(
        step,
        reward=_number(logs, "reward"),
        pass_rate=sum(one.solved for one in counted) / len(counted) if counted else None,
        by_band=window.tallies(lambda problem: item_of(problem).band or "unrated"),
        by_length=window.tallies(lambda problem: length_name(len(problem.features))),
        weights=trainer.sampler.weights,
        completion_length=_number(logs, "completions/mean_length"),
        truncated=window.share(lambda one: one.status == "truncated"),
        no_answer=window.share(lambda one: one.status == "no-answer"),
        masked=window.share(lambda one: one.reward is None),
        zero_variance=window.uniform_groups / window.groups if window.groups else None,
        resampled=window.resampled,
        judge_s=round(window.judge_s / steps, 4),
        generate_s=round(window.generate_s / steps, 4),
        step_s=_number(logs, "step_time"),
        held_back_gap=report.gap if report.passed else None,
        warnings=warnings,
        new_problems=trainer.new_problems,
    )
    window.clear()
    return full


class Every(TrainerCallback):
    """Calls ``action(step)`` after every so many steps."""

    def __init__(self, steps: int, action: Callable[[int], None]) -> None:
        self._steps, self._action = steps, action

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object) -> None:
        """Call the action if the step is due."""
        if state.global_step % self._steps == 0:
            self._action(state.global_step)


def _number(logs: Logs, name: str) -> float | None:
    value = logs.get(name)
    return None if value is None else float(value)
