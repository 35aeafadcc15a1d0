"""The definition of a study, read from TOML: a question, the arms that answer it, seeds and metrics."""

from collections import Counter
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from stepsmith.core.errors import ConfigError
from stepsmith.core.files import check_not_a_pipe
from stepsmith.core.nested import Nested, laid_over
from stepsmith.core.records import Record
from stepsmith.pipeline.config import Config, checked
from stepsmith.train.settings import TrainConfig, load_training, with_overrides

# The stages of an arm. "sft-on-rl" is SFT on the golden solutions of the problems that "rl" would train on.
StageName = Literal["synth", "sft", "rl", "sft-on-rl"]
Changes = Nested
RENAMED_KEYS = {"outcomes": "metrics"}  # old key -> new key: an old one is an error that names the new one


class Arm(Record, frozen=True, kw_only=True):
    """One configuration that the study compares. Each stage starts from the model of the stage before it.

    ``change`` overrides the study's ``change``. ``as_long_as`` names an arm with RL: the last stage of this arm, which
    must be SFT, gets as many steps as fit into the time that the RL of the other arm took with the same seed.
    """

    about: str = ""
    stages: tuple[StageName, ...] = ()  # empty: the study's
    change: Changes = msgspec.field(default_factory=dict)
    as_long_as: str = ""


class Fit(Record, frozen=True, kw_only=True):
    """Results that a power law is fitted to: arms with their sizes, or one arm over the steps of its last stage."""

    name: str  # what the size is
    arms: dict[str, Annotated[float, Meta(gt=0)]] = msgspec.field(default_factory=dict)  # arm -> size
    curve: str = ""  # an arm that is evaluated every so many steps


class Study(Record, frozen=True, kw_only=True):
    """A question with the arms that answer it.

    ``change`` overrides the training configuration ``preset`` or, where the arms are syntheses, the defaults of
    ``stepsmith synth``. With ``pool``, one synthesis (the defaults with these changes) is run first, and RL also draws
    from its problems; all arms and seeds share it.

    Metrics of training are read from the last evaluation: ``GROUP`` is pass@1 of a group of problems, ``GROUP@K``
    pass@K, ``GROUP:truncated`` and ``GROUP:no_answer`` are shares of completions, ``GROUP:loss`` is the cross entropy
    of the golden completions in nats per character. Metrics of a synthesis are ``kept``, ``proposed``, ``kept per
    proposed``, ``kept per judged program``, ``kept per execution`` and ``kept per 1000 tokens``. The first metric is
    the main one: its curve over training is shown. ``minutes`` is the time that a stage took in one thread;
    ``stepsmith study --list`` estimates with it.
    """

    name: str = ""  # default: the name of the file
    question: str
    source: str  # the published finding that it repeats
    reading: str = ""  # notes that help to read the table
    seeds: tuple[int, ...] = (0, 1, 2)
    baseline: str = ""  # the arm that every other one is compared with
    comparisons: tuple[tuple[str, str], ...] = ()  # more pairs of arms to compare: first minus second
    metrics: tuple[str, ...]
    fits: tuple[Fit, ...] = ()  # to which power laws are fitted, for every metric that is a loss or a pass rate
    stages: tuple[StageName, ...] = ("sft", "rl")
    preset: str = "micro"  # of `stepsmith train`
    change: Changes = msgspec.field(default_factory=dict)
    pool: Changes | None = None
    arms: dict[str, Arm]
    minutes: dict[StageName, Annotated[float, Meta(ge=0)]] = msgspec.field(default_factory=dict)

    def stages_of(self, arm: str) -> tuple[StageName, ...]:
        """Return the stages of an arm."""
        return self.arms[arm].stages or self.stages

    def compared(self) -> list[tuple[str, str]]:
        """Return the pairs of arms to compare, those with the baseline first."""
        return [*((arm, self.baseline) for arm in self.arms if self.baseline not in ("", arm)), *self.comparisons]

    def trainings(self) -> dict[str, TrainConfig]:
        """Return the training configuration of each arm that trains; its seed is not set. Raises ``ConfigError``."""
        arms = [name for name in self.arms if "synth" not in self.stages_of(name)]
        base = with_overrides(load_training(self.preset), self.change) if arms else None
        return {name: with_overrides(base, self.arms[name].change) for name in arms if base}

    def syntheses(self) -> dict[str, Config]:
        """Return the configuration of each arm that is a synthesis; its seed is not set. Raises ``ConfigError``."""
        arms = [name for name in self.arms if "synth" in self.stages_of(name)]
        return {name: _synthesis(self.change, self.arms[name].change) for name in arms}

    def pool_config(self) -> Config | None:
        """Return the configuration of the shared pool; None without one. Raises ``ConfigError``."""
        return None if self.pool is None else _synthesis(self.pool)


def shipped() -> dict[str, Study]:
    """Return the studies that ship with Stepsmith, by name."""
    folder = files("stepsmith.pipeline.studies").joinpath("library")
    found = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".toml")), key=lambda entry: entry.name)
    return {entry.name.removesuffix(".toml"): _read(entry.read_bytes(), entry.name) for entry in found}


def load_study(name: str) -> Study:
    """Load a study by the name of one that ships, or from a path that ends in ``.toml``. Raises ``ConfigError``."""
    if not name.endswith(".toml"):
        known = shipped()
        if name not in known:
            raise ConfigError(f"there is no study {name!r}: give a .toml file or one of {', '.join(known)}")
        return known[name]
    check_not_a_pipe(Path(name), read_once=True)
    try:
        text = Path(name).read_bytes()
    except OSError as error:
        raise ConfigError(f"{name} cannot be read: {error.strerror}") from None
    return _read(text, Path(name).name)


def _read(text: bytes, where: str) -> Study:
    try:
        plain = msgspec.toml.decode(text, type=dict[str, object])
        for old, new in RENAMED_KEYS.items():
            if old in plain:
                raise ConfigError(f"{where}: `{old}` is now called `{new}`; rename it")
        study = msgspec.convert(plain, Study)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{where}: {error}") from None
    study = msgspec.structs.replace(study, name=study.name or where.removesuffix(".toml"))
    try:
        _check(study)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None
    return study


def _check(study: Study) -> None:
    if not study.metrics or not study.seeds or len(set(study.seeds)) < len(study.seeds):
        raise ConfigError("a study needs at least one metric and at least one seed, and each seed only once")
    if not study.name.replace("-", "").replace("_", "").isalnum():
        raise ConfigError(f"the name of the study is {study.name!r}; use only letters, digits, - and _")
    for name in study.arms:
        if "synth" in study.stages_of(name) and (len(study.stages_of(name)) > 1 or study.arms[name].as_long_as):
            raise ConfigError(f"arm {name}: synth must be its only stage; to train on made problems, use [pool]")
    study.pool_config()
    study.syntheses()
    trainings = study.trainings()
    fitted = [name for fit in study.fits for name in (*fit.arms, fit.curve)]
    named = [study.baseline, *(arm.as_long_as for arm in study.arms.values()), *sum(study.comparisons, ()), *fitted]
    if unknown := [name for name in named if name and name not in study.arms]:
        raise ConfigError(f"there is no arm {unknown[0]!r}; the arms are {', '.join(study.arms)}")
    # A pair that counts twice would distort Holm's method.
    pairs = Counter(tuple(sorted(pair)) for pair in study.compared())
    if wrong := [pair for pair, count in pairs.items() if count > 1 or len(set(pair)) < 2]:
        raise ConfigError(
            f"comparisons: {' and '.join(wrong[0])} are one arm, or are compared twice (every arm is compared with "
            "the baseline anyway)"
        )
    for name, config in trainings.items():
        stages, arm = study.stages_of(name), study.arms[name]
        if stages[0] != "sft" and not config.model.path:
            raise ConfigError(f"arm {name}: {stages[0]} needs a model: put sft before it, or set model.path")
        if arm.as_long_as and (stages[-1] == "rl" or study.stages_of(arm.as_long_as) != ("sft", "rl")):
            raise ConfigError(
                f"arm {name}: as_long_as is for an arm that ends with SFT, and names an arm with sft and rl"
            )


def _synthesis(*changes: Changes) -> Config:
    plain: Nested = msgspec.to_builtins(Config())
    for change in changes:
        plain = laid_over(plain, change)
    try:
        return checked(msgspec.convert(plain, Config))
    except msgspec.ValidationError as error:
        raise ConfigError(f"{error}") from None
