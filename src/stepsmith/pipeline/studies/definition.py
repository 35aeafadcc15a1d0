"""A study is data: a question, arms that answer it, seeds, and what is measured. TOML in, a typed struct out."""

from collections import Counter
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from stepsmith.core.errors import ConfigError
from stepsmith.core.nested import Nested, laid_over
from stepsmith.core.records import Record
from stepsmith.pipeline.config import Config, checked
from stepsmith.train.settings import TrainConfig, load_training, with_overrides

# What an arm goes through. "sft-on-rl": supervised on the golden solutions of the problems that "rl" would train on.
StageName = Literal["synth", "sft", "rl", "sft-on-rl"]
Changes = Nested


class Arm(Record, frozen=True, kw_only=True):
    """One way of doing it. ``change`` is laid over the study's; stages follow each other, each from the model before.

    ``as_long_as`` names an arm with RL: the last stage, which must be supervised, gets as many steps as fit into the
    time that the other arm's RL took with the same seed (see ``plan``).
    """

    about: str = ""
    stages: tuple[StageName, ...] = ()  # empty: the study's
    change: Changes = msgspec.field(default_factory=dict)
    as_long_as: str = ""


class Study(Record, frozen=True, kw_only=True):
    """A question with the arms that answer it.

    ``change`` is laid over the training configuration ``preset``, or over the defaults of a synthesis. ``pool`` changes
    a synthesis whose problems RL draws from, beside its own; it is the same for all arms and seeds.

    Outcomes of training are groups of the last measurement: ``GROUP`` is pass@1 there, ``GROUP@K`` pass@K,
    ``GROUP:truncated`` and ``GROUP:no_answer`` shares of replies. Those of a synthesis are ``kept``, ``proposed``,
    ``kept per proposed``, ``kept per judged program``, ``kept per execution`` and ``kept per 1000 tokens``. The first
    is what the study is about. ``minutes`` is what a stage took in one thread, for the estimate of the list.
    """

    name: str = ""  # the file's
    question: str
    source: str  # the finding that it mirrors
    reading: str = ""  # what to bear in mind when reading the table
    seeds: tuple[int, ...] = (0, 1, 2)
    baseline: str = ""  # the arm that every other one is compared with
    comparisons: tuple[tuple[str, str], ...] = ()  # further ones: the first less the second
    outcomes: tuple[str, ...]
    stages: tuple[StageName, ...] = ("sft", "rl")
    preset: str = "micro"  # of training
    change: Changes = msgspec.field(default_factory=dict)
    pool: Changes | None = None
    arms: dict[str, Arm]
    minutes: dict[StageName, Annotated[float, Meta(ge=0)]] = msgspec.field(default_factory=dict)  # per stage

    def stages_of(self, arm: str) -> tuple[StageName, ...]:
        """Return the stages of an arm."""
        return self.arms[arm].stages or self.stages

    def compared(self) -> list[tuple[str, str]]:
        """Return the pairs of arms that are compared, the baseline's first."""
        return [*((arm, self.baseline) for arm in self.arms if self.baseline not in ("", arm)), *self.comparisons]

    def trainings(self) -> dict[str, TrainConfig]:
        """Return the training configuration of every arm that trains, but for its seed. Raises ``ConfigError``."""
        arms = [name for name in self.arms if "synth" not in self.stages_of(name)]
        base = with_overrides(load_training(self.preset), self.change) if arms else None
        return {name: with_overrides(base, self.arms[name].change) for name in arms if base}

    def syntheses(self) -> dict[str, Config]:
        """Return the configuration of every arm that is a synthesis, but for its seed. Raises ``ConfigError``."""
        arms = [name for name in self.arms if "synth" in self.stages_of(name)]
        return {name: _synthesis(self.change, self.arms[name].change) for name in arms}

    def pool_config(self) -> Config | None:
        """Return the configuration of the pool. Raises ``ConfigError``."""
        return None if self.pool is None else _synthesis(self.pool)


def shipped() -> dict[str, Study]:
    """Return the studies that ship with Stepsmith, by name."""
    folder = files("stepsmith.pipeline.studies").joinpath("library")
    found = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".toml")), key=lambda entry: entry.name)
    return {entry.name.removesuffix(".toml"): _read(entry.read_bytes(), entry.name) for entry in found}


def load_study(name: str) -> Study:
    """Return a study by what a user calls it: one that ships, or a TOML file. Raises ``ConfigError``."""
    if not name.endswith(".toml"):
        known = shipped()
        if name not in known:
            raise ConfigError(f"there is no study {name!r}: give a .toml file or one of {', '.join(known)}")
        return known[name]
    try:
        text = Path(name).read_bytes()
    except OSError as error:
        raise ConfigError(f"{name} cannot be read: {error.strerror}") from None
    return _read(text, Path(name).name)


def _read(text: bytes, where: str) -> Study:
    try:
        study = msgspec.toml.decode(text, type=Study)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{where}: {error}") from None
    study = msgspec.structs.replace(study, name=study.name or where.removesuffix(".toml"))
    try:
        _check(study)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None
    return study


def _check(study: Study) -> None:
    if not study.outcomes or not study.seeds or len(set(study.seeds)) < len(study.seeds):
        raise ConfigError("a study needs outcomes and seeds, each seed once")
    if not study.name.replace("-", "").replace("_", "").isalnum():
        raise ConfigError(f"the name {study.name!r} should have letters, digits, - and _ only")
    for name in study.arms:
        if "synth" in study.stages_of(name) and (len(study.stages_of(name)) > 1 or study.arms[name].as_long_as):
            raise ConfigError(f"arm {name}: synth stands alone; give training its problems by [pool]")
    study.pool_config()
    study.syntheses()
    trainings = study.trainings()
    named = [study.baseline, *(arm.as_long_as for arm in study.arms.values()), *sum(study.comparisons, ())]
    if unknown := [name for name in named if name and name not in study.arms]:
        raise ConfigError(f"there is no arm {unknown[0]!r}; the arms are {', '.join(study.arms)}")
    pairs = Counter(tuple(sorted(pair)) for pair in study.compared())  # one that counts twice would spoil Holm's method
    if wrong := [pair for pair, count in pairs.items() if count > 1 or len(set(pair)) < 2]:
        raise ConfigError(f"{' and '.join(wrong[0])} are compared twice, or are one arm; all meet the baseline anyway")
    for name, config in trainings.items():
        stages, arm = study.stages_of(name), study.arms[name]
        if stages[0] != "sft" and not config.model.path:
            raise ConfigError(f"arm {name}: {stages[0]} needs a model to start from: sft before it, or model.path")
        if arm.as_long_as and (stages[-1] == "rl" or study.stages_of(arm.as_long_as) != ("sft", "rl")):
            raise ConfigError(f"arm {name}: as_long_as gives a supervised stage the time of an arm with sft and rl")


def _synthesis(*changes: Changes) -> Config:
    plain: Nested = msgspec.to_builtins(Config())
    for change in changes:
        plain = laid_over(plain, change)
    try:
        return checked(msgspec.convert(plain, Config))
    except msgspec.ValidationError as error:
        raise ConfigError(f"{error}") from None
