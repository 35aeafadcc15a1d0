"""The configuration of a training run: TOML in, one typed struct out; unknown keys are errors.

Every number that a paper or a library states carries its source in the preset that uses it (``presets/``); the defaults
below are our choices, sized for a laptop.
"""

from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from stepsmith.core.errors import ConfigError
from stepsmith.core.files import check_not_a_pipe
from stepsmith.core.nested import laid_over, refuse_renamed
from stepsmith.core.records import Record
from stepsmith.curriculum import Mix, Schedule, load_curriculum
from stepsmith.curriculum.library import AnyCurriculum
from stepsmith.scoring.scorer import RewardSettings
from stepsmith.scoring.tests import SplitSettings
from stepsmith.synth.exercises import ExerciseSettings
from stepsmith.train.ablations import AblationSettings, SelectSettings

Stage = Literal["sft", "rl"]
PromptLength = Literal["full", "brief"]
Positive = Annotated[int, Meta(ge=1)]
Count = Annotated[int, Meta(ge=0)]
Share = Annotated[float, Meta(ge=0, le=1)]
Rate = Annotated[float, Meta(gt=0)]

# Settings that had another name: old dotted key -> new one. An old key is an error that names the new one.
RENAMED_KEYS = {
    "rl.kl": "rl.beta",
    "rl.rate_first": "rl.initial_samples",
    "rl.skip_silent": "rl.skip_zero_advantage",
    "rl.max_reply_tokens": "rl.max_completion_length",
    "rl.grading.rewards": "rl.rewards",
    "rl.grading.retries": "rl.rewards.retries",
    "rl.grading": "rl.tests",
    "rl.reward": "rl.random_reward",
    "rl.shape": "rl.ablation",
    "sft.shape": "sft.ablation",
    "data.max_prompt_tokens": "data.max_prompt_length",
    "measure": "eval",
    "attempts": "runtime.rollouts",
    "judges": "runtime.judge_workers",
    **{
        name: f"runtime.{name}"
        for name in ("checkpoint_every", "keep_checkpoints", "log_every", "report_to", "threads")
    },
}


class ModelSettings(Record, frozen=True, kw_only=True):
    """The policy: a folder (or hub name) in Hugging Face's form, or a small decoder made from scratch.

    From scratch: a Llama of ``layers`` × ``hidden`` with rotary positions and tied embeddings, over a byte-level BPE of
    ``vocabulary`` tokens that is learnt from the training prompts and answers.
    """

    path: str = ""  # empty: from scratch
    vocabulary: Positive = 640
    hidden: Positive = 96
    intermediate: Positive = 256
    layers: Positive = 3
    heads: Positive = 4
    context: Positive = 512  # tokens, prompt and completion together; a loaded model's own limit holds as well
    dtype: Literal["float32", "bfloat16"] = "float32"  # of what is computed; weights that are trained are float32
    lora_rank: Count = 0  # 0: full fine-tuning
    lora_alpha: Positive = 32
    chat_template: str = ""  # Jinja2, for a tokenizer that has none
    gradient_checkpointing: bool = False


class DataSettings(Record, frozen=True, kw_only=True):
    """The problems to train on, in addition to the exercises of a stage.

    Problems whose composition is held out (a share ``held_out`` of all compositions of two features or more, chosen
    by hash) never train anything, in SFT or RL; training is measured on them.
    """

    problems: tuple[str, ...] = ()  # folders of `stepsmith synth` or Parquet files
    real: tuple[str, ...] = ()  # the same, for problems that people wrote: see Mix.real
    held_out: Share = 0.1
    prompt: PromptLength = "full"
    max_prompt_length: Positive = 384  # longer prompts are left out, and counted


class SftSettings(Record, frozen=True, kw_only=True):
    """Supervised fine-tuning on golden solutions. The loss is over the reply alone."""

    exercises: ExerciseSettings | None = None  # straight from the grammar, beside data.problems
    ablation: AblationSettings = AblationSettings()
    steps: Positive = 450
    batch: Positive = 64
    micro_batch: Positive | None = None  # examples per device at a time; None: its whole share
    learning_rate: Rate = 4e-3
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    warmup: Count = 30  # steps
    weight_decay: Annotated[float, Meta(ge=0)] = 0.01
    beta2: Share = 0.95
    max_grad_norm: Rate = 1.0
    packing: bool = False


class TeacherSettings(Record, frozen=True, kw_only=True):
    """The teacher in the loop of RL (what Deep Dive names as missing); ``every`` 0 leaves it out.

    Every so many steps the problems whose pass rate in training left ``low``..``high`` go to the teacher, at most
    ``problems`` of them, worst first, with attempts of the policy as it is then.
    """

    every: Count = 0  # steps
    problems: Positive = 8
    low: Share = 0.1
    high: Share = 0.9
    teacher: str = "offline"  # or a model of the synthesis configuration
    attempts: Positive = 8  # of the policy on each new problem
    config: str = ""  # TOML of `stepsmith synth` for the rest (models, admission, voters)


class RlSettings(Record, frozen=True, kw_only=True):
    """Group-relative policy optimisation as TRL names its parts."""

    exercises: ExerciseSettings | None = None
    ablation: AblationSettings = AblationSettings()
    initial_samples: Count = 0  # completions per problem that rate the pool by this policy before training
    select: SelectSettings = SelectSettings()  # after that
    steps: Positive = 120  # optimiser steps
    groups: Positive = 12  # problems per generation
    group_size: Annotated[int, Meta(ge=2)] = 8  # completions per problem
    micro_batch: Positive | None = None  # completions per device at a time; None: its whole share
    updates: Positive = 1  # optimiser steps per generation: each uses its own share of the completions
    iterations: Positive = 1  # passes over each generation (mu in the GRPO paper)
    learning_rate: Rate = 1e-4
    schedule: Literal["cosine", "linear", "constant"] = "constant"
    warmup: Count = 5
    weight_decay: Annotated[float, Meta(ge=0)] = 0.0
    beta2: Share = 0.95
    max_grad_norm: Rate = 0.2
    temperature: Rate = 1.0
    top_p: Share = 1.0
    top_k: Count = 0
    max_completion_length: Positive = 96
    scale_rewards: Literal["none", "group", "batch"] = "none"  # Deep Dive: no standard deviation
    beta: Annotated[float, Meta(ge=0)] = 0.0  # weight of the KL term; Deep Dive and X-Coder: none
    loss: Literal["grpo", "dapo", "bnpo", "dr_grpo", "cispo"] = "dapo"
    clip_low: Rate = 0.2
    clip_high: Rate = 0.28  # clip-higher, DAPO's value
    mask_truncated: bool = True
    skip_zero_advantage: bool = (
        False  # skip completions with zero advantage; the logged entropy then covers only the others
    )
    resample: Count = 0  # how often groups of zero variance are replaced, per generation
    vllm: Literal["off", "colocate", "server"] = "off"
    curriculum: str = "learnability"  # as in `stepsmith curriculum list`
    empty_bands: Literal["", "error", "nearest"] = ""  # overrides the setting of the schedule
    mix: Mix = Mix()
    rewards: RewardSettings = RewardSettings()
    tests: SplitSettings = SplitSettings()
    random_reward: bool = False  # a control that must not learn anything
    teacher: TeacherSettings = TeacherSettings()


class EvalSettings(Record, frozen=True, kw_only=True):
    """How a policy is evaluated on held-out problems."""

    every: Count = 0  # steps; 0: before and after only
    problems: Count = 200  # at most, the same ones every time
    samples: Positive = 4  # completions per problem at ``temperature``
    temperature: Annotated[float, Meta(ge=0)] = 1.0  # 0: greedy, and then one sample
    exercises: ExerciseSettings | None = None  # the held-out ones of these are evaluated too


class TrainRuntimeSettings(Record, frozen=True, kw_only=True):
    """Settings that do not change the result. They may differ when a run is resumed."""

    checkpoint_every: Positive = 50  # steps
    keep_checkpoints: Positive = 2
    log_every: Positive = 5  # steps
    report_to: tuple[str, ...] = ()  # as TRL's: "tensorboard", "trackio", "wandb"
    threads: Count = 0  # of torch on the CPU; 0: torch's own choice
    rollouts: str = ""  # folder of scored completions that runs share; empty: the run's own
    judge_workers: Count = 0  # processes that run programs; 0: one per core


class TrainConfig(Record, frozen=True, kw_only=True):
    """The configuration of a training. ``stage`` is set by the command: ``train sft`` or ``train rl``."""

    stage: Stage = "sft"
    about: str = ""
    seed: int = 0
    model: ModelSettings = ModelSettings()
    data: DataSettings = DataSettings()
    sft: SftSettings = SftSettings()
    rl: RlSettings = RlSettings()
    eval: EvalSettings = EvalSettings()
    isolation: Literal["auto", "L0", "L1", "L2", "L3"] = "auto"
    allow_unsafe: bool = False
    runtime: TrainRuntimeSettings = TrainRuntimeSettings()

    def fingerprint_fields(self) -> object:
        """Return the settings that a run's results depend on, as JSON-able builtins: all but ``runtime``."""
        plain = msgspec.to_builtins(self)
        plain.pop("runtime")
        plain.pop("rl" if self.stage == "sft" else "sft")
        return plain


def curriculum_of(rl: RlSettings) -> AnyCurriculum:
    """Return the curriculum of a run. Raises ``ConfigError``."""
    curriculum = load_curriculum(rl.curriculum)
    if rl.empty_bands and isinstance(curriculum, Schedule):
        return msgspec.structs.replace(curriculum, empty=rl.empty_bands)
    return curriculum


def presets() -> dict[str, TrainConfig]:
    """Return the configurations that ship with Stepsmith, by name."""
    folder = files("stepsmith.train").joinpath("presets")
    found = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".toml")), key=lambda entry: entry.name)
    return {entry.name.removesuffix(".toml"): _read(entry.read_bytes(), entry.name) for entry in found}


def load_training(name: str) -> TrainConfig:
    """Return a configuration by what a user calls it: a preset, or a TOML file. Raises ``ConfigError``.

    A file may begin with ``preset = "NAME"``; then it says only what differs from that preset.
    """
    if not name.endswith(".toml"):
        known = presets()
        if name not in known:
            raise ConfigError(f"there is no training preset {name!r}: give a .toml file or one of {', '.join(known)}")
        return known[name]
    check_not_a_pipe(Path(name), read_once=True)
    try:
        text = Path(name).read_bytes()
    except OSError as error:
        raise ConfigError(f"{name} cannot be read: {error.strerror}") from None
    return _read(text, name)


def with_overrides(config: TrainConfig, changes: dict[str, object]) -> TrainConfig:
    """Return ``config`` with nested ``changes`` laid over it, checked like a file. Raises ``ConfigError``."""
    refuse_renamed(changes, RENAMED_KEYS)
    try:
        return _checked(msgspec.convert(laid_over(msgspec.to_builtins(config), changes), TrainConfig))
    except msgspec.ValidationError as error:
        raise ConfigError(f"{error}") from None


def _read(text: bytes, where: str) -> TrainConfig:
    try:
        plain = msgspec.toml.decode(text, type=dict[str, object])
        base = plain.pop("preset", None)
        refuse_renamed(plain, RENAMED_KEYS)
        if base is not None:
            plain = laid_over(msgspec.to_builtins(load_training(str(base))), plain)
        return _checked(msgspec.convert(plain, TrainConfig))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{where}: {error}") from None


def _checked(config: TrainConfig) -> TrainConfig:
    rl = config.rl
    if rl.group_size * rl.groups % rl.updates:
        raise ConfigError(
            f"rl: {rl.groups} groups of {rl.group_size} replies cannot be split into {rl.updates} equal updates"
        )
    if rl.skip_zero_advantage and (rl.loss not in ("dapo", "cispo") or rl.beta):
        raise ConfigError("rl.skip_zero_advantage is exact with loss dapo or cispo and with beta 0; set it to false")
    if config.model.hidden % config.model.heads:
        raise ConfigError(f"model: hidden {config.model.hidden} is not a multiple of heads {config.model.heads}")
    if rl.teacher.low >= rl.teacher.high:
        raise ConfigError("rl.teacher: low must be below high")
    return config
