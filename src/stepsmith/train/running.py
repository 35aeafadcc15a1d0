"""What SFT and RL share of TRL's trainers: arguments, checkpoints, and what becomes of failures."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_utils import get_last_checkpoint

from stepsmith.core.errors import MachineError, TrainingError
from stepsmith.train.settings import RlSettings, SftSettings, Stage, TrainConfig


def common_arguments(
    config: TrainConfig, checkpoints: Path, settings: SftSettings | RlSettings, *, steps: int, save_every: int
) -> dict[str, Any]:
    """Return what both trainers are told, as keyword arguments of ``transformers.TrainingArguments``."""
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
        "logging_steps": config.log_every,
        "logging_first_step": True,
        "save_strategy": "steps",
        "save_steps": save_every,
        "save_total_limit": config.keep_checkpoints,
        "report_to": list(config.report_to) or "none",
        "seed": config.seed,
        "bf16": on_gpu and config.model.dtype == "bfloat16",
        "use_cpu": not on_gpu,
        "gradient_checkpointing": config.model.gradient_checkpointing,
        "disable_tqdm": True,
        "dataloader_pin_memory": on_gpu,
        "include_num_input_tokens_seen": "no",
    }


def quiet(trainer: Trainer) -> None:
    """Let no library print beside our own display: what is logged comes through callbacks."""
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    trainer.remove_callback(PrinterCallback)


def last_checkpoint(checkpoints: Path) -> Path | None:
    """Return the newest checkpoint of a run, None if there is none."""
    found = get_last_checkpoint(str(checkpoints)) if checkpoints.is_dir() else None
    return Path(found) if found else None


class StopOnNonsense(TrainerCallback):
    """Ends a run whose loss is no number: what follows could only get worse."""

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **_: object,
    ) -> None:
        """Look at what is logged. Raises ``TrainingError``."""
        for name in ("loss", "grad_norm"):
            value = (logs or {}).get(name)
            if value is not None and not math.isfinite(float(value)):
                raise TrainingError(
                    f"{name} is {value} at step {state.global_step}; lower learning_rate or max_grad_norm, and start "
                    "from an earlier checkpoint or model"
                )


@contextmanager
def guarded(stage: Stage) -> Iterator[None]:
    """Turn a device that is too small into an error that says what to do."""
    try:
        yield
    except torch.OutOfMemoryError:
        raise MachineError(
            f"the device ran out of memory; lower {stage}.micro_batch (the batch stays as it is), "
            "turn on model.gradient_checkpointing, or use model.lora_rank; then run again with --resume"
        ) from None
