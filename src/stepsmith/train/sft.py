"""Supervised fine-tuning on golden answers, with TRL's trainer. The loss is over the completion alone."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from accelerate.data_loader import SeedableRandomSampler
from datasets import Dataset
from peft import LoraConfig
from torch.utils.data import Sampler
from transformers import PrinterCallback, TrainerCallback
from trl import SFTConfig, SFTTrainer

from stepsmith.core.records import Problem
from stepsmith.train.lessons import lessons
from stepsmith.train.policy import Policy
from stepsmith.train.running import common_arguments, guarded, project_labels_only, run, shares
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
    project_labels_only()
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
    trainer = _LessonTrainer(
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


class _LessonTrainer(SFTTrainer):
    """TRL's trainer, but the examples of each update go from short to long, so that micro-batches need little padding.

    An update is over the same examples in any order.
    """

    def _get_train_sampler(self, train_dataset: Dataset | None = None) -> "ShortestFirst":
        rows = self.train_dataset if train_dataset is None else train_dataset
        update = self._train_batch_size * self.args.gradient_accumulation_steps * self.args.world_size
        return ShortestFirst([len(tokens) for tokens in rows["input_ids"]], update, self.args.seed)


class ShortestFirst(Sampler[int]):
    """Yields the rows in random order, each ``update`` of them sorted by length. Every epoch has another order.

    The random order is the one that accelerate gives a trainer without a sampler of its own.
    """

    def __init__(self, lengths: Sequence[int], update: int, seed: int) -> None:
        self._lengths, self._update = lengths, update
        self._order = SeedableRandomSampler(lengths, data_seed=seed)

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[int]:
        order = list(self._order)
        for start in range(0, len(order), self._update):
            yield from sorted(order[start : start + self._update], key=self._lengths.__getitem__)

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of this epoch; accelerate calls it."""
        self._order.set_epoch(epoch)


def lora(config: TrainConfig) -> LoraConfig | None:
    """Return the adapters to train; None for full fine-tuning."""
    if not config.model.lora_rank:
        return None
    return LoraConfig(
        r=config.model.lora_rank, lora_alpha=config.model.lora_alpha, target_modules="all-linear", task_type="CAUSAL_LM"
    )
