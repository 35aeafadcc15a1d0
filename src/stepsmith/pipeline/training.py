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
    """Is told how a training run goes, for instance to display it."""

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
        """Show a line of text: a slow part begins, or there is something worth knowing."""
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
    """Run (or resume) a training into ``folder`` and return its manifest; the policy is in ``folder/model``.

    Raises ``UserError`` for what the user can mend, ``SandboxError`` when the judge is gone and ``TrainingError`` when
    the loss is not finite; the last checkpoint stays, and ``resume`` goes on from it.
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
    """Refuse what cannot work before anything is made. Raises ``ConfigError`` and ``MachineError``."""
    if missing := [name for name in ("torch", "trl") if find_spec(name) is None]:
        raise MachineError(f"training needs the {missing[0]} package: pip install 'stepsmith[train]'")
    if config.stage == "rl":
        curriculum_of(config.rl)
        if config.rl.teacher.every:
            teaching(config.rl.teacher)
        if config.rl.teacher.every and processes() > 1:
            raise ConfigError("a teacher in the loop works in one process; set rl.teacher.every to 0 for several")
        if not config.model.path:
            raise ConfigError(
                "RL starts from a model that can answer something: give --model with a folder of `stepsmith train sft`"
            )
