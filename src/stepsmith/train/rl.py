"""Group-relative policy optimisation (GRPO) with TRL's trainer.

TRL generates, computes advantages and loss, and optimises. Stepsmith chooses the problems (``curriculum.Sampler``),
computes the rewards (``Scorer``), writes the log, and replaces a problem if all completions of its group have the same
reward.
"""

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import torch
from accelerate.utils import gather_object
from datasets import Dataset
from transformers import PrinterCallback, TrainerCallback
from trl import GRPOConfig, GRPOTrainer

from stepsmith.core.errors import ConfigError, RunFolderError, SandboxError
from stepsmith.core.ids import derive_rng
from stepsmith.core.records import Problem
from stepsmith.curriculum import Layout, Sampler
from stepsmith.scoring.completion import Completion
from stepsmith.scoring.scorer import ScoredCompletion, Scorer, ScoringRequest
from stepsmith.scoring.tests import TestSplit, split_tests
from stepsmith.store.folder_lock import write_whole
from stepsmith.train.decoding import decode
from stepsmith.train.policy import Policy
from stepsmith.train.rollouts import RolloutStatistics, observations, uniform
from stepsmith.train.running import common_arguments, guarded, processes, project_labels_only, run, shares
from stepsmith.train.settings import RlSettings, TrainConfig
from stepsmith.train.sft import lora

SAMPLER = "sampler.json"  # file in every checkpoint: the state of the sampler
LEFT = ("prompt_ids", "prompt_mask")  # tensors that are padded on the left; all others on the right

Example = dict[str, Any]


class RlTrainer(GRPOTrainer):
    """GRPO over problems that a curriculum chooses.

    The data set has one row per problem, and the sampler chooses the rows. Problems may be added during training: the
    data set has ``spare`` empty rows for them. ``between_steps`` is true while no step is half done; only then may the
    weights be saved.
    """

    def __init__(
        self,
        policy: Policy,
        problems: Sequence[Problem],
        sampler: Sampler,
        scorer: Scorer,
        config: TrainConfig,
        checkpoints: Path,
        callbacks: list[TrainerCallback],
        spare: int = 0,
    ) -> None:
        project_labels_only()
        self._policy, self._ids = policy, sampler
        self._scorer, self._config = scorer, config
        self._known: dict[str, Problem] = {}
        self._prompts: list[list[dict[str, str]]] = []
        self._places: dict[str, int] = {}
        self._at: list[tuple[Problem, TestSplit]] = []
        self.statistics = RolloutStatistics(self._known)
        self.between_steps = True
        self.resumed_from: Path | None = None
        self.new_problems = 0
        self._last_scored: list[ScoredCompletion] = []
        self.take(problems)
        rows = Dataset.from_dict(
            {"prompt": [self._prompts[0]] * (len(problems) + spare), "place": list(range(len(problems) + spare))}
        )
        super().__init__(
            policy.model,
            self._reward,
            rl_arguments(config, checkpoints),
            train_dataset=rows,
            processing_class=policy.tokenizer,
            callbacks=[_Steps(self), *callbacks],
            peft_config=lora(config),
        )

    @property
    def sampler(self) -> Sampler:
        """The sampler of problems; its evidence holds the pass rates that training has observed so far."""
        return self._ids

    def take(self, problems: Iterable[Problem]) -> None:
        """Add problems; the caller adds them to the sampler as well."""
        for problem in problems:
            problem_id = problem.id
            self._places[problem_id] = len(self._at)
            self._known[problem_id] = problem
            self._at.append((problem, split_tests(problem, self._config.rl.tests)))
            self._prompts.append([{"role": "user", "content": self._policy.prompt(problem)}])

    def save_between_steps(self) -> None:
        """Save the state of a run that ends early, so that no finished step is lost.

        Nothing is saved while a step or a generation is half done, nor where the step has a checkpoint already.
        """
        step = self.state.global_step
        saved = (Path(self.args.output_dir) / f"checkpoint-{step}" / SAMPLER).exists()
        if step and self.between_steps and not saved and step % steps_per_generation(self._config.rl) == 0:
            self._save_checkpoint(self.model, trial=None)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        """Write the sampler's state after the last generation that was trained on, then everything that TRL saves."""
        if self.is_world_process_zero():
            trained = self.state.global_step // steps_per_generation(self._config.rl)
            folder = Path(self.args.output_dir) / f"checkpoint-{self.state.global_step}"
            folder.mkdir(parents=True, exist_ok=True)
            write_whole(folder / SAMPLER, json.dumps(self._ids.state_dict(trained=trained)).encode())
        super()._save_checkpoint(model, trial)

    def _get_train_sampler(self, dataset: Dataset | None = None) -> "_Places":
        return _Places(self._ids, self._places)

    def _generate_and_score_completions(self, inputs: list[Example]) -> dict[str, Any]:
        """Fill in the prompts, generate and score. Replace a problem if its whole group has the same reward."""
        filled = [{**row, "prompt": self._prompts[row["place"]]} for row in inputs]
        output: dict[str, Any] = super()._generate_and_score_completions(filled)
        size = self.num_generations
        for _ in range(self._config.rl.resample if self.model.training else 0):
            alike = [g for g in range(len(filled) // size) if uniform(self._last_scored[g * size : (g + 1) * size])]
            if not alike:
                break
            self.statistics.resampled += len(alike)
            drawn = self._ids.draw_more(len(alike))
            scored = list(self._last_scored)
            again = [
                {"place": self._places[problem_id], "prompt": self._prompts[self._places[problem_id]]}
                for problem_id in drawn
                for _ in range(size)
            ]
            second = super()._generate_and_score_completions(again)
            rows = [g * size + k for g in alike for k in range(size)]
            output = replace_rows(output, second, rows, self._policy.tokenizer.pad_token_id)
            for row, one in zip(rows, self._last_scored, strict=True):
                scored[row] = one
            self._last_scored = scored
        return output

    def _prepare_inputs(self, generation_batch: Any) -> Any:
        inputs = super()._prepare_inputs(generation_batch)
        self.between_steps = False  # what follows changes the weights
        return inputs

    def _compute_loss(self, model: Any, inputs: dict[str, Any]) -> torch.Tensor:
        """With ``skip_zero_advantage``, leave out completions with advantage 0: they cost time and add no gradient.

        The result is exact if the loss is normalised by the number of tokens of the whole generation, which TRL counts
        beforehand.
        """
        if self._config.rl.skip_zero_advantage:
            heard = inputs["advantages"] != 0
            heard[0] |= not heard.any()
            rows = len(heard)
            inputs = {
                name: value[heard] if isinstance(value, torch.Tensor) and value.dim() and len(value) == rows else value
                for name, value in inputs.items()
            }
        return super()._compute_loss(model, inputs)

    def _generate(self, prompts: list[Any]) -> Any:
        started = time.perf_counter()
        result = super()._generate(prompts)
        self.statistics.generate_s += time.perf_counter() - started
        return result

    def _generate_single_turn(self, prompt_ids: list[list[int]], *rest: Any, **more: Any) -> Any:
        """Return one completion per prompt, as tokens; see ``decoding`` for what is different on the CPU."""
        rl = self._config.rl
        if self.use_vllm or rl.top_k or rl.top_p < 1 or self.accelerator.device.type != "cpu":
            return super()._generate_single_turn(prompt_ids, *rest, **more)
        model = self.accelerator.unwrap_model(self.model_wrapped)
        was_training = model.training
        model.eval()
        with torch.no_grad(), self._policy.autocast():
            written = decode(
                model,
                prompt_ids,
                ends=self._policy.ends(),
                temperature=rl.temperature,
                max_tokens=rl.max_completion_length,
            )
        model.train(was_training)
        return written, None

    def _reward(
        self, completions: list[list[dict[str, str]]], completion_ids: list[list[int]], place: list[int], **_: Any
    ) -> list[float | None]:
        """Return the rewards of a batch, in its order; None for a completion that must be left out."""
        ends = self._policy.ends()
        requests = []
        for messages, ids, at in zip(completions, completion_ids, place, strict=True):
            problem, tests = self._at[at]
            completion = Completion(text=messages[0]["content"], truncated=not ids or ids[-1] not in ends)
            requests.append(ScoringRequest(problem, completion, tests))
        started = time.perf_counter()
        scored = self._scorer.score_batch(requests)
        self.statistics.judge_s += time.perf_counter() - started
        if self._config.rl.random_reward:
            scored = self._with_random_rewards(scored)
        self._last_scored = scored
        everyone: list[ScoredCompletion] = gather_object(scored)  # all processes must choose the same next problems
        self.statistics.observe(everyone, self.num_generations)
        self._ids.observe(observations(everyone))
        return [one.reward for one in scored]

    def _with_random_rewards(self, scored: list[ScoredCompletion]) -> list[ScoredCompletion]:
        """Replace the rewards by random ones, as a control: nothing can be learnt from them. None stays None."""
        where = self.state.global_step, self.statistics.resampled, self.accelerator.process_index
        rng = derive_rng(self._config.seed, "random-reward", *where)
        drawn = [float(rng.random() < 0.5) for _ in scored]
        return [
            one if one.reward is None else msgspec.structs.replace(one, reward=reward)
            for one, reward in zip(scored, drawn, strict=True)
        ]


class _Places:
    """Our sampler in the form that torch expects: it yields row numbers of the data set."""

    def __init__(self, ids: Sampler, places: dict[str, int]) -> None:
        self._ids, self._places = ids, places

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[int]:
        return (self._places[problem_id] for problem_id in self._ids)


class _Steps(TrainerCallback):
    """Restores the random state at the first step of a resumed run, and marks the end of each step."""

    def __init__(self, trainer: RlTrainer) -> None:
        self._trainer = trainer

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: object) -> None:
        """Restore the random state: the data loader has drawn a number since the checkpoint was loaded."""
        if self._trainer.resumed_from:
            self._trainer._load_rng_state(str(self._trainer.resumed_from))
            self._trainer.resumed_from = None

    def on_step_end(self, args: Any, state: Any, control: Any, **_: object) -> None:
        """Mark that the step is complete."""
        self._trainer.between_steps = True


def read_sampler(sampler: Sampler, checkpoint: Path) -> None:
    """Restore a sampler from a checkpoint. Raises ``RunFolderError`` if the checkpoint has no state of a sampler."""
    try:
        sampler.load_state_dict(json.loads((checkpoint / SAMPLER).read_text()))
    except FileNotFoundError:
        raise RunFolderError(
            f"{checkpoint} has no {SAMPLER}, so it is not a checkpoint of this RL run. Move it out of "
            f"{checkpoint.parent} and resume again: the run continues from the checkpoint before it."
        ) from None


def train_rl(trainer: RlTrainer, policy: Policy, resume: Path | None) -> None:
    """Train the policy in place. ``resume`` is the checkpoint to continue from, if any."""
    policy.model, trainer.resumed_from = trainer.model, resume
    trainer.remove_callback(PrinterCallback)
    with guarded("rl"):
        try:
            run(trainer, resume)
        except (KeyboardInterrupt, SandboxError):
            trainer.save_between_steps()
            raise
    policy.model = trainer.accelerator.unwrap_model(trainer.model)


def rl_arguments(config: TrainConfig, checkpoints: Path) -> GRPOConfig:
    """Return TRL's configuration. Raises ``ConfigError`` if a generation cannot be divided among the processes."""
    rl = config.rl
    replies = rl.groups * rl.group_size
    if rl.resample and processes().num_processes > 1:
        raise ConfigError("rl.resample works on one device only; set it to 0 to train on several")
    period = steps_per_generation(rl)
    return GRPOConfig(
        **common_arguments(
            config, checkpoints, rl, steps=rl.steps, save_every=-(-config.runtime.checkpoint_every // period) * period
        ),
        **shares("rl", replies // rl.updates, rl.micro_batch),
        generation_batch_size=replies,
        num_generations=rl.group_size,
        num_iterations=rl.iterations,
        max_completion_length=rl.max_completion_length,
        temperature=rl.temperature,
        top_p=rl.top_p,
        top_k=rl.top_k,
        beta=rl.beta,
        scale_rewards=rl.scale_rewards,
        loss_type=rl.loss,
        epsilon=rl.clip_low,
        epsilon_high=rl.clip_high,
        mask_truncated_completions=rl.mask_truncated,
        use_vllm=rl.vllm != "off",
        vllm_mode=rl.vllm if rl.vllm != "off" else "colocate",
        ignore_data_skip=True,  # our sampler restores its own position
        remove_unused_columns=False,
        shuffle_dataset=False,
    )


def layout_of(config: TrainConfig, checkpoints: Path) -> Layout:
    """Return in which order TRL's data loader reads problem ids: one whole generation per micro-step."""
    rl, arguments = config.rl, rl_arguments(config, checkpoints)
    return Layout(
        groups=rl.groups,
        group_size=rl.group_size,
        batches=-(-rl.steps // steps_per_generation(rl)) + 1,  # the data loader reads one batch ahead
        repeats=rl.iterations * arguments.steps_per_generation,
    )


def steps_per_generation(rl: RlSettings) -> int:
    """Return how many optimiser steps use one generation."""
    return rl.updates * rl.iterations


def replace_rows(first: dict[str, Any], second: dict[str, Any], rows: Sequence[int], pad_token: int) -> dict[str, Any]:
    """Return ``first`` with the given rows replaced by the rows of ``second``, in order.

    Both are batches in the form of TRL's trainer: tensors with one row per completion, and the number of tokens.
    Tensors of different widths are padded to the larger width.
    """
    merged = dict(first)
    for name, value in first.items():
        if name == "num_items_in_batch" or not isinstance(value, torch.Tensor):
            continue
        other = second[name]
        if value.dim() == 2:
            fill = pad_token if name.endswith("_ids") else 0
            width = max(value.size(1), other.size(1))
            value, other = (_widened(part, width, fill, left=name in LEFT) for part in (value, other))
        value = value.clone()
        value[list(rows)] = other
        merged[name] = value
    if "num_items_in_batch" in first:
        merged["num_items_in_batch"] = merged["completion_mask"].sum()
    return merged


def _widened(part: torch.Tensor, width: int, fill: int, *, left: bool) -> torch.Tensor:
    missing = width - part.size(1)
    return torch.nn.functional.pad(part, (missing, 0) if left else (0, missing), value=fill)
