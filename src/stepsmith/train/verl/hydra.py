"""A training configuration for verl: a Hydra file that overrides verl's own ``ppo_trainer``.

The names are those of verl 0.9.1. A comment on each line of the file names the setting that the value comes from.
"""

import json
from typing import NamedTuple

from stepsmith.core.errors import ConfigError
from stepsmith.train.settings import TrainConfig

# TRL's names (those of our settings) in verl's: policy loss, and how it is averaged.
LOSSES = {
    "grpo": ("vanilla", "seq-mean-token-mean"),
    "dapo": ("vanilla", "token-mean"),
    "bnpo": ("vanilla", "token-mean"),
    "dr_grpo": ("vanilla", "seq-mean-token-sum-norm"),
    "cispo": ("cispo", "token-mean"),
}
STALENESS = 0.5  # our choice, for the fully asynchronous mode
FOLDER, JUDGE = "${oc.env:STEPSMITH_FOLDER}", "${oc.env:STEPSMITH_JUDGE_URL}"  # set by launch.sh

Value = str | int | float | bool | None | list[str] | list[float] | dict[str, str]


class Line(NamedTuple):
    """One setting: its key in verl's configuration, its value, and which of our settings it comes from."""

    key: str
    value: Value
    source: str = ""


def verl_steps(config: TrainConfig) -> int:
    """Return the number of training steps for verl, which counts generations; ours counts optimiser steps."""
    return -(-config.rl.steps // _per_generation(config))


def hydra_file(config: TrainConfig, *, ordered: bool) -> str:
    """Return the file's text. ``ordered`` says that the rows are in the order of a curriculum.

    Raises ``ConfigError`` for settings that verl does not support.
    """
    check_possible(config)
    head = (
        "# Written by `stepsmith train rl --backend verl --render-only`, for verl 0.9.1; launch.sh uses it.\n"
        "# The comment after each value names the setting it comes from.\n"
        "hydra:\n  searchpath:\n    - pkg://verl.trainer.config\n\n"
        "defaults:\n  - ppo_trainer\n  - _self_\n\n"
    )
    return head + "\n".join(_nested(_lines(config, ordered=ordered))) + "\n"


def fully_async_file(config: TrainConfig, *, ordered: bool) -> str:
    """Return the file's text for verl's fully asynchronous mode, which generates beside the training.

    The keys that are added, and the values that the mode asserts, are those of verl's ``fully_async_ppo_trainer.yaml``.
    """
    rl, rollout = config.rl, "actor_rollout_ref.rollout"
    other = [
        Line("data.train_batch_size", 0, "the mode asks for single prompts"),
        Line("data.gen_batch_size", 1),
        Line("actor_rollout_ref.hybrid_engine", False, "generation has GPUs of its own"),
        Line("actor_rollout_ref.model.use_remove_padding", True),
        Line("actor_rollout_ref.actor.use_rollout_log_probs", True),
        Line(f"{rollout}.calculate_log_probs", True),
        Line(f"{rollout}.checkpoint_engine.backend", "nccl"),
        Line("algorithm.rollout_correction.bypass_mode", True),
        Line("rollout.nnodes", 1, "overridden by launch.sh"),
        Line("rollout.n_gpus_per_node", 8, "overridden by launch.sh"),
        Line("rollout.n", rl.group_size, "rl.group_size"),
        Line("rollout.total_rollout_steps", verl_steps(config) * rl.groups, "rl.steps, in groups"),
        Line("async_training.staleness_threshold", STALENESS, "share of a step's groups that may be a step old"),
        Line("async_training.trigger_parameter_sync_step", 1, "new weights after every step"),
        Line("async_training.require_batches", rl.updates, "rl.updates"),
        Line("async_training.partial_rollout", True),
        Line("async_training.use_trainer_do_validate", False),
        Line("async_training.use_dynamic_resource_scheduling", False),
        Line("async_training.concurrent_samples_per_replica", 16),
    ]
    changed = {line.key for line in other}
    kept = [line for line in _lines(config, ordered=ordered) if line.key not in changed and ".v1." not in line.key]
    head = hydra_file(config, ordered=ordered).partition("data:\n")[0]
    return head + "\n".join(_nested([*kept, *other])) + "\n"


def check_possible(config: TrainConfig) -> None:
    """Raise ``ConfigError`` with the name of every setting that verl does not support."""
    rl, wrong = config.rl, []
    if not config.model.path:
        wrong.append("model.path is empty: verl starts from a saved model (train one with SFT first)")
    if rl.scale_rewards == "batch":
        wrong.append('rl.scale_rewards "batch" is not in verl; it has "none" and "group"')
    if rl.schedule == "linear":
        wrong.append('rl.schedule "linear" is not in verl; it has "constant" and "cosine"')
    if rl.groups % rl.updates:
        wrong.append(f"rl.updates {rl.updates} must divide rl.groups {rl.groups}: verl splits a batch by whole groups")
    if rl.teacher.every:
        wrong.append("rl.teacher needs the trainer of `stepsmith train rl` itself: set every = 0")
    if rl.initial_samples:
        wrong.append(
            "rl.initial_samples needs the trainer of `stepsmith train rl` itself: rate the problems beforehand"
        )
    if rl.random_reward:
        wrong.append("rl.random_reward needs the trainer of `stepsmith train rl` itself: set it to false")
    if wrong:
        raise ConfigError("this cannot be rendered for verl: " + "; ".join(wrong))


def _per_generation(config: TrainConfig) -> int:
    return config.rl.updates * config.rl.iterations


def _lines(config: TrainConfig, *, ordered: bool) -> list[Line]:
    rl, model, data, rewards = config.rl, config.model, config.data, config.rl.rewards
    actor, rollout, optim = "actor_rollout_ref.actor", "actor_rollout_ref.rollout", "actor_rollout_ref.actor.optim"
    loss, averaged = LOSSES[rl.loss]
    longest = data.max_prompt_length + rl.max_completion_length
    measured = config.eval.temperature > 0
    lines = [
        Line("data.train_files", f"{FOLDER}/train.parquet"),
        Line("data.val_files", f"{FOLDER}/test.parquet"),
        Line("data.custom_cls.path", "pkg://stepsmith_hooks", "order of problems"),
        Line("data.custom_cls.name", "CurriculumDataset"),
        Line("data.shuffle", not ordered, f"rl.curriculum {rl.curriculum}"),
        Line("data.seed", config.seed, "seed"),
        Line("data.train_batch_size", rl.groups, "rl.groups"),
        Line("data.max_prompt_length", data.max_prompt_length, "data.max_prompt_length"),
        Line("data.max_response_length", rl.max_completion_length, "rl.max_completion_length"),
        Line("data.filter_overlong_prompts", True, "longer prompts are left out"),
        Line("algorithm.adv_estimator", "grpo"),
        Line("algorithm.norm_adv_by_std_in_grpo", rl.scale_rewards == "group", f"rl.scale_rewards {rl.scale_rewards}"),
        Line("algorithm.use_kl_in_reward", False),
        Line("algorithm.filter_groups.enable", rl.resample > 0, "rl.resample; verl draws until the batch is full"),
        Line("algorithm.filter_groups.metric", "reward"),
        Line("actor_rollout_ref.model.path", model.path, "model.path"),
        Line("actor_rollout_ref.model.lora_rank", model.lora_rank, "model.lora_rank"),
        Line("actor_rollout_ref.model.lora_alpha", model.lora_alpha, "model.lora_alpha"),
        Line(
            "actor_rollout_ref.model.enable_gradient_checkpointing",
            model.gradient_checkpointing,
            "model.gradient_checkpointing",
        ),
        Line("actor_rollout_ref.model.custom_chat_template", model.chat_template or None, "model.chat_template"),
        Line(f"{actor}.ppo_mini_batch_size", rl.groups // rl.updates, "rl.groups / rl.updates"),
        Line(f"{actor}.ppo_epochs", rl.iterations, "rl.iterations"),
        Line(f"{actor}.use_dynamic_bsz", rl.micro_batch is None, "rl.micro_batch"),
        Line(f"{actor}.ppo_micro_batch_size_per_gpu", rl.micro_batch, "rl.micro_batch"),
        Line(f"{actor}.ppo_max_token_len_per_gpu", max(16_384, longest), "room for the longest sample"),
        Line(f"{actor}.clip_ratio_low", rl.clip_low, "rl.clip_low"),
        Line(f"{actor}.clip_ratio_high", rl.clip_high, "rl.clip_high"),
        Line(f"{actor}.policy_loss.loss_mode", loss, f"rl.loss {rl.loss}"),
        Line(f"{actor}.loss_agg_mode", averaged, f"rl.loss {rl.loss}"),
        Line(f"{actor}.entropy_coeff", 0, "none, as in TRL"),
        Line(f"{actor}.use_kl_loss", rl.beta > 0, "rl.beta"),
        Line(f"{actor}.kl_loss_coef", rl.beta, "rl.beta"),
        Line(f"{actor}.kl_loss_type", "low_var_kl", "TRL's estimator, k3"),
        Line(f"{optim}.lr", rl.learning_rate, "rl.learning_rate"),
        Line(f"{optim}.lr_scheduler_type", rl.schedule, "rl.schedule"),
        Line(f"{optim}.lr_warmup_steps", -(-rl.warmup // _per_generation(config)), "rl.warmup, in generations"),
        Line(f"{optim}.weight_decay", rl.weight_decay, "rl.weight_decay"),
        Line(f"{optim}.betas", [0.9, rl.beta2], "rl.beta2"),
        Line(f"{optim}.clip_grad", rl.max_grad_norm, "rl.max_grad_norm"),
        Line(f"{actor}.grad_clip", rl.max_grad_norm, "rl.max_grad_norm"),
        Line(f"{rollout}.name", "vllm"),
        Line(f"{rollout}.dtype", model.dtype, "model.dtype"),
        Line(f"{rollout}.n", rl.group_size, "rl.group_size"),
        Line(f"{rollout}.temperature", rl.temperature, "rl.temperature"),
        Line(f"{rollout}.top_p", rl.top_p, "rl.top_p"),
        Line(f"{rollout}.top_k", rl.top_k or -1, "rl.top_k"),
        Line(f"{rollout}.max_model_len", longest, "data.max_prompt_length + rl.max_completion_length"),
        Line(f"{rollout}.tensor_model_parallel_size", 1, "override to split a large model"),
        Line(f"{rollout}.log_prob_micro_batch_size_per_gpu", rl.micro_batch, "rl.micro_batch"),
        Line("actor_rollout_ref.ref.log_prob_micro_batch_size_per_gpu", rl.micro_batch, "rl.micro_batch"),
        Line(f"{rollout}.val_kwargs.n", config.eval.samples if measured else 1, "eval.samples"),
        Line(f"{rollout}.val_kwargs.temperature", config.eval.temperature, "eval.temperature"),
        Line(f"{rollout}.val_kwargs.do_sample", measured, "eval.temperature"),
        Line(
            f"{rollout}.agent.default_agent_loop",
            "stepsmith_masks_truncated" if rl.mask_truncated else "single_turn_agent",
            "rl.mask_truncated",
        ),
        Line("reward.reward_manager.source", "importlib"),
        Line("reward.reward_manager.name", "RewardManager", "marks completions that were cut off"),
        Line("reward.reward_manager.module.path", "pkg://stepsmith_hooks"),
        Line("reward.custom_reward_function.path", f"{FOLDER}/reward.py"),
        Line("reward.custom_reward_function.name", "compute_score"),
    ]
    reward = "reward.custom_reward_function.reward_kwargs"
    lines += [
        Line(f"{reward}.judge_url", JUDGE),
        Line(f"{reward}.reward", rewards.reward, "rl.rewards.reward"),
        Line(
            f"{reward}.environments",
            {str(name): str(reward) for name, reward in rewards.environments.items()},
            "rl.rewards.environments",
        ),
        Line(f"{reward}.mask_truncated", rewards.mask_truncated, "rl.rewards.mask_truncated"),
        Line(f"{reward}.retries", rewards.retries, "rl.rewards.retries"),
        Line("trainer.total_training_steps", verl_steps(config), "rl.steps, in generations"),
        Line("trainer.total_epochs", 1 if ordered else verl_steps(config), "ends by steps"),
        Line("trainer.save_freq", -(-config.runtime.checkpoint_every // _per_generation(config)), "checkpoint_every"),
        Line("trainer.max_actor_ckpt_to_keep", config.runtime.keep_checkpoints, "keep_checkpoints"),
        Line("trainer.test_freq", _test_freq(config), "eval.every; 0: before and after"),
        Line("trainer.logger", ["console", *config.runtime.report_to], "report_to"),
        Line("trainer.project_name", "stepsmith"),
        Line("trainer.experiment_name", "grpo"),
        Line("trainer.default_local_dir", f"{FOLDER}/checkpoints"),
        Line("trainer.v1.trainer_mode", "sync", "completions without a reward leave their group; see docs/verl.md"),
        Line(
            "ray_kwargs.ray_init.runtime_env.env_vars.PYTHONPATH",
            "${oc.env:PYTHONPATH}",
            "stepsmith_hooks on every node",
        ),
    ]
    return lines


def _test_freq(config: TrainConfig) -> int:
    every = -(-config.eval.every // _per_generation(config))
    return every or verl_steps(config)


def _nested(lines: list[Line], depth: int = 0) -> list[str]:
    """Return YAML lines of settings with dotted keys; keys with the same first part are grouped."""
    groups: dict[str, list[Line]] = {}
    for line in lines:
        head, _, rest = line.key.partition(".")
        groups.setdefault(head, []).append(line._replace(key=rest))
    text: list[str] = []
    for head, members in groups.items():
        if members[0].key:
            text += [f"{'  ' * depth}{head}:", *_nested(members, depth + 1)]
        else:
            note = f"  # {members[0].source}" if members[0].source else ""
            text.append(f"{'  ' * depth}{head}: {_scalar(members[0].value)}{note}")
    return text


def _scalar(value: Value) -> str:
    """Return a value as JSON, which is also YAML; a float gets a decimal point, which YAML 1.1 needs."""
    if isinstance(value, float):
        mantissa, e, exponent = repr(value).partition("e")
        return f"{mantissa if '.' in mantissa else mantissa + '.0'}{e}{exponent}"
    return json.dumps(value)
