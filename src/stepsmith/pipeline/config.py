"""The configuration of a run: TOML in, one typed struct out; unknown keys are errors.

Every number that a paper states carries its source; the others are our choice and say so.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from stepsmith.core.errors import ConfigError
from stepsmith.core.records import Environment, Record, Style
from stepsmith.synth.skill import SkillModel
from stepsmith.verify.admission import AdmissionSettings

Positive = Annotated[int, Meta(ge=1)]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Mode = Literal["multi-turn", "hard-first", "single-turn"]
Profile = Literal["micro", "contest"]


class SynthSettings(Record, frozen=True, kw_only=True):
    """What is made."""

    seeds: tuple[str, ...] = ()  # files or folders of Python source, or JSONL with a `code` field; empty: stdlib
    chains: Positive = 24
    turns: Positive = 6  # paper A
    mode: Mode = "multi-turn"
    profile: Profile = "contest"
    seed: int = 0
    teacher: str = "offline"
    student: str = "simulated"
    attempts: Positive = 32  # M in paper A; 8 was too noisy
    environments: dict[Environment, float] = msgspec.field(
        # Our choice: induction makes full contest problems, the others reuse its programs.
        default_factory=lambda: {"induction": 0.55, "abduction": 0.15, "deduction": 0.15, "fuzzing": 0.15}
    )
    styles: dict[Style, float] = msgspec.field(
        default_factory=lambda: {"codeforces": 0.70, "atcoder": 0.15, "leetcode": 0.15}  # paper B, 70:15:15
    )


class RefineSettings(Record, frozen=True, kw_only=True):
    """When the teacher makes a problem harder or easier (paper A)."""

    harder_above: Share = 0.65
    medium_low: Share = 0.35  # the band the teacher aims at is medium_low..harder_above
    keep_low: Share = 0.01  # 0.01 <= p <= 0.97 is kept
    keep_high: Share = 0.97


class VoterSettings(Record, frozen=True, kw_only=True):
    """Who settles the labels of the offline teacher's problems. Our choices, sized for speed."""

    candidates: Positive = 6  # solutions that vote
    skill_bonus: float = 2.0  # logits by which a voter is better than the student
    hold_out: Share = 0.5  # paper B: about half


class JudgeSettings(Record, frozen=True, kw_only=True):
    """How programs are run."""

    isolation: Literal["auto", "L0", "L1", "L2", "L3"] = "auto"
    allow_unsafe: bool = False


class Config(Record, frozen=True, kw_only=True):
    """All of it. ``workers`` and the output folder do not shape the bytes of the data set."""

    synth: SynthSettings = SynthSettings()
    refine: RefineSettings = RefineSettings()
    voters: VoterSettings = VoterSettings()
    simulated: SkillModel = SkillModel()
    admission: AdmissionSettings = AdmissionSettings()
    judge: JudgeSettings = JudgeSettings()
    workers: Positive = msgspec.field(default_factory=lambda: len(os.sched_getaffinity(0)))

    def shaping(self) -> object:
        """The part that shapes the data set, as JSON-able builtins."""
        plain = msgspec.to_builtins(self)
        plain.pop("workers")
        return plain


def load_config(path: Path | None) -> Config:
    """Read a TOML file; without one, the defaults. Raises ``ConfigError`` in one line."""
    if path is None:
        return Config()
    try:
        return checked(msgspec.toml.decode(path.read_bytes(), type=Config))
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist.") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}.") from None


def with_changes(
    config: Config, *, workers: int | None, allow_unsafe: bool | None, synth: Mapping[str, object]
) -> Config:
    """Return ``config`` with what was given on the command line (None: keep), checked like a file."""
    plain = msgspec.to_builtins(config)
    plain["synth"] |= {key: value for key, value in synth.items() if value is not None}
    if workers is not None:
        plain["workers"] = workers
    if allow_unsafe is not None:
        plain["judge"]["allow_unsafe"] = allow_unsafe
    try:
        return checked(msgspec.convert(plain, Config))
    except msgspec.ValidationError as error:
        raise ConfigError(f"{error}.") from None


def checked(config: Config) -> Config:
    """Return ``config`` unchanged when it makes sense as a whole. Raises ``ConfigError``."""
    for name, weights in (("environments", config.synth.environments), ("styles", config.synth.styles)):
        if not weights or min(weights.values()) < 0 or sum(weights.values()) <= 0:
            raise ConfigError(f"synth.{name} needs weights that are not negative and not all zero, got {weights}.")
    if config.refine.keep_low > config.refine.keep_high:
        raise ConfigError("refine.keep_low is above refine.keep_high: nothing could be kept.")
    return config
