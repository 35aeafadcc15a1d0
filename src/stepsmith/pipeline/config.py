"""The configuration of a synthesis run, read from TOML into one typed struct; unknown keys are errors.

A comment names the paper that a value comes from; values without a paper are our choice.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from stepsmith.cluster.connection import check_executor, is_ray
from stepsmith.core.errors import ConfigError
from stepsmith.core.files import check_not_a_pipe
from stepsmith.core.nested import in_words, refuse_renamed, wrong_setting
from stepsmith.core.records import Environment, Record, SeedNumber, Style
from stepsmith.llm.money import parse_budget
from stepsmith.llm.records import ModelSpec
from stepsmith.pipeline.rating import RatingSettings
from stepsmith.report.toml import to_toml
from stepsmith.synth.progression import Progression
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
    "two_stage.max_reply_tokens": "two_stage.max_completion_tokens",
    **{name: f"runtime.{name}" for name in ("workers", "chains_at_once", "budget", "cache", "policy")},
}  # old dotted key -> new dotted key; an old key is an error that names the new one


class SynthSettings(Record, frozen=True, kw_only=True):
    """What is made: seeds, chains, methods, roles, environments."""

    seeds: tuple[str, ...] = ()  # files or folders of Python, notebooks or JSONL; empty: Python's standard library
    seed_field: str = ROW_FIELD  # the field of a JSONL row that holds the code
    allow_licenses: tuple[str, ...] = ()  # SPDX identifiers that seeds may have; empty: any, also none
    chains: Positive = 24
    turns: Positive = 6  # Deep Dive
    mode: Mode = "multi-turn"
    method: Method = "teacher-student"  # how a model teaches: "teacher-student" (Deep Dive), "two-stage" (X-Coder)
    profile: Profile = "contest"
    seed: SeedNumber = 0
    teacher: str = "offline"
    student: str = "simulated"  # or a model, or the folder of a trained policy
    solvers: tuple[str, ...] = ()  # models whose programs vote on the outputs, in addition to the teacher's
    strong_solver: str = ""  # a model without a vote; problems that it never solves are dropped (X-Coder); empty: none
    strong_attempts: Positive = 4  # attempts of the strong solver per problem; our choice
    attempts: Positive = 32  # of the student per problem, at most (``rating``): M in Deep Dive, which found 8 too noisy
    environments: dict[Environment, float] = msgspec.field(
        # Our choice: most problems are induction, from whose programs the others are derived.
        default_factory=lambda: {"induction": 0.55, "abduction": 0.15, "deduction": 0.15, "fuzzing": 0.15}
    )
    styles: dict[Style, float] = msgspec.field(
        default_factory=lambda: {"codeforces": 0.70, "atcoder": 0.15, "leetcode": 0.15}  # X-Coder, 70:15:15
    )


class RefineSettings(Record, frozen=True, kw_only=True):
    """When the teacher makes a problem harder or easier (Deep Dive)."""

    harder_above: Share = 0.65
    # At 0, and below this rate while the chain lacks a medium or an easy problem, the next one is easier. Deep Dive: 0,
    # which is at 0 alone. Ours is higher: what few attempts solve is a hard stone already, and another one costs as
    # much while nothing leads up to the first.
    easier_below: Share = 0.35
    medium_low: Share = 0.35  # the teacher aims at pass rates in medium_low..harder_above
    keep_low: Share = 0.01  # problems with a pass rate in keep_low..keep_high are kept
    keep_high: Share = 0.97


class VoterSettings(Record, frozen=True, kw_only=True):
    """How labels are determined, and who votes on the offline teacher's problems. Our choices, sized for speed.

    ``auto`` is X-Coder's dual verification for the two-stage method, and our consensus for all else. Consensus is
    calibrated on solutions of weak models (docs/verification.md); two-stage problems have no worked examples, and
    without these it does not accept even eight solutions that agree.
    """

    method: Literal["auto", "consensus", "dual-verification"] = "auto"
    target_error: Share = 0.02  # consensus: share of wrong golden solutions to aim at among accepted problems
    population: Literal["model-samples", "strong-solvers"] = "model-samples"  # consensus: who the solvers are
    candidates: Positive = 6  # solutions that vote
    skill_bonus: float = 2.5  # how much better a voter is than the simulated student, in logits
    hold_out: Share = 0.5  # dual verification: share of the tests that are held out; X-Coder: about half


class SuiteSettings(Record, frozen=True, kw_only=True):
    """How much work goes into the tests of a problem. Our choices, sized for speed; 0 turns a part off."""

    # Where a teacher gives fewer inputs (Deep Dive: five) and may have them varied, so many tests in all.
    least_tests: Annotated[int, Meta(ge=0)] = 24
    growth_executions: Annotated[int, Meta(ge=0)] = 48  # most program runs to find tests for wrong programs that pass
    mutants: Annotated[int, Meta(ge=0)] = 6  # new mutants that measure the kill rate
    pool: Annotated[int, Meta(ge=0)] = 6  # further inputs that show which mutants are equivalent


class JudgeSettings(Record, frozen=True, kw_only=True):
    """How programs are run."""

    isolation: Literal["auto", "L0", "L1", "L2", "L3"] = "auto"
    allow_unsafe: bool = False


class PromptSettings(Record, frozen=True, kw_only=True):
    """Which prompts are used; ``runtime.prompts`` says where they are."""

    version: str = ""  # hash of all templates; Stepsmith fills it in if the run asks models


class RuntimeSettings(Record, frozen=True, kw_only=True):
    """Settings that do not change the data set. They may differ when a run is resumed.

    ``prompts``, ``tree`` and ``policy`` only say where files are; their contents are part of the fingerprint.
    """

    judges: tuple[str, ...] = ()  # addresses of judge servers; empty: this machine judges
    executor: str = "local"  # or "ray", "ray://HOST:PORT": where chains run
    workers: Positive = msgspec.field(default_factory=lambda: len(os.sched_getaffinity(0)))  # on a cluster: per node
    chains_at_once: Positive = 16  # chains that run side by side if models are asked, when a chain mostly waits
    budget: str = ""  # like --budget: "5 USD", "2M tokens"
    cache: str = ""  # the file of the completion cache; empty: in $STEPSMITH_CACHE or the user's cache folder
    prompts: str = ""  # a folder of templates that replace ours of the same name
    tree: str = ""  # the file of the feature tree; empty: the starter tree
    keep_attempts: bool = True  # write the texts of a model's attempts to attempts.jsonl.gz in the run's folder
    policy: str = ""  # the folder of the trained policy that is the student; filled in from --student


class Config(Record, frozen=True, kw_only=True):
    """All settings. ``models`` holds the tables ``[models.NAME]``; the roles of ``synth`` refer to them by NAME."""

    synth: SynthSettings = SynthSettings()
    refine: RefineSettings = RefineSettings()
    rating: RatingSettings = RatingSettings()
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
    def progression(self) -> Progression:
        """Where chains go next."""
        refine = self.refine
        return Progression(
            medium=(refine.medium_low, refine.harder_above),
            easier_below=refine.easier_below,
            easy_high=refine.keep_high,
            hard_first=self.synth.mode == "hard-first",
        )

    @property
    def uses_dual_verification(self) -> bool:
        """True if labels are determined by X-Coder's dual verification."""
        method = self.voters.method
        return method == "dual-verification" or (method == "auto" and self.synth.method == "two-stage")

    def fingerprint_fields(self) -> object:
        """Return the settings that the data set depends on, as builtins for JSON.

        That is everything except ``runtime``; for models, only the model and its sampling settings.
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
    """Read a TOML file; without one, return the defaults. Raises ``ConfigError``."""
    if path is None:
        return Config()
    check_not_a_pipe(path, read_once=True)
    try:
        plain = msgspec.toml.decode(path.read_bytes())
        refuse_renamed(plain, RENAMED_KEYS)
        return checked(msgspec.convert(_with_names(plain), Config))
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {in_words(error, Config)}") from None


def _with_names(plain: dict[str, object]) -> dict[str, object]:
    """Set ``name`` in each table ``[models.NAME]``."""
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
    rating: Mapping[str, object] | None = None,
    budget: str | None = None,
    executor: str | None = None,
    judges: Sequence[str] = (),
) -> Config:
    """Return ``config`` with the values from the command line (None: keep), checked like a file.

    Raises ``ConfigError``, and for a value that a setting cannot have ``SettingError``.
    """
    plain = msgspec.to_builtins(config)
    plain["synth"] |= {key: value for key, value in synth.items() if value is not None}
    plain["rating"] |= {key: value for key, value in (rating or {}).items() if value is not None}
    if workers is not None:
        plain["runtime"]["workers"] = workers
    if budget is not None:
        plain["runtime"]["budget"] = budget
    if executor is not None:
        plain["runtime"]["executor"] = executor
    if judges:
        plain["runtime"]["judges"] = list(judges)
    if allow_unsafe is not None:
        plain["judge"]["allow_unsafe"] = allow_unsafe
    try:
        return checked(msgspec.convert(plain, Config))
    except msgspec.ValidationError as error:
        raise wrong_setting(error, Config) from None


def as_file(config: Config) -> str:
    """Return TOML that ``load_config`` reads as the same configuration.

    Left out are settings of this machine (workers, cache) and the values of headers that are not read from the
    environment, which may be secret.
    """
    plain = msgspec.to_builtins(config)
    plain["runtime"] = {name: plain["runtime"][name] for name in ("budget", "prompts", "tree", "policy")}
    for model in plain["models"].values():
        model["headers"] = {name: value for name, value in model["headers"].items() if value.startswith("$")}
    return to_toml(plain)


def checked(config: Config) -> Config:
    """Return ``config`` unchanged. Raises ``ConfigError`` if settings contradict each other."""
    check_executor(config.runtime.executor)
    if config.runtime.budget:
        parse_budget(config.runtime.budget)
    if config.runtime.judges and is_ray(config.runtime.executor):
        raise ConfigError(
            "judge servers (--judge, runtime.judges) and a Ray executor (--executor, runtime.executor) exclude each "
            "other: the nodes judge by themselves"
        )
    for name, weights in (("environments", config.synth.environments), ("styles", config.synth.styles)):
        if not weights or min(weights.values()) < 0 or sum(weights.values()) <= 0:
            raise ConfigError(f"synth.{name} needs weights that are not negative and not all zero, got {weights}")
    if config.refine.keep_low > config.refine.keep_high:
        raise ConfigError("refine.keep_low is above refine.keep_high: nothing could be kept")
    return config
