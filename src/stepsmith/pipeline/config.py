"""The configuration of a run: TOML in, one typed struct out; unknown keys are errors.

Every number that a paper states carries its source; the others are our choice and say so.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, get_args, get_type_hints

import msgspec
from msgspec import Meta

from stepsmith.core.errors import ConfigError
from stepsmith.core.files import check_not_a_pipe
from stepsmith.core.nested import refuse_renamed
from stepsmith.core.records import Environment, Record, Style
from stepsmith.llm.records import ModelSpec
from stepsmith.synth.seed_files import ROW_FIELD
from stepsmith.synth.skill import SkillModel
from stepsmith.synth.two_stage.settings import TwoStageSettings
from stepsmith.verify.suite.admission import AdmissionSettings

Positive = Annotated[int, Meta(ge=1)]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Mode = Literal["multi-turn", "hard-first", "single-turn"]
Profile = Literal["micro", "contest"]
Method = Literal["teacher-student", "two-stage"]
RENAMED_KEYS = {
    "memory": "runtime.cache",
    "prompts.dir": "runtime.prompts",
    "two_stage.tree": "runtime.tree",
    **{name: f"runtime.{name}" for name in ("workers", "chains_at_once", "budget", "cache", "policy")},
}  # old dotted key -> new dotted key; an old one is an error that names the new one


class SynthSettings(Record, frozen=True, kw_only=True):
    """What is made."""

    seeds: tuple[str, ...] = ()  # files or folders of Python, notebooks or JSONL; empty: the standard library
    seed_field: str = ROW_FIELD  # of a JSONL row: the field that holds the code
    chains: Positive = 24
    turns: Positive = 6  # Deep Dive
    mode: Mode = "multi-turn"
    method: Method = "teacher-student"  # of a teacher that is a model: Deep Dive's, or X-Coder's
    profile: Profile = "contest"
    seed: int = 0
    teacher: str = "offline"
    student: str = "simulated"  # or a model, or the folder of a trained policy
    solvers: tuple[str, ...] = ()  # models whose programs vote on the outputs beside the teacher's
    strong_solver: str = ""  # a model that has no vote: what it never solves is dropped (X-Coder); empty: not asked
    strong_attempts: Positive = 4  # that it has for each problem; ours, the paper gives no figure
    attempts: Positive = 32  # M in Deep Dive; 8 was too noisy
    environments: dict[Environment, float] = msgspec.field(
        # Our choice: induction makes full contest problems, the others reuse its programs.
        default_factory=lambda: {"induction": 0.55, "abduction": 0.15, "deduction": 0.15, "fuzzing": 0.15}
    )
    styles: dict[Style, float] = msgspec.field(
        default_factory=lambda: {"codeforces": 0.70, "atcoder": 0.15, "leetcode": 0.15}  # X-Coder, 70:15:15
    )


class RefineSettings(Record, frozen=True, kw_only=True):
    """When the teacher makes a problem harder or easier (Deep Dive)."""

    harder_above: Share = 0.65
    medium_low: Share = 0.35  # the band the teacher aims at is medium_low..harder_above
    keep_low: Share = 0.01  # 0.01 <= p <= 0.97 is kept
    keep_high: Share = 0.97


class VoterSettings(Record, frozen=True, kw_only=True):
    """How labels are settled, and who votes on the offline teacher's problems. Our choices, sized for speed.

    ``auto`` is X-Coder's dual verification for the two-stage method and ours for the rest: consensus knows solvers from
    weak models (docs/verification.md), and without worked examples not even eight of them that agree are enough for it.
    """

    method: Literal["auto", "consensus", "dual-verification"] = "auto"
    target_error: Share = 0.02  # consensus: wanted share of wrong goldens among accepted problems
    candidates: Positive = 6  # solutions that vote
    skill_bonus: float = 2.5  # logits by which a voter is better than the student
    hold_out: Share = 0.5  # X-Coder: about half


class SuiteSettings(Record, frozen=True, kw_only=True):
    """How much is spent on the tests of a problem. Our choices, sized for speed; 0 switches a part off."""

    growth_executions: Annotated[int, Meta(ge=0)] = 48  # runs spent on tests against wrong programs that got past
    mutants: Annotated[int, Meta(ge=0)] = 6  # fresh mutants that measure the kill rate
    pool: Annotated[int, Meta(ge=0)] = 6  # further inputs that tell equivalent mutants


class JudgeSettings(Record, frozen=True, kw_only=True):
    """How programs are run."""

    isolation: Literal["auto", "L0", "L1", "L2", "L3"] = "auto"
    allow_unsafe: bool = False


class PromptSettings(Record, frozen=True, kw_only=True):
    """Which prompts are used. They are found by ``runtime.prompts``."""

    version: str = ""  # hash of all templates; filled in when a model is asked


class RuntimeSettings(Record, frozen=True, kw_only=True):
    """Settings that do not change the data set. They may differ when a run is resumed.

    ``prompts``, ``tree`` and ``policy`` only say where files are; what is in them is part of the fingerprint elsewhere.
    """

    workers: Positive = msgspec.field(default_factory=lambda: len(os.sched_getaffinity(0)))
    chains_at_once: Positive = 16  # with models behind endpoints, where a chain mostly waits
    budget: str = ""  # as --budget: "5 USD", "2M tokens"
    cache: str = ""  # the file of the completion cache; empty: in $STEPSMITH_CACHE or the user's cache folder
    prompts: str = ""  # a folder whose templates replace ours of the same name
    tree: str = ""  # the file of the feature tree; empty: the starter tree
    policy: str = ""  # the folder of a trained policy that is the student; filled in from --student


class Config(Record, frozen=True, kw_only=True):
    """All of it. ``models`` are tables ``[models.NAME]``; a teacher, student or solver is named after one of them."""

    synth: SynthSettings = SynthSettings()
    refine: RefineSettings = RefineSettings()
    voters: VoterSettings = VoterSettings()
    simulated: SkillModel = SkillModel()
    admission: AdmissionSettings = AdmissionSettings()
    suite: SuiteSettings = SuiteSettings()
    judge: JudgeSettings = JudgeSettings()
    models: dict[str, ModelSpec] = msgspec.field(default_factory=dict)
    prompts: PromptSettings = PromptSettings()
    two_stage: TwoStageSettings = TwoStageSettings()
    runtime: RuntimeSettings = msgspec.field(default_factory=lambda: RuntimeSettings())

    @property
    def uses_dual_verification(self) -> bool:
        """Whether labels are settled as in X-Coder."""
        method = self.voters.method
        return method == "dual-verification" or (method == "auto" and self.synth.method == "two-stage")

    def fingerprint_fields(self) -> object:
        """Return the settings that the data set depends on, as JSON-able builtins.

        That is all but ``runtime``; of models, it is their weights and how they are sampled.
        """
        plain = msgspec.to_builtins(self)
        plain.pop("runtime")
        asked = {self.synth.teacher, self.synth.student, *self.synth.solvers, self.synth.strong_solver}
        plain["models"] = {
            name: {"weights": spec.weights, "sampling": plain["models"][name]["sampling"]}
            for name, spec in self.models.items()
            if name in asked
        }
        return plain


def load_config(path: Path | None) -> Config:
    """Read a TOML file; without one, the defaults. Raises ``ConfigError`` in one line."""
    if path is None:
        return Config()
    check_not_a_pipe(path, read_once=True)
    try:
        plain = msgspec.toml.decode(path.read_bytes())
        refuse_renamed(plain, RENAMED_KEYS)
        return checked(msgspec.convert(_with_names(plain), Config))
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist.") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {_in_words(error)}.") from None


def _with_names(plain: dict[str, object]) -> dict[str, object]:
    """Tell each table ``[models.NAME]`` its name."""
    models = plain.get("models")
    for name, table in models.items() if isinstance(models, dict) else ():
        if isinstance(table, dict) and table.setdefault("name", name) != name:
            raise msgspec.ValidationError(f"models.{name}.name is {table['name']!r}; leave it out")
    return plain


def with_changes(
    config: Config,
    *,
    workers: int | None,
    allow_unsafe: bool | None,
    synth: Mapping[str, object],
    budget: str | None = None,
) -> Config:
    """Return ``config`` with what was given on the command line (None: keep), checked like a file."""
    plain = msgspec.to_builtins(config)
    plain["synth"] |= {key: value for key, value in synth.items() if value is not None}
    if workers is not None:
        plain["runtime"]["workers"] = workers
    if budget is not None:
        plain["runtime"]["budget"] = budget
    if allow_unsafe is not None:
        plain["judge"]["allow_unsafe"] = allow_unsafe
    try:
        return checked(msgspec.convert(plain, Config))
    except msgspec.ValidationError as error:
        raise ConfigError(f"{_in_words(error)}.") from None


def _in_words(error: Exception) -> str:
    """The error; where a word is none of those allowed, with these: msgspec tells the place alone."""
    place = re.fullmatch(r"Invalid enum value .* - at `\$\.([\w.]+)`", str(error))
    kind: object = Config
    for name in place[1].split(".") if place else ():
        kind = get_type_hints(kind).get(name) if isinstance(kind, type) else None
    return f"{error}, which is one of: {', '.join(get_args(kind))}" if get_args(kind) else str(error)


def checked(config: Config) -> Config:
    """Return ``config`` unchanged when it makes sense as a whole. Raises ``ConfigError``."""
    for name, weights in (("environments", config.synth.environments), ("styles", config.synth.styles)):
        if not weights or min(weights.values()) < 0 or sum(weights.values()) <= 0:
            raise ConfigError(f"synth.{name} needs weights that are not negative and not all zero, got {weights}.")
    if config.refine.keep_low > config.refine.keep_high:
        raise ConfigError("refine.keep_low is above refine.keep_high: nothing could be kept.")
    return config
