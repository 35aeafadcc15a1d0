"""The configuration of a training run, read from TOML into one typed struct; unknown keys are errors.

The defaults below are our choices, sized for a laptop. Values from a paper or a library are in the presets
(``presets/``), where a comment names the source of each.
"""

from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from stepsmith.core.errors import ConfigError
from stepsmith.core.files import check_not_a_pipe
from stepsmith.core.nested import in_words, laid_over, refuse_renamed, wrong_setting
from stepsmith.core.records import Record, SeedNumber
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

# Renamed settings: old dotted key -> new one. An old key is an error that names the new one.
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
    """The policy to train: a model in Hugging Face's format (folder or hub name), or a small new decoder.

    The new decoder is a Llama with ``layers`` layers of width ``hidden``, rotary positions and tied embeddings. Its
    tokenizer is a byte-level BPE of ``vocabulary`` tokens, learnt from the training prompts and answers.
    """

    path: str = ""  # empty: a new decoder
    vocabulary: Positive = 640
    hidden: Positive = 96
    intermediate: Positive = 256
    layers: Positive = 3
    heads: Positive = 4
    context: Positive = 512  # tokens of prompt and completion together; a loaded model's own limit also applies
    dtype: Literal["float32", "bfloat16"] = "float32"  # precision of the computation; trained weights are float32
    lora_rank: Count = 0  # 0: full fine-tuning
    lora_alpha: Positive = 32
    chat_template: str = ""  # Jinja2 template, for a tokenizer that has none
    gradient_checkpointing: bool = False


class DataSettings(Record, frozen=True, kw_only=True):
    """The problems to train on, in addition to the exercises of a stage.

    The share ``held_out`` of all compositions of two or more features is held out, chosen by a hash. Problems with such
    a composition are never trained on, in SFT or RL; the policy is evaluated on them.
    """

    problems: tuple[str, ...] = ()  # folders of `stepsmith synth` or Parquet files
    real: tuple[str, ...] = ()  # the same for problems written by people: see rl.mix.real
    held_out: Share = 0.1
    prompt: PromptLength = "full"
    max_prompt_length: Positive = 384  # tokens; problems with a longer prompt are left out and counted


class SftSettings(Record, frozen=True, kw_only=True):
    """Supervised fine-tuning on golden solutions. The loss is over the completion alone.

    ``control`` replaces the lessons by as many tokens of something else: "shuffled" gives each prompt the answer of
    another problem, "raw-code" is Python's standard library (see ``train.lessons``).
    """

    exercises: ExerciseSettings | None = None  # problems made by the grammar, in addition to data.problems
    synthetic: ExerciseSettings | None = None  # further exercises, beside those that stand for real problems
    ablation: AblationSettings = AblationSettings()
    reasoning: bool = False  # worked reasoning before the answer, where the grammar can write it
    control: Literal["none", "shuffled", "raw-code"] = "none"
    steps: Positive = 450
    batch: Positive = 64
    micro_batch: Positive | None = None  # examples that a device computes at a time; None: its whole part
    learning_rate: Rate = 4e-3
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    warmup: Count = 30  # steps
    weight_decay: Annotated[float, Meta(ge=0)] = 0.01
    beta2: Share = 0.95
    max_grad_norm: Rate = 1.0
    packing: bool = False


class TeacherSettings(Record, frozen=True, kw_only=True):
    """A teacher that makes new problems during RL, which Deep Dive names as future work; ``every`` 0 turns it off.

    Every ``every`` steps the teacher gets problems whose pass rate in training is outside ``low``..``high``: at most
    ``problems`` of them, the farthest outside first, with attempts of the current policy.
    """

    every: Count = 0  # steps
    problems: Positive = 8
    low: Share = 0.1
    high: Share = 0.9
    teacher: str = "offline"  # or the name of a model of the synthesis configuration
    attempts: Positive = 8  # attempts of the policy on each new problem
    config: str = ""  # TOML of `stepsmith synth` for all other settings (models, admission, voters)


class RlSettings(Record, frozen=True, kw_only=True):
    """Group-relative policy optimisation; most names are those of TRL's ``GRPOConfig``."""

    exercises: ExerciseSettings | None = None
    synthetic: ExerciseSettings | None = None
    ablation: AblationSettings = AblationSettings()
    initial_samples: Count = 0  # completions per problem, sampled before training to rate the pool; 0: no rating
    select: SelectSettings = SelectSettings()  # which rated problems are trained on
    steps: Positive = 120  # optimiser steps
    groups: Positive = 12  # problems per generation
    group_size: Annotated[int, Meta(ge=2)] = 8  # completions per problem
    micro_batch: Positive | None = None  # completions that a device computes at a time; None: its whole part
    updates: Positive = 1  # optimiser steps per generation; each uses its own part of the completions
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
        False  # skip completions with zero advantage; then the logged entropy is over the others only
    )
    resample: Count = 0  # how many times per generation groups of equal rewards are replaced by other problems
    vllm: Literal["off", "colocate", "server"] = "off"
    curriculum: str = "learnability"  # a name from `stepsmith curriculum list`
    empty_bands: Literal["", "error", "nearest"] = (
        ""  # what a schedule does with an empty band; "": as the schedule says
    )
    mix: Mix = Mix()
    rewards: RewardSettings = RewardSettings()
    tests: SplitSettings = SplitSettings()
    random_reward: bool = False  # a control of studies: rewards are random, so nothing can be learnt
    teacher: TeacherSettings = TeacherSettings()


class EvalSettings(Record, frozen=True, kw_only=True):
    """How a policy is evaluated on held-out problems."""

    every: Count = 0  # steps; 0: only before and after training
    problems: Count = 200  # most held-out problems; every evaluation uses the same ones
    samples: Positive = 4  # completions per problem at ``temperature``
    temperature: Annotated[float, Meta(ge=0)] = 1.0  # 0: greedy, with one sample
    exercises: ExerciseSettings | None = None  # held-out exercises, in addition to the held-out problems
    sets: dict[str, ExerciseSettings] = msgspec.field(default_factory=dict)  # more of them, each a group of that name


class TrainRuntimeSettings(Record, frozen=True, kw_only=True):
    """Settings that do not change the result. They may differ when a run is resumed."""

    checkpoint_every: Positive = 50  # steps
    keep_checkpoints: Positive = 2
    log_every: Positive = 5  # steps
    report_to: tuple[str, ...] = ()  # logging services, as in TRL: "tensorboard", "trackio", "wandb"
    threads: Count = 0  # threads of torch on the CPU; 0: torch chooses
    rollouts: str = ""  # folder of scored completions that several runs share; empty: a folder of this run
    judge_workers: Count = 0  # processes that run programs; 0: one per core
    judges: tuple[str, ...] = ()  # addresses of judge servers; empty: this machine judges


class TrainConfig(Record, frozen=True, kw_only=True):
    """The configuration of a training run. The command sets ``stage``: ``train sft`` or ``train rl``."""

    stage: Stage = "sft"
    about: str = ""
    seed: SeedNumber = 0
    model: ModelSettings = ModelSettings()
    data: DataSettings = DataSettings()
    sft: SftSettings = SftSettings()
    rl: RlSettings = RlSettings()
    eval: EvalSettings = EvalSettings()
    isolation: Literal["auto", "L0", "L1", "L2", "L3"] = "auto"
    allow_unsafe: bool = False
    runtime: TrainRuntimeSettings = TrainRuntimeSettings()

    def fingerprint_fields(self) -> object:
        """Return the settings that a run's results depend on (all but ``runtime``), as builtins for JSON."""
        plain = msgspec.to_builtins(self)
        plain.pop("runtime")
        plain.pop("rl" if self.stage == "sft" else "sft")
        return plain


def curriculum_of(rl: RlSettings) -> AnyCurriculum:
    """Return the curriculum of a run. Raises ``ConfigError`` if its name is unknown."""
    curriculum = load_curriculum(rl.curriculum)
    if rl.empty_bands and isinstance(curriculum, Schedule):
        return msgspec.structs.replace(curriculum, empty=rl.empty_bands)
    return curriculum


def presets() -> dict[str, TrainConfig]:
    """Return the configurations that ship with Stepsmith, by name."""
    return {name: _read(text, name) for name, text in _preset_files().items()}


def _preset_files() -> dict[str, bytes]:
    folder = files("stepsmith.train").joinpath("presets")
    found = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".toml")), key=lambda entry: entry.name)
    return {entry.name.removesuffix(".toml"): entry.read_bytes() for entry in found}


def load_training(name: str) -> TrainConfig:
    """Return the configuration of a preset or of a TOML file. Raises ``ConfigError``.

    A file may begin with ``preset = "NAME"``; then it holds only the settings that differ from that preset.
    """
    if not name.endswith(".toml"):
        known = _preset_files()  # a preset may begin with another one, so only what is asked for is decoded
        if name not in known:
            raise ConfigError(f"there is no training preset {name!r}: give a .toml file or one of {', '.join(known)}")
        return _read(known[name], name)
    check_not_a_pipe(Path(name), read_once=True)
    try:
        text = Path(name).read_bytes()
    except OSError as error:
        raise ConfigError(f"{name} cannot be read: {error.strerror}") from None
    return _read(text, name)


def with_overrides(config: TrainConfig, changes: dict[str, object]) -> TrainConfig:
    """Return ``config`` with the nested ``changes`` applied, checked like a file.

    Raises ``ConfigError``, and for a value that a setting cannot have ``SettingError``.
    """
    refuse_renamed(changes, RENAMED_KEYS)
    try:
        return _checked(msgspec.convert(laid_over(msgspec.to_builtins(config), changes), TrainConfig))
    except msgspec.ValidationError as error:
        raise wrong_setting(error, TrainConfig) from None


def _read(text: bytes, where: str) -> TrainConfig:
    try:
        plain = msgspec.toml.decode(text, type=dict[str, object])
        base = plain.pop("preset", None)
        refuse_renamed(plain, RENAMED_KEYS)
        if base is not None:
            plain = laid_over(msgspec.to_builtins(load_training(str(base))), plain)
        return _checked(msgspec.convert(plain, TrainConfig))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{where}: {in_words(error, TrainConfig)}") from None


def _checked(config: TrainConfig) -> TrainConfig:
    rl = config.rl
    if rl.group_size * rl.groups % rl.updates:
        raise ConfigError(
            f"rl: {rl.groups} groups of {rl.group_size} completions cannot be split into {rl.updates} equal updates"
        )
    if rl.skip_zero_advantage and (rl.loss not in ("dapo", "cispo") or rl.beta):
        raise ConfigError("rl.skip_zero_advantage needs the loss dapo or cispo, and beta 0; set it to false")
    if config.model.hidden % config.model.heads:
        raise ConfigError(f"model: hidden {config.model.hidden} is not a multiple of heads {config.model.heads}")
    if rl.teacher.low >= rl.teacher.high:
        raise ConfigError("rl.teacher: low must be below high")
    return config
