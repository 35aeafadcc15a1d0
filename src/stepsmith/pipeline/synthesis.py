"""Synthesis from seeds to a data set: chains over an executor, committed one by one, assembled in order."""

import functools
import platform
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import msgspec
import pyarrow as pa

import stepsmith
from stepsmith.core.errors import ConfigError
from stepsmith.core.records import Chain, Problem, Rejection
from stepsmith.core.stats import band_of
from stepsmith.judge.local import LocalJudge
from stepsmith.pipeline.chain import Services, grow_chain
from stepsmith.pipeline.config import Config
from stepsmith.pipeline.executor import Executor, InProcess, LocalProcesses
from stepsmith.store.dataset import PROBLEM_SCHEMA, REJECTION_SCHEMA, problem_row, rejection_row, write_rows
from stepsmith.store.manifest import Counts, Manifest, file_facts
from stepsmith.store.runfolder import PROBLEMS, REJECTED, TIMINGS, RunFolder, write_whole
from stepsmith.synth.draft import Student, Teacher
from stepsmith.synth.offline import OfflineTeacher
from stepsmith.synth.seeds import SeedSource
from stepsmith.synth.simulated import SimulatedStudent


class Observer(Protocol):
    """Someone who watches a run."""

    def started(self, finished: int, chains: int, isolation: str) -> None:
        """The run starts (or goes on, with ``finished`` chains done before)."""
        ...

    def grown(self, chain: Chain) -> None:
        """A chain is finished and committed."""
        ...

    def assembling(self) -> None:
        """All chains are there; the files are being written."""
        ...


def synthesize(config: Config, folder: Path, observer: Observer, *, resume: bool = False) -> Manifest:
    """Run (or resume) a synthesis into ``folder`` and return its manifest.

    The same config gives byte-identical Parquet files, whatever the number of workers and interruptions. Raises
    ``UserError`` for what the user can mend and ``SandboxError`` when programs cannot be run; chains that were
    finished before stay.
    """
    check_players(config)
    _seed_source(config)  # says now what is wrong with the seeds, not in a worker
    with LocalJudge(config.judge.isolation, allow_unsafe=config.judge.allow_unsafe) as judge:
        isolation = judge.isolation
    proven = msgspec.structs.replace(config, judge=msgspec.structs.replace(config.judge, isolation=isolation))
    with RunFolder(folder, config.shaping(), resume=resume) as run:
        finished = run.finished()
        missing = [index for index in range(config.synth.chains) if index not in finished]
        observer.started(len(finished), config.synth.chains, isolation)
        started = time.monotonic()
        results = _executor(config, len(missing)).map(functools.partial(_grow, proven), missing)
        try:
            for chain in results:
                run.add(chain)
                observer.grown(chain)
        finally:
            if close := getattr(results, "close", None):
                close()  # ends the workers when we stop early
            _close_services()
        observer.assembling()
        return _assemble(config, run, isolation, time.monotonic() - started)


def _executor(config: Config, chains: int) -> Executor:
    workers = min(config.workers, max(1, chains))
    return InProcess() if workers == 1 else LocalProcesses(workers)


def _grow(config: Config, index: int) -> Chain:
    started = time.monotonic()
    chain = grow_chain(index, config, _services(config))
    return msgspec.structs.replace(chain, seconds=time.monotonic() - started)


_open_services: list[Services] = []  # at most one per process, made by the first chain


def _services(config: Config) -> Services:
    """The players, made once per process: the judge holds a warm sandbox."""
    if not _open_services:
        judge = LocalJudge(config.judge.isolation, allow_unsafe=config.judge.allow_unsafe)
        _open_services.append(
            Services(
                seeds=_seed_source(config),
                teacher=TEACHERS[config.synth.teacher](config),
                student=STUDENTS[config.synth.student](config, judge),
                judge=judge,
            )
        )
    return _open_services[0]


def _seed_source(config: Config) -> SeedSource:
    return SeedSource([Path(path) for path in config.synth.seeds])


def _close_services() -> None:
    while _open_services:
        _open_services.pop().judge.close()


TEACHERS: dict[str, Callable[[Config], Teacher]] = {
    "offline": lambda config: OfflineTeacher(
        profile=config.synth.profile,
        styles=dict(config.synth.styles),
        voters=config.voters.candidates,
        voter_skill=config.simulated.better_by(config.voters.skill_bonus),
    ),
}
STUDENTS: dict[str, Callable[[Config, LocalJudge], Student]] = {
    "simulated": lambda config, judge: SimulatedStudent(config.simulated, judge),
}


def check_players(config: Config) -> None:
    """Raise ``ConfigError`` for a teacher or student that does not exist."""
    for role, name, known in (
        ("teacher", config.synth.teacher, list(TEACHERS)),
        ("student", config.synth.student, list(STUDENTS)),
    ):
        if name not in known:
            raise ConfigError(f"unknown {role} {name!r}; available: {', '.join(known)}.")


def _assemble(config: Config, run: RunFolder, isolation: str, seconds: float) -> Manifest:
    """Write the data set, the side files and, last, the manifest."""
    first_seen: dict[str, str] = {}
    counts = _Counting()
    problems = run.path / PROBLEMS
    rejected = run.path / REJECTED
    accepted_rows = write_rows(
        problems,
        PROBLEM_SCHEMA,
        (problem_row(problem) for problem in counts.problems(_unique(run.chains(), first_seen))),
    )
    rejected_rows = write_rows(
        rejected,
        REJECTION_SCHEMA,
        (rejection_row(rejection) for rejection in counts.rejections(run.chains(), first_seen)),
    )
    seconds_by_chain = {str(chain.index): round(chain.seconds, 3) for chain in run.chains()}
    timings = {"seconds": round(seconds, 3), "workers": config.workers, "chains": seconds_by_chain}
    write_whole(run.path / TIMINGS, msgspec.json.format(msgspec.json.encode(timings), indent=1))
    manifest = Manifest(
        versions={
            "stepsmith": stepsmith.__version__,
            "python": platform.python_version(),
            "msgspec": msgspec.__version__,
            "pyarrow": pa.__version__,
        },
        config_id=run.config_id,
        config=msgspec.Raw(msgspec.json.encode(config.shaping())),
        seed=config.synth.seed,
        teacher=config.synth.teacher,
        student=config.synth.student,
        isolation=isolation,
        counts=counts.total(config.synth.chains),
        files={
            PROBLEMS: file_facts(problems, accepted_rows),
            REJECTED: file_facts(rejected, rejected_rows),
        },
    )
    manifest.write(run.path)
    return manifest


def _unique(chains: Iterator[Chain], first_seen: dict[str, str]) -> Iterator[Problem]:
    """Yield problems in order of their chains; of equal ones the first, whose chain ``first_seen`` remembers."""
    for chain in chains:
        for problem in chain.problems:
            if first_seen.setdefault(problem.id, chain.id) == chain.id:
                yield problem


class _Counting:
    """Counts what streams by."""

    def __init__(self) -> None:
        self.accepted = self.proposed = self.programs = self.executions = 0
        self.by_environment: Counter[str] = Counter()
        self.by_band: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()

    def problems(self, problems: Iterator[Problem]) -> Iterator[Problem]:
        for problem in problems:
            self.accepted += 1
            self.by_environment[problem.environment] += 1
            if problem.pass_rate:
                self.by_band[band_of(problem.pass_rate.rate)] += 1
            yield problem

    def rejections(self, chains: Iterator[Chain], first_seen: dict[str, str]) -> Iterator[Rejection]:
        """Yield every rejection, and the duplicates of other chains' problems as such."""
        for chain in chains:
            self.proposed += chain.proposed
            self.programs += chain.judged_programs
            self.executions += chain.executions
            doubles = [
                Rejection(reason="duplicate", detail=f"the same as in {first_seen[problem.id]}", problem=problem)
                for problem in chain.problems
                if first_seen[problem.id] != chain.id
            ]
            for rejection in (*chain.rejections, *doubles):
                self.reasons[rejection.reason] += 1
                yield rejection

    def total(self, chains: int) -> Counts:
        return Counts(
            chains=chains,
            proposed=self.proposed,
            accepted=self.accepted,
            rejected=dict(sorted(self.reasons.items())),
            by_environment=dict(sorted(self.by_environment.items())),
            by_band=dict(sorted(self.by_band.items())),
            judged_programs=self.programs,
            executions=self.executions,
            accepted_per_proposed=round(self.accepted / max(1, self.proposed), 4),
            accepted_per_judged_program=round(self.accepted / max(1, self.programs), 5),
            executions_per_accepted=round(self.executions / max(1, self.accepted), 2),
        )
