"""Supervised fine-tuning on golden answers, with TRL's trainer. The loss is over the completion alone."""

from pathlib import Path

from datasets import Dataset
from peft import LoraConfig
from transformers import PrinterCallback, TrainerCallback
from trl import SFTConfig, SFTTrainer

from stepsmith.core.records import Problem
from stepsmith.train.lessons import lessons
from stepsmith.train.policy import Policy
from stepsmith.train.running import common_arguments, guarded, run, shares
from stepsmith.train.settings import TrainConfig


def train_sft(
    policy: Policy,
    problems: list[Problem],
    config: TrainConfig,
    checkpoints: Path,
    callbacks: list[TrainerCallback],
    resume: Path | None,
) -> None:
    """Train the policy in place. ``resume`` is the checkpoint to continue from, if any."""
    settings = config.sft
    arguments = SFTConfig(
        **common_arguments(
            config, checkpoints, settings, steps=settings.steps, save_every=config.runtime.checkpoint_every
        ),
        **shares("sft", settings.batch, settings.micro_batch),
        max_length=policy.context,
        packing=settings.packing,
        completion_only_loss=True,
        shuffle_dataset=False,  # the trainer's sampler shuffles already
        dataset_num_proc=None,
    )
    trainer = SFTTrainer(
        policy.model,
        arguments,
        train_dataset=Dataset.from_list(lessons(policy, problems, settings, config.seed)),
        processing_class=policy.tokenizer,
        callbacks=callbacks,
        peft_config=lora(config),
    )
    policy.model = trainer.model
    trainer.remove_callback(PrinterCallback)
    with guarded("sft"):
        run(trainer, resume)
    policy.model = trainer.accelerator.unwrap_model(trainer.model)


def lora(config: TrainConfig) -> LoraConfig | None:
    """Return the adapters to train; None for full fine-tuning."""
    if not config.model.lora_rank:
        return None
    return LoraConfig(
        r=config.model.lora_rank, lora_alpha=config.model.lora_alpha, target_modules="all-linear", task_type="CAUSAL_LM"
    )
