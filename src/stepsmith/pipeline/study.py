"""A study from its question to its table: stages over an executor, results written whenever a stage is finished."""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from stepsmith.core.errors import ConfigError, StepsmithError
from stepsmith.pipeline.executor import Executor, InProcess, LocalProcesses
from stepsmith.pipeline.studies.definition import Study
from stepsmith.pipeline.studies.outcomes import result_of
from stepsmith.pipeline.studies.plan import Plan, Task, plan
from stepsmith.pipeline.studies.stages import Ended, StageRunner, Trainer
from stepsmith.pipeline.studies.summary import summarize
from stepsmith.report.study_table import markdown
from stepsmith.store.folder_lock import CONFIG, FolderLock, write_whole
from stepsmith.store.study_results import TABLE, Result, Summary, write_results, write_summary

STAGES = "stages"
DEFINITION = "study.json"
_NEVER = "finished"  # no such file is written: seeds and arms can be added to a study at any time


class StudyObserver(Protocol):
    """Someone who watches a study."""

    def planned(self, tasks: Sequence[Task], done: int) -> None:
        """The study starts, or goes on, with ``done`` of its stages finished before."""
        ...

    def told(self, task: Task, text: str) -> None:
        """A stage that runs in this process gets on."""
        ...

    def ended(self, task: Task, error: str) -> None:
        """A stage is finished, or could not be ("" means that it was)."""
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
    """Run (or resume) a study into ``folder`` and return its tables.

    Without ``seeds`` the study's own; with ``only`` some of its arms, and what they depend on. Stages are kept in
    ``stages`` (default: in the folder), where other studies find those that they have in common. A stage that fails
    ends the arms that need it; the others go on, and ``--resume`` tries it again. With more than one worker, stages run
    in processes of their own with one thread each; measured times, and steps that follow from them, are then those of
    one thread.

    Raises ``ConfigError`` for arms that do not exist, ``RunFolderError`` for a folder that cannot be used, and
    ``StepsmithError`` when nothing at all could be finished.
    """
    arms = _arms(study, only)
    seeds = tuple(seeds) or study.seeds
    todo = plan(study, seeds, arms)
    claim = FolderLock(folder, {"study": study.name}, started=CONFIG, finished=_NEVER, resume=resume)
    try:
        write_whole(folder / DEFINITION, msgspec.json.format(msgspec.json.encode(study), indent=1))
        workshop = StageRunner(stages or folder / STAGES, trainer, threads=1 if workers > 1 else 0)
        run = _Run(study, folder, seeds, arms, todo, workshop, observer)
        run.stages(workers)
        summary = run.write()
    finally:
        claim.close()
    if not summary.results and summary.failures:
        raise StepsmithError(f"no arm of the study could be finished: {next(iter(summary.failures.values()))}")
    return summary


class _Run:
    """A study while it runs."""

    def __init__(
        self, study: Study, folder: Path, seeds: Sequence[int], arms: Sequence[str], todo: Plan, workshop: StageRunner,
        observer: StudyObserver,
    ) -> None:  # fmt: skip
        self._study, self._folder, self._seeds, self._arms = study, folder, seeds, arms
        self._todo, self._workshop, self._observer = todo, workshop, observer
        self._done = {name for name, task in todo.tasks.items() if workshop.is_done(task)}
        self._failed: dict[str, str] = {}
        self._waiting = [task for task in todo.tasks.values() if task.name not in self._done]

    def stages(self, workers: int) -> None:
        """Run every stage once those that it needs are done."""
        tasks = self._todo.tasks
        self._observer.planned(list(tasks.values()), len(self._done))
        executor: Executor = InProcess() if workers == 1 else LocalProcesses(workers)
        run = self._run_here if workers == 1 else self._workshop.run
        for ended in executor.map(run, self):
            if ended.error:
                self._failed[ended.name] = ended.error
            else:
                self._done.add(ended.name)
            self._observer.ended(tasks[ended.name], ended.error)
            self.write()

    def __iter__(self) -> "_Run":
        return self

    def __next__(self) -> Task:
        """Return a stage that can be run now. After the iteration has stopped it may go on: executors ask again."""
        for task in self._waiting:
            if all(name in self._done for name in task.needs):
                self._waiting.remove(task)
                return task
        raise StopIteration

    def write(self) -> Summary:
        """Write results and table, of what is finished so far."""
        results = self._results()
        summary = summarize(self._study, self._seeds, self._arms, results, self._failures())
        write_results(self._folder, results)
        write_summary(self._folder, summary)
        write_whole(self._folder / TABLE, markdown(summary).encode())
        return summary

    def _run_here(self, task: Task) -> Ended:
        return self._workshop.run(task, functools.partial(self._observer.told, task))

    def _results(self) -> list[Result]:
        return [
            result_of(self._study, arm, seed, [self._todo.tasks[name] for name in path], self._workshop.stages)
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
        """The tasks behind ``names``, deepest first."""
        return [deeper for name in names for deeper in (*self._needed(self._todo.tasks[name].needs), name)]


def _arms(study: Study, only: Sequence[str]) -> list[str]:
    for name in only:
        if name not in study.arms:
            raise ConfigError(f"study {study.name} has no arm {name!r}; its arms are {', '.join(study.arms)}")
    return [name for name in study.arms if name in only] if only else list(study.arms)
