"""Running a study: its stages over an executor. Results and tables are written after each stage."""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from stepsmith.core.errors import ConfigError, StepsmithError
from stepsmith.pipeline.executor import Executor, InProcess, LocalProcesses
from stepsmith.pipeline.studies.definition import Study
from stepsmith.pipeline.studies.metrics import result_of
from stepsmith.pipeline.studies.plan import StudyPlan, Task, plan
from stepsmith.pipeline.studies.stages import StageResult, StageRunner, Trainer
from stepsmith.pipeline.studies.summary import summarize
from stepsmith.report.study_table import markdown
from stepsmith.store.folder_lock import CONFIG, FolderLock, write_whole
from stepsmith.store.progress import ProgressFile
from stepsmith.store.study_results import TABLE, ArmResult, Summary, write_results, write_summary

STAGES = "stages"
DEFINITION = "study.json"
_NEVER = "finished"  # no such file is ever written: a study can always get more seeds and arms


class StudyObserver(Protocol):
    """Gets the events of a study while it runs."""

    def planned(self, tasks: Sequence[Task], done: int) -> None:
        """The study starts or resumes; ``done`` of its stages are already finished."""
        ...

    def note(self, task: Task, text: str) -> None:
        """A stage that runs in this process reports progress."""
        ...

    def ended(self, task: Task, error: str) -> None:
        """A stage has ended; ``error`` is "" when it is finished."""
        ...


def run_study(
    study: Study,
    folder: Path,
    observer: StudyObserver,
    *,
    seeds: Sequence[int] = (),
    only: Sequence[str] = (),
    workers: int = 1,
    resume: bool = False,
    stages: Path | None = None,
    trainer: Trainer | None = None,
) -> Summary:
    """Run (or resume) a study in ``folder`` and return its tables.

    ``seeds`` defaults to the study's own. ``only`` limits the run to some arms and to what they depend on. ``stages``
    is the folder of the stages (default: inside ``folder``); studies that use the same one share their common stages.
    A stage that fails ends the arms that need it; the others continue, and ``resume`` tries it again. With more than
    one worker, each stage runs in its own process with one thread; measured times, and step counts computed from them,
    are then those of one thread.

    Raises ``ConfigError`` for arms that do not exist, ``RunFolderError`` for a folder that cannot be used, and
    ``StepsmithError`` when no arm could be finished.
    """
    arms = _arms(study, only)
    seeds = tuple(seeds) or study.seeds
    todo = plan(study, seeds, arms)
    lock = FolderLock(folder, {"study": study.name}, started=CONFIG, finished=_NEVER, resume=resume)
    try:
        write_whole(folder / DEFINITION, msgspec.json.format(msgspec.json.encode(study), indent=1))
        runner = StageRunner(stages or folder / STAGES, trainer, threads=1 if workers > 1 else 0)
        run = _Run(study, folder, seeds, arms, todo, runner, observer)
        with ProgressFile(folder, "study", "stages", len(todo.tasks), run.done) as progress:
            run.stages(workers, progress)
        summary = run.write()
    finally:
        lock.close()
    if not summary.results and summary.failures:
        raise StepsmithError(f"no arm of the study could be finished: {next(iter(summary.failures.values()))}")
    return summary


class _Run:
    """The state of a study that runs. As an iterator it yields the tasks that can start now."""

    def __init__(
        self, study: Study, folder: Path, seeds: Sequence[int], arms: Sequence[str],
        todo: StudyPlan, runner: StageRunner, observer: StudyObserver,
    ) -> None:  # fmt: skip
        self._study, self._folder, self._seeds, self._arms = study, folder, seeds, arms
        self._todo, self._runner, self._observer = todo, runner, observer
        self._done = {name for name, task in todo.tasks.items() if runner.is_done(task)}
        self._failed: dict[str, str] = {}
        self._waiting = [task for task in todo.tasks.values() if task.name not in self._done]

    @property
    def done(self) -> int:
        """The number of stages that are finished."""
        return len(self._done)

    def stages(self, workers: int, progress: ProgressFile) -> None:
        """Run each stage after those that it needs."""
        tasks = self._todo.tasks
        self._observer.planned(list(tasks.values()), len(self._done))
        executor: Executor = InProcess() if workers == 1 else LocalProcesses(workers)
        run = self._run_here if workers == 1 else self._runner.run
        for ended in executor.map(run, self):
            if ended.error:
                self._failed[ended.name] = ended.error
            else:
                self._done.add(ended.name)
            progress.update(done=self.done, note=ended.name)
            self._observer.ended(tasks[ended.name], ended.error)
            self.write()

    def __iter__(self) -> "_Run":
        return self

    def __next__(self) -> Task:
        """Return a task whose needs are done. Raises ``StopIteration`` while there is none; executors ask again."""
        for task in self._waiting:
            if all(name in self._done for name in task.needs):
                self._waiting.remove(task)
                return task
        raise StopIteration

    def write(self) -> Summary:
        """Write results and tables of what is finished so far."""
        results = self._results()
        summary = summarize(self._study, self._seeds, self._arms, results, self._failures())
        write_results(self._folder, results)
        write_summary(self._folder, summary)
        write_whole(self._folder / TABLE, markdown(summary).encode())
        return summary

    def _run_here(self, task: Task) -> StageResult:
        return self._runner.run(task, functools.partial(self._observer.note, task))

    def _results(self) -> list[ArmResult]:
        return [
            result_of(self._study, arm, seed, [self._todo.tasks[name] for name in path], self._runner.stages)
            for (arm, seed), path in self._todo.paths.items()
            if path[-1] in self._done
        ]

    def _failures(self) -> dict[str, str]:
        found = {}
        for (arm, seed), path in self._todo.paths.items():
            reasons = [self._failed[name] for name in self._needed(path) if name in self._failed]
            if reasons:
                found[f"{arm}, seed {seed}"] = reasons[0]
        return found

    def _needed(self, names: Sequence[str]) -> list[str]:
        """Return ``names`` with all tasks that they need, directly or not, the earliest first."""
        return [earlier for name in names for earlier in (*self._needed(self._todo.tasks[name].needs), name)]


def _arms(study: Study, only: Sequence[str]) -> list[str]:
    for name in only:
        if name not in study.arms:
            raise ConfigError(f"study {study.name} has no arm {name!r}; its arms are {', '.join(study.arms)}")
    return [name for name in study.arms if name in only] if only else list(study.arms)
