"""The facts about a training run that the page shows, read from its log. The run may still be going on."""

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Literal

import msgspec

from stepsmith.core.errors import RunFolderError
from stepsmith.core.records import BANDS
from stepsmith.store.folder_lock import CONFIG
from stepsmith.store.json_lines import read_lines
from stepsmith.store.training_log import (
    EVAL_RESULTS,
    METRICS,
    TRAINING,
    EvalResult,
    Score,
    Step,
    Training,
    read_training,
)

TRAININGS = "training"  # folder of training runs inside the folder of a synthesis run
STAGES = {"sft": "Supervised fine-tuning", "rl": "Reinforcement learning"}  # in the order in which they run


class ModelTable(msgspec.Struct, frozen=True):
    """The keys of ``[model]`` that the page shows."""

    path: str = ""
    layers: int = 0
    hidden: int = 0
    vocabulary: int = 0
    lora_rank: int = 0


class ExercisesTable(msgspec.Struct, frozen=True):
    """The keys of ``[sft.exercises]`` or ``[rl.exercises]`` that the page shows."""

    count: int = 0
    steps: dict[str, float] = {}
    profile: str = ""


class DataTable(msgspec.Struct, frozen=True):
    """The keys of ``[data]`` that the page shows."""

    problems: tuple[str, ...] = ()
    real: tuple[str, ...] = ()


class StageTable(msgspec.Struct, frozen=True):
    """The keys of ``[sft]`` or ``[rl]`` that the page shows."""

    exercises: ExercisesTable | None = None
    learning_rate: float | None = None
    batch: int | None = None
    groups: int | None = None
    group_size: int | None = None
    max_completion_length: int | None = None
    curriculum: str = ""
    reward: str = ""


class ShownConfig(msgspec.Struct, frozen=True):
    """The part of a training configuration that the page shows; other keys are ignored."""

    stage: Literal["sft", "rl"]
    about: str = ""
    seed: int | None = None
    model: ModelTable = ModelTable()
    data: DataTable = DataTable()
    sft: StageTable = StageTable()
    rl: StageTable = StageTable()

    @property
    def own(self) -> StageTable:
        """The table of the stage that was run."""
        return self.sft if self.stage == "sft" else self.rl


@dataclass(frozen=True, slots=True)
class GroupChange:
    """A group of held-out problems before and after training. ``before`` is None if it was evaluated only once."""

    group: str
    before: Score | None
    after: Score

    @property
    def change(self) -> float | None:
        """Difference of pass@1; None without ``before``."""
        return self.after.pass_at_1 - self.before.pass_at_1 if self.before else None


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """The first and the last evaluation of a kind, by group."""

    name: str
    temperature: float
    first: int | None  # step of the first evaluation; None: there is only one
    last: int  # step of the last one
    rows: tuple[GroupChange, ...]
    best_of: int | None  # the largest k > 1 with a pass@k


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """Everything that a training run has logged; ``manifest`` is None until it is finished."""

    name: str  # name of its folder
    settings: ShownConfig
    config: object
    manifest: Training | None
    steps: tuple[Step, ...]
    evaluations: tuple[EvalResult, ...]

    @property
    def stage(self) -> str:
        """The stage that was run, "sft" or "rl"."""
        return self.settings.stage

    @property
    def title(self) -> str:
        """The name of the stage."""
        return STAGES[self.stage]

    @property
    def done(self) -> int:
        """Trained steps, as far as logged."""
        return self.manifest.steps if self.manifest else self.steps[-1].step if self.steps else 0

    @property
    def planned(self) -> int | None:
        """Steps that were asked for; None before the first log record."""
        return self.steps[-1].of if self.steps else self.done or None

    @property
    def seconds(self) -> float:
        """Wall time in seconds. Times before and after each resumption add up; a manifest also counts unlogged time."""
        ends = [a.seconds for a, b in pairwise(self.steps) if b.seconds < a.seconds]
        logged = sum(ends) + (self.steps[-1].seconds if self.steps else 0.0)
        return max(logged, self.manifest.seconds) if self.manifest else logged

    @property
    def tokens(self) -> float | None:
        """Tokens seen, of prompts and completions."""
        if self.manifest:
            return self.manifest.tokens
        return next((step.tokens for step in reversed(self.steps) if step.tokens is not None), None)

    @property
    def spacing(self) -> int:
        """Steps between two records of the log."""
        return int(median([b.step - a.step for a, b in pairwise(self.steps)] or [1]))

    @property
    def warnings(self) -> list[tuple[str, list[int]]]:
        """Every different warning, in order of first appearance, with the steps of its log records."""
        found: defaultdict[str, list[int]] = defaultdict(list)
        for step in self.steps:
            for text in dict.fromkeys(step.warnings):
                found[text].append(step.step)
        return list(found.items())

    @property
    def evaluated(self) -> list[list[EvalResult]]:
        """The evaluations, grouped by name and temperature, each group in order of steps."""
        kinds: defaultdict[tuple[str, float], list[EvalResult]] = defaultdict(list)
        for result in sorted(self.evaluations, key=lambda result: result.step):
            kinds[result.name, result.temperature].append(result)
        return list(kinds.values())

    @property
    def before_after(self) -> list[BeforeAfter]:
        """The first and last evaluation of each kind."""
        return [_before_after(taken[0], taken[-1]) for taken in self.evaluated]

    @property
    def headline(self) -> GroupChange | None:
        """The group of all held-out problems, of the first kind of evaluation."""
        rows = [row for pair in self.before_after[:1] for row in pair.rows]
        return next((row for row in rows if row.group == "all"), None)

    @property
    def new_problems(self) -> int:
        """Problems that a teacher added during training."""
        return max((step.new_problems for step in self.steps), default=0)

    @property
    def resampled(self) -> int:
        """Groups that were sampled again because their rewards were all equal."""
        return sum(step.resampled for step in self.steps)


def holds_training(folder: Path) -> bool:
    """Return whether ``folder`` is the folder of a training run that has logged something."""
    return any((folder / name).is_file() for name in (METRICS, EVAL_RESULTS, TRAINING))


def read_run(folder: Path) -> TrainingRun:
    """Read the log of a training run. Raises ``RunFolderError`` or ``StoreError``."""
    manifest = read_training(folder) if (folder / TRAINING).exists() else None
    steps = tuple(read_lines(folder / METRICS, Step)) if (folder / METRICS).exists() else ()
    evaluations = tuple(read_lines(folder / EVAL_RESULTS, EvalResult)) if (folder / EVAL_RESULTS).exists() else ()
    try:
        config = bytes(manifest.config) if manifest else (folder / CONFIG).read_bytes()
        settings = msgspec.json.decode(config, type=ShownConfig)
    except (OSError, msgspec.DecodeError) as error:
        raise RunFolderError(f"{folder / CONFIG} cannot be read: {error}") from None
    return TrainingRun(
        name=folder.name,
        settings=settings,
        config=msgspec.json.decode(config),
        manifest=manifest,
        steps=steps,
        evaluations=evaluations,
    )


def runs_within(folder: Path) -> list[TrainingRun]:
    """Read the training runs of a synthesis run, SFT before RL, then by name."""
    inner = [path for path in (folder / TRAININGS).glob("*") if holds_training(path)]
    order = list(STAGES)
    return sorted(map(read_run, inner), key=lambda run: (order.index(run.stage), run.name))


def group_order(name: str) -> tuple[int, int, str]:
    """Return the sort key of a group: "all", then numbers of features, then bands from easy to hard, then by name."""
    number = name.partition(" ")[0]
    if name == "all":
        return 0, 0, ""
    if number.isdecimal():
        return 1, int(number), name
    bands: list[str] = [*BANDS, "unrated"]
    return (2, bands.index(name), "") if name in bands else (3, 0, name)


def _before_after(first: EvalResult, last: EvalResult) -> BeforeAfter:
    alone = first is last
    rows = []
    for group in sorted(last.groups, key=group_order):
        after, before = last.groups[group], None if alone else first.groups.get(group)
        if after.problems:
            rows.append(GroupChange(group, before if before and before.problems else None, after))
    best_of = max((int(k) for row in rows for k in row.after.pass_at_k if int(k) > 1), default=None)
    return BeforeAfter(last.name, last.temperature, None if alone else first.step, last.step, tuple(rows), best_of)
