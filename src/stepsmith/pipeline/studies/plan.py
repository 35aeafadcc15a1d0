"""The plan of a study: the stages to run. Arms share equal stages, such as the SFT of one seed or the pool.

The name of a stage is a hash of its configuration and of the stages that it depends on. So a study that was changed
runs only the changed stages again, and several studies can share stages.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from stepsmith.core.ids import content_id
from stepsmith.core.records import Record
from stepsmith.pipeline.config import Config
from stepsmith.pipeline.studies.definition import StageName, Study
from stepsmith.train.settings import TrainConfig

DIGITS = 12  # hexadecimal digits of the hash in a folder name


class EqualTime(Record, frozen=True, kw_only=True):
    """Two tasks that set the number of SFT steps: the time of ``rl``, divided by the time per step of ``sft``."""

    rl: str
    sft: str


class Task(Record, frozen=True, kw_only=True):
    """A stage to run. ``name`` is its id and its folder; ``arm`` and ``seed`` are the first ones that need it."""

    name: str
    stage: StageName
    arm: str
    seed: int
    training: TrainConfig | None = None  # its model and its pool are filled in when it runs
    synthesis: Config | None = None
    start: str = ""  # name of the task that trains the model to start from
    pool: str = ""  # name of the task that makes the pool
    equal_time: EqualTime | None = None

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the tasks that must be finished first."""
        timed = (self.equal_time.rl, self.equal_time.sft) if self.equal_time else ()
        return tuple(name for name in (self.start, self.pool, *timed) if name)


class StudyPlan(NamedTuple):
    """The tasks by name, each after those that it needs, and for each arm and seed the names of its own tasks.

    The metrics of an arm and seed are read from the last one.
    """

    tasks: dict[str, Task]
    paths: dict[tuple[str, int], tuple[str, ...]]


def plan(study: Study, seeds: Sequence[int], arms: Sequence[str]) -> StudyPlan:
    """Return the tasks for some arms and seeds, one seed after the other. Raises ``ConfigError``."""
    tasks: dict[str, Task] = {}
    pool_config = study.pool_config()
    pool = ""
    if pool_config is not None:
        pool = _add(tasks, Task(name="", stage="synth", arm="", seed=pool_config.synth.seed, synthesis=pool_config))
    made = _Paths(study, pool, tasks)
    order = sorted(arms, key=lambda name: bool(study.arms[name].as_long_as))
    return StudyPlan(tasks, {(arm, seed): made.path(arm, seed) for seed in seeds for arm in order})


def estimate_minutes(study: Study, seeds: Sequence[int], arms: Sequence[str]) -> float:
    """Estimate how long a study takes, from ``study.minutes``. Shared stages count once."""
    costs = study.minutes
    total = 0.0
    for task in plan(study, seeds, arms).tasks.values():
        if task.equal_time is None:
            total += costs.get(task.stage, 0.0)
        else:
            total += costs.get("rl", 0.0) + (costs.get("sft", 0.0) if task.stage == "sft" else 0.0)
    return total


class _Paths:
    """Adds the tasks of arms to ``tasks``, one arm after the other."""

    def __init__(self, study: Study, pool: str, tasks: dict[str, Task]) -> None:
        self._study, self._pool, self._tasks = study, pool, tasks
        self._trainings, self._syntheses = study.trainings(), study.syntheses()

    def path(self, arm: str, seed: int) -> tuple[str, ...]:
        """Add the tasks of an arm (and of the arm in ``as_long_as``) and return the names of its own tasks."""
        if arm in self._syntheses:
            config = self._syntheses[arm]
            config = msgspec.structs.replace(config, synth=msgspec.structs.replace(config.synth, seed=seed))
            return (_add(self._tasks, Task(name="", stage="synth", arm=arm, seed=seed, synthesis=config)),)
        equal_time = None
        if other := self._study.arms[arm].as_long_as:
            first, *_, last = self.path(other, seed)
            equal_time = EqualTime(rl=last, sft=first)
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
                equal_time=equal_time if stage == stages[-1] else None,
            )
            path.append(_add(self._tasks, task))
        return tuple(path)


def _training(config: TrainConfig, stage: StageName, seed: int) -> TrainConfig:
    config = msgspec.structs.replace(config, seed=seed, stage="rl" if stage == "rl" else "sft")
    if stage == "sft-on-rl":
        sft = msgspec.structs.replace(
            config.sft, exercises=config.rl.exercises, synthetic=config.rl.synthetic, ablation=config.rl.ablation
        )
        return msgspec.structs.replace(config, sft=sft)
    return config


def _add(tasks: dict[str, Task], task: Task) -> str:
    config = task.training or task.synthesis
    fields = config.fingerprint_fields() if config else None
    content = content_id("stage", fields, task.start, task.pool, task.equal_time)
    name = f"{task.stage}-{content.removeprefix('stage_')[:DIGITS]}"
    tasks.setdefault(name, msgspec.structs.replace(task, name=name))
    return name
