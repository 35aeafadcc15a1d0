"""Training: read the problems, make or load the policy, evaluate it, train it (SFT or RL), evaluate it again.

One folder per run, resumed from its last checkpoint. This module needs no torch; ``training_run`` does, and is imported
when a run begins.
"""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from stepsmith.core.errors import ConfigError, MachineError
from stepsmith.pipeline.refining import teaching
from stepsmith.store.training_log import TRAINING, EvalResult, Step, Training, read_training
from stepsmith.train.settings import TrainConfig, curriculum_of


class TrainObserver(Protocol):
    """Gets the events of a training run, for instance to display them."""

    def started(self, config: TrainConfig, problems: int, held_out: int, steps: int, done: int) -> None:
        """Training starts, or resumes after ``done`` steps of ``steps``."""
        ...

    def stepped(self, step: Step) -> None:
        """A step was logged."""
        ...

    def evaluated(self, result: EvalResult) -> None:
        """The policy was evaluated on held-out problems."""
        ...

    def note(self, text: str) -> None:
        """Show a line of text, for instance that a slow part begins."""
        ...


class NoTrainObserver:
    """A ``TrainObserver`` that does nothing."""

    def started(self, config: TrainConfig, problems: int, held_out: int, steps: int, done: int) -> None:
        """Do nothing."""

    def stepped(self, step: Step) -> None:
        """Do nothing."""

    def evaluated(self, result: EvalResult) -> None:
        """Do nothing."""

    def note(self, text: str) -> None:
        """Do nothing."""


def train(
    config: TrainConfig, folder: Path, observer: TrainObserver | None = None, *, resume: bool = False
) -> Training:
    """Run (or resume) a training in ``folder`` and return its manifest; the trained policy is in ``folder/model``.

    Raises ``UserError`` for what the user can correct, ``SandboxError`` if the judge keeps failing, and
    ``TrainingError`` if the loss is not finite. The last checkpoint is kept, and ``resume`` continues from it.
    """
    _check(config)
    if resume and (folder / TRAINING).exists():
        return read_training(folder)
    from stepsmith.pipeline.training_run import run_training  # imports torch: the command line starts without it

    return run_training(config, folder, observer or NoTrainObserver(), resume=resume)


def processes() -> int:
    """Return how many processes of a launcher (``accelerate``, ``torchrun``) train together."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def _check(config: TrainConfig) -> None:
    """Raise ``ConfigError`` or ``MachineError`` for what cannot work, before anything is made."""
    if missing := [name for name in ("torch", "trl") if find_spec(name) is None]:
        raise MachineError(f"training needs the package {missing[0]}; run pip install 'stepsmith[train]'")
    if config.stage == "rl":
        curriculum_of(config.rl)
        if config.rl.teacher.every:
            teaching(config.rl.teacher)
        if config.rl.teacher.every and processes() > 1:
            raise ConfigError("rl.teacher works in one process only; set rl.teacher.every to 0 to use several")
        if not config.model.path:
            raise ConfigError(
                "RL needs a trained model to start from; give --model the folder of a `stepsmith train sft` run"
            )
