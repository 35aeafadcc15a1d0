"""What SFT and RL share: arguments for TRL's trainers, processes, checkpoints, and errors that say what to do."""

import json
import logging
import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import datasets
import torch
import transformers
import trl.trainer.utils
from accelerate import PartialState
from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.integrations.integration_utils import get_reporting_integration_callbacks
from transformers.trainer import TRAINER_STATE_NAME
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR

from stepsmith.core.errors import ConfigError, MachineError, TrainingError
from stepsmith.train.settings import RlSettings, SftSettings, Stage, TrainConfig

# How long processes wait for the first one while it rates or evaluates. Torch's own limit is 10 or 30 minutes.
PATIENCE = timedelta(hours=12)


def common_arguments(
    config: TrainConfig, checkpoints: Path, settings: SftSettings | RlSettings, *, steps: int, save_every: int
) -> dict[str, Any]:
    """Return the keyword arguments of ``transformers.TrainingArguments`` that SFT and RL share."""
    on_gpu = torch.cuda.is_available()
    return {
        "output_dir": str(checkpoints),
        "max_steps": steps,
        "learning_rate": settings.learning_rate,
        "lr_scheduler_type": {"constant": "constant_with_warmup"}.get(settings.schedule, settings.schedule),
        "warmup_steps": settings.warmup,
        "weight_decay": settings.weight_decay,
        "adam_beta2": settings.beta2,
        "max_grad_norm": settings.max_grad_norm,
        "logging_steps": config.runtime.log_every,
        "logging_first_step": True,
        "logging_nan_inf_filter": False,  # a loss that is not finite must be seen, not averaged away
        "save_strategy": "steps",
        "save_steps": save_every,
        "save_total_limit": config.runtime.keep_checkpoints,
        "report_to": list(config.runtime.report_to) or "none",
        "project": "stepsmith",
        "run_name": checkpoints.absolute().parent.name,
        "seed": config.seed,
        "bf16": config.model.dtype == "bfloat16",
        "use_cpu": not on_gpu,
        "activation_checkpointing": config.model.gradient_checkpointing,
        "disable_tqdm": True,
        "dataloader_pin_memory": on_gpu,
        "include_num_input_tokens_seen": "no",
    }


def quiet_libraries() -> None:
    """Stop the libraries from printing, because our own display shows what they log."""
    logging.getLogger("trl").setLevel(logging.ERROR)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    datasets.disable_progress_bars()
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"transformers|trl")


def project_labels_only() -> None:
    """Let TRL compute logits only where they are needed, on the CPU as on a GPU: for the tokens of completions.

    TRL computes them for every token of prompt and padding where Triton is missing, because some devices compile anew
    for each number of tokens. Loss and gradients are the same.
    """
    trl.trainer.utils._use_triton = lambda device: device.type in ("cpu", "cuda", "xpu")


def check_reporting(names: Sequence[str]) -> None:
    """Raise ``ConfigError`` if transformers does not know one of these logging services, or it is not installed."""
    for name in names:
        try:
            for callback in get_reporting_integration_callbacks([name]):
                callback()
        except (ValueError, RuntimeError, ImportError) as error:
            why = " ".join(str(error).split())
            raise ConfigError(f"report_to {name!r}: {why} Install what is missing, or leave {name} out.") from None


def processes() -> PartialState:
    """Return accelerate's state of this launch. Call only this function: the first call fixes device and timeout."""
    return PartialState(cpu=not torch.cuda.is_available(), timeout=PATIENCE)


def shares(stage: Stage, total: int, micro: int | None) -> dict[str, int]:
    """Return the trainer arguments that divide the ``total`` examples of an update among the processes.

    Each device computes ``micro`` examples at a time (None: its whole part at once) and accumulates their gradients. So
    an update is over ``total`` examples whatever the number of devices. Raises ``ConfigError`` if ``total`` cannot be
    divided so.
    """
    count = processes().num_processes
    micro = micro or max(1, total // count)
    if total % (micro * count):
        raise ConfigError(
            f"{stage}.micro_batch {micro} on each of {count} devices does not divide the {total} examples of an "
            f"update; change {stage}.micro_batch or the batch"
        )
    return {"per_device_train_batch_size": micro, "gradient_accumulation_steps": total // (micro * count)}


def is_first() -> bool:
    """Return whether this is the first (or only) process of a launch: that one writes files."""
    return bool(processes().is_main_process)


def together() -> None:
    """Wait until every process of a launch has reached this call."""
    processes().wait_for_everyone()


def last_checkpoint(checkpoints: Path) -> Path | None:
    """Return the newest complete checkpoint, None if there is none.

    A run that is killed while it saves leaves an incomplete checkpoint: the trainer's state, which is written last, is
    missing or cut off.
    """
    found = checkpoints.glob(f"{PREFIX_CHECKPOINT_DIR}-*")
    return max((folder for folder in found if _is_json(folder / TRAINER_STATE_NAME)), key=step_of, default=None)


def step_of(checkpoint: Path) -> int:
    """Return the step after which a checkpoint was saved."""
    return int(checkpoint.name.rpartition("-")[2])


def run(trainer: Trainer, resume: Path | None) -> None:
    """Train to the end. A checkpoint of the last step is only loaded, because the trainer would add one step."""
    if resume and step_of(resume) >= trainer.args.max_steps:
        trainer._load_from_checkpoint(str(resume))
    else:
        trainer.train(resume_from_checkpoint=str(resume) if resume else None)


class LogBeforeSaving(TrainerCallback):
    """Logs at every checkpoint, so that a resumed run writes the same log as a run without interruption."""

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object) -> None:
        """Log before saving, so that a loss that is not finite stops the run before its checkpoint is written."""
        control.should_log |= control.should_save


class StopOnNonFiniteLoss(TrainerCallback):
    """Stops a run if its loss or gradients are not finite, before they change the weights."""

    def on_pre_optimizer_step(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **models: torch.nn.Module
    ) -> None:
        """Raise ``TrainingError`` if the norm of the gradients is not finite."""
        gradients = [weight.grad for weight in models["model"].parameters() if weight.grad is not None]
        norm = float(torch.nn.utils.get_total_norm(gradients))
        if not math.isfinite(norm):
            raise TrainingError(_nonsense("the norm of the gradients", norm, state.global_step + 1))

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **_: object,
    ) -> None:
        """Raise ``TrainingError`` if a logged loss or norm is not finite."""
        for name in ("loss", "grad_norm"):
            value = (logs or {}).get(name)
            if value is not None and not math.isfinite(float(value)):
                raise TrainingError(_nonsense(name, float(value), state.global_step))


def _nonsense(name: str, value: float, step: int) -> str:
    return (
        f"{name} is {value} at step {step}; lower learning_rate or max_grad_norm, and start a new run whose --model is "
        "the last checkpoint or an earlier model"
    )


@contextmanager
def guarded(stage: Stage) -> Iterator[None]:
    """Turn an out-of-memory error of the device into a ``MachineError`` that says what to do."""
    try:
        yield
    except torch.OutOfMemoryError:
        raise MachineError(
            f"the device ran out of memory; lower {stage}.micro_batch (the batch size stays the same), turn on "
            "model.gradient_checkpointing, or set model.lora_rank; then run again with --resume"
        ) from None


def _is_json(file: Path) -> bool:
    try:
        json.loads(file.read_bytes())
    except (OSError, ValueError):
        return False
    return True
