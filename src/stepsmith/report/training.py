"""What the page says of a training run, read from its log as it stands: of a finished run, or of one that goes on."""

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Literal

import msgspec

from stepsmith.core.errors import RunFolderError
from stepsmith.report.survey import BANDS
from stepsmith.store.folder_lock import CONFIG
from stepsmith.store.training_log import (
    EVAL_RESULTS,
    METRICS,
    TRAINING,
    EvalResult,
    Score,
    Step,
    Training,
    read_log,
    read_training,
)

TRAININGS = "training"  # folder of the training runs that belong to a synthesis run
STAGES = {"sft": "Supervised fine-tuning", "rl": "Reinforcement learning"}  # in the order in which they come


class Model(msgspec.Struct, frozen=True):
    """What the page reads of ``[model]``."""

    path: str = ""
    layers: int = 0
    hidden: int = 0
    vocabulary: int = 0
    lora_rank: int = 0


class Exercises(msgspec.Struct, frozen=True):
    """What the page reads of a table of exercises."""

    count: int = 0
    steps: dict[str, float] = {}
    profile: str = ""


class Data(msgspec.Struct, frozen=True):
    """What the page reads of ``[data]``."""

    problems: tuple[str, ...] = ()
    real: tuple[str, ...] = ()


class Stage(msgspec.Struct, frozen=True):
    """What the page reads of ``[sft]`` or ``[rl]``."""

    exercises: Exercises | None = None
    learning_rate: float | None = None
    batch: int | None = None
    groups: int | None = None
    group_size: int | None = None
    max_reply_tokens: int | None = None
    curriculum: str = ""
    reward: str = ""


class Settings(msgspec.Struct, frozen=True):
    """What the page reads of a configuration; other keys are let through."""

    stage: Literal["sft", "rl"]
    about: str = ""
    seed: int | None = None
    model: Model = Model()
    data: Data = Data()
    sft: Stage = Stage()
    rl: Stage = Stage()

    @property
    def own(self) -> Stage:
        """The settings of the run's own stage."""
        return self.sft if self.stage == "sft" else self.rl


@dataclass(frozen=True, slots=True)
class Compared:
    """A group of held-out problems before and after training. ``before`` is None where it was measured only once."""

    group: str
    before: Score | None
    after: Score

    @property
    def change(self) -> float | None:
        """Difference of pass@1."""
        return self.after.pass_at_1 - self.before.pass_at_1 if self.before else None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The first and the last measurement of a kind, by group."""

    name: str
    temperature: float
    first: int | None  # steps at which they were taken; None: there is only one
    last: int
    rows: tuple[Compared, ...]
    best_of: int | None  # the largest k > 1 for which pass@k is known


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """All that a training run wrote down; ``manifest`` is None until it is finished."""

    name: str  # of its folder
    settings: Settings
    config: object
    manifest: Training | None
    steps: tuple[Step, ...]
    measurements: tuple[EvalResult, ...]

    @property
    def stage(self) -> str:
        """Either "sft" or "rl"."""
        return self.settings.stage

    @property
    def title(self) -> str:
        """What kind of training it is, in words."""
        return STAGES[self.stage]

    @property
    def done(self) -> int:
        """Steps that were trained, as far as is logged."""
        return self.manifest.steps if self.manifest else self.steps[-1].step if self.steps else 0

    @property
    def planned(self) -> int | None:
        """Steps that were asked for; None as long as none was logged."""
        return self.steps[-1].of if self.steps else self.done or None

    @property
    def seconds(self) -> float:
        """How long it took: what was logged before and after resumptions together; a manifest knows of the rest."""
        ends = [a.seconds for a, b in pairwise(self.steps) if b.seconds < a.seconds]
        logged = sum(ends) + (self.steps[-1].seconds if self.steps else 0.0)
        return max(logged, self.manifest.seconds) if self.manifest else logged

    @property
    def tokens(self) -> float | None:
        """Tokens seen, prompts and replies."""
        if self.manifest:
            return self.manifest.tokens
        return next((step.tokens for step in reversed(self.steps) if step.tokens is not None), None)

    @property
    def spacing(self) -> int:
        """Steps between two records of the log."""
        return int(median([b.step - a.step for a, b in pairwise(self.steps)] or [1]))

    @property
    def warnings(self) -> list[tuple[str, list[int]]]:
        """What was flagged, in order of first appearance, each with the steps of its records."""
        found: defaultdict[str, list[int]] = defaultdict(list)
        for step in self.steps:
            for text in dict.fromkeys(step.warnings):
                found[text].append(step.step)
        return list(found.items())

    @property
    def measured(self) -> list[list[EvalResult]]:
        """The measurements of each kind (what was measured, at which temperature), by step."""
        kinds: defaultdict[tuple[str, float], list[EvalResult]] = defaultdict(list)
        for measurement in sorted(self.measurements, key=lambda measurement: measurement.step):
            kinds[measurement.name, measurement.temperature].append(measurement)
        return list(kinds.values())

    @property
    def comparisons(self) -> list[Comparison]:
        """Before and after, for each kind of measurement."""
        return [_comparison(taken[0], taken[-1]) for taken in self.measured]

    @property
    def headline(self) -> Compared | None:
        """All held-out problems, of the first kind of measurement."""
        rows = [row for comparison in self.comparisons[:1] for row in comparison.rows]
        return next((row for row in rows if row.group == "all"), None)

    @property
    def new_problems(self) -> int:
        """Problems that a teacher in the loop added; records hold the total so far."""
        return max((step.new_problems for step in self.steps), default=0)

    @property
    def resampled(self) -> int:
        """Groups that were drawn again because their rewards were equal."""
        return sum(step.resampled for step in self.steps)


def holds_training(folder: Path) -> bool:
    """Say whether a folder is that of a training run which has written something down."""
    return any((folder / name).is_file() for name in (METRICS, EVAL_RESULTS, TRAINING))


def read_run(folder: Path) -> TrainingRun:
    """Read what a training run wrote down. Raises ``RunFolderError`` or ``StoreError``."""
    manifest = read_training(folder) if (folder / TRAINING).exists() else None
    steps = tuple(read_log(folder / METRICS, Step)) if (folder / METRICS).exists() else ()
    measured = tuple(read_log(folder / EVAL_RESULTS, EvalResult)) if (folder / EVAL_RESULTS).exists() else ()
    try:
        config = bytes(manifest.config) if manifest else (folder / CONFIG).read_bytes()
        settings = msgspec.json.decode(config, type=Settings)
    except (OSError, msgspec.DecodeError) as error:
        raise RunFolderError(f"{folder / CONFIG} cannot be read: {error}") from None
    return TrainingRun(
        name=folder.name,
        settings=settings,
        config=msgspec.json.decode(config),
        manifest=manifest,
        steps=steps,
        measurements=measured,
    )


def runs_within(folder: Path) -> list[TrainingRun]:
    """Read the training runs of a synthesis run: SFT before RL, for that comes first; then by name."""
    inner = [path for path in (folder / TRAININGS).glob("*") if holds_training(path)]
    order = list(STAGES)
    return sorted(map(read_run, inner), key=lambda run: (order.index(run.stage), run.name))


def group_order(name: str) -> tuple[int, int, str]:
    """Sort key of groups: all, by number of features, by band from the easiest, others by name."""
    number = name.partition(" ")[0]
    if name == "all":
        return 0, 0, ""
    if number.isdecimal():
        return 1, int(number), name
    bands: list[str] = [*BANDS, "unrated"]
    return (2, bands.index(name), "") if name in bands else (3, 0, name)


def _comparison(first: EvalResult, last: EvalResult) -> Comparison:
    alone = first is last
    rows = []
    for group in sorted(last.groups, key=group_order):
        after, before = last.groups[group], None if alone else first.groups.get(group)
        if after.problems:
            rows.append(Compared(group, before if before and before.problems else None, after))
    best_of = max((int(k) for row in rows for k in row.after.pass_at_k if int(k) > 1), default=None)
    return Comparison(last.name, last.temperature, None if alone else first.step, last.step, tuple(rows), best_of)
