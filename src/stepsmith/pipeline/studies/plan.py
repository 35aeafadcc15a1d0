"""From a study to the stages to run: what arms share (the same start for a seed, the same pool) is one stage.

A stage is named by the content of its configuration and of the stages that it builds on. So a changed study runs again
only what changed, and several studies can share their stages.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from stepsmith.core.ids import content_id
from stepsmith.core.records import Record
from stepsmith.pipeline.config import Config
from stepsmith.pipeline.studies.definition import StageName, Study
from stepsmith.train.settings import TrainConfig

DIGITS = 12  # of an id, in the name of a folder


class Clock(Record, frozen=True, kw_only=True):
    """Where the number of supervised steps comes from: the time of one stage, the time per step of another."""

    rl: str
    sft: str


class Task(Record, frozen=True, kw_only=True):
    """A stage to run. ``name`` is its folder and its id; the arm and the seed are the first that need it."""

    name: str
    stage: StageName
    arm: str
    seed: int
    training: TrainConfig | None = None  # without the model and the pool, which are known when it runs
    synthesis: Config | None = None
    start: str = ""  # the task that trains the model it starts from
    pool: str = ""
    clock: Clock | None = None

    @property
    def needs(self) -> tuple[str, ...]:
        """The tasks that must be finished before."""
        clock = (self.clock.rl, self.clock.sft) if self.clock else ()
        return tuple(name for name in (self.start, self.pool, *clock) if name)


class Plan(NamedTuple):
    """Tasks by name, each after those that it needs; and those of each arm and seed, of which the last is measured."""

    tasks: dict[str, Task]
    paths: dict[tuple[str, int], tuple[str, ...]]


def plan(study: Study, seeds: Sequence[int], arms: Sequence[str]) -> Plan:
    """Return what has to be run for some arms and seeds, seed by seed. Raises ``ConfigError``."""
    tasks: dict[str, Task] = {}
    pool_config = study.pool_config()
    pool = ""
    if pool_config is not None:
        pool = _add(tasks, Task(name="", stage="synth", arm="", seed=pool_config.synth.seed, synthesis=pool_config))
    made = _Paths(study, pool, tasks)
    order = sorted(arms, key=lambda name: bool(study.arms[name].as_long_as))
    return Plan(tasks, {(arm, seed): made.path(arm, seed) for seed in seeds for arm in order})


def estimate_minutes(study: Study, seeds: Sequence[int], arms: Sequence[str]) -> float:
    """Return how long a study takes by what its stages took when they were measured, what is shared counted once."""
    costs = study.minutes
    total = 0.0
    for task in plan(study, seeds, arms).tasks.values():
        if task.clock is None:
            total += costs.get(task.stage, 0.0)
        else:
            total += costs.get("rl", 0.0) + (costs.get("sft", 0.0) if task.stage == "sft" else 0.0)
    return total


class _Paths:
    """Lays out the tasks of arms, one after the other."""

    def __init__(self, study: Study, pool: str, tasks: dict[str, Task]) -> None:
        self._study, self._pool, self._tasks = study, pool, tasks
        self._trainings, self._syntheses = study.trainings(), study.syntheses()

    def path(self, arm: str, seed: int) -> tuple[str, ...]:
        """Add the tasks of an arm, and of the arm whose time it takes, and return its own."""
        if arm in self._syntheses:
            config = self._syntheses[arm]
            config = msgspec.structs.replace(config, synth=msgspec.structs.replace(config.synth, seed=seed))
            return (_add(self._tasks, Task(name="", stage="synth", arm=arm, seed=seed, synthesis=config)),)
        clock = None
        if other := self._study.arms[arm].as_long_as:
            first, *_, last = self.path(other, seed)
            clock = Clock(rl=last, sft=first)
        stages = self._study.stages_of(arm)
        path: list[str] = []
        for stage in stages:
            task = Task(
                name="",
                stage=stage,
                arm=arm,
                seed=seed,
                training=_training(self._trainings[arm], stage, seed),
                start=path[-1] if path else "",
                pool="" if stage == "sft" else self._pool,
                clock=clock if stage == stages[-1] else None,
            )
            path.append(_add(self._tasks, task))
        return tuple(path)


def _training(config: TrainConfig, stage: StageName, seed: int) -> TrainConfig:
    config = msgspec.structs.replace(config, seed=seed, stage="rl" if stage == "rl" else "sft")
    if stage == "sft-on-rl":
        sft = msgspec.structs.replace(config.sft, exercises=config.rl.exercises, shape=config.rl.shape)
        return msgspec.structs.replace(config, sft=sft)
    return config


def _add(tasks: dict[str, Task], task: Task) -> str:
    config = task.training or task.synthesis
    content = content_id("stage", config.fingerprint_fields() if config else None, task.start, task.pool, task.clock)
    name = f"{task.stage}-{content.removeprefix('stage_')[:DIGITS]}"
    tasks.setdefault(name, msgspec.structs.replace(task, name=name))
    return name
