"""Synthesis from seeds to a data set: an executor runs the chains, each is saved when it ends, all are then joined."""

import functools
import logging
import platform
import time
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Protocol

import msgspec
import pyarrow as pa

import stepsmith
from stepsmith.cluster.connection import LOCAL, is_ray
from stepsmith.cluster.executor import RayCluster
from stepsmith.cluster.opening import make_judge, open_judge
from stepsmith.core.ids import derive_rng
from stepsmith.core.records import Chain, Problem, Rejection, Seed, StageSpend
from stepsmith.core.tracing import annotate, span
from stepsmith.judge.program import RunningJudge
from stepsmith.llm.money import Spend
from stepsmith.pipeline.chain import grow_chain
from stepsmith.pipeline.cluster_models import ClusterModels
from stepsmith.pipeline.config import Config, as_file
from stepsmith.pipeline.executor import Executor, InProcess, LocalProcesses, LocalThreads
from stepsmith.pipeline.figures import GrownFigures, spent
from stepsmith.pipeline.models import Books, Models, OpenModels, add_spends
from stepsmith.pipeline.roles import RoleFactory, asked_models, resolve_config
from stepsmith.store.attempts import write_attempts
from stepsmith.store.dataset import PROBLEM_SCHEMA, REJECTION_SCHEMA, problem_row, rejection_row, write_rows
from stepsmith.store.first_seen import FirstSeen
from stepsmith.store.folder_lock import write_whole
from stepsmith.store.manifest import Counts, Manifest, Spending, file_facts
from stepsmith.store.progress import ProgressFile
from stepsmith.store.runfolder import ATTEMPTS, PROBLEMS, REJECTED, SETTINGS, TIMINGS, RunFolder
from stepsmith.synth.seeds import SeedSource

_log = logging.getLogger(__name__)
USD_DIGITS = 9  # sums are rounded, since they depend in their last bits on the order of the responses


class Observer(Protocol):
    """Gets the events of a synthesis run, for instance to display them."""

    def started(self, finished: int, chains: int, isolation: str) -> None:
        """The run starts, or resumes with ``finished`` of ``chains`` chains done before."""
        ...

    def grown(self, chain: Chain) -> None:
        """A chain is finished and saved."""
        ...

    def asking(self, books: Callable[[], Sequence[Spend]]) -> None:
        """Models are asked; ``books`` returns what has been spent so far."""
        ...

    def assembling(self) -> None:
        """All chains are finished; the files are being written."""
        ...


class NoObserver:
    """An ``Observer`` that does nothing."""

    def started(self, finished: int, chains: int, isolation: str) -> None:
        """Do nothing."""

    def grown(self, chain: Chain) -> None:
        """Do nothing."""

    def asking(self, books: Callable[[], Sequence[Spend]]) -> None:
        """Do nothing."""

    def assembling(self) -> None:
        """Do nothing."""


def synthesize(config: Config, folder: Path, observer: Observer | None = None, *, resume: bool = False) -> Manifest:
    """Run (or resume) a synthesis into ``folder`` and return its manifest.

    The same config gives byte-identical Parquet files, whatever the number of workers and interruptions; with models,
    the same config and the same completions do. Raises ``UserError`` for what the user can correct (also
    ``BudgetExceeded``), ``SandboxError`` if programs cannot be run, and ``EndpointError`` if a model cannot be reached.
    After an error the finished chains and all completions are kept for ``resume``.
    """
    observer = observer or NoObserver()
    config = resolve_config(config)
    seed_source(config)  # raises errors in the seeds now, not later in a worker
    with (
        open_cluster(config) as cluster,
        nullcontext(cluster.isolation if cluster else _proved(config)) as isolation,  # before anything is written
        RunFolder(folder, config.fingerprint_fields(), resume=resume) as run,
    ):
        proven = msgspec.structs.replace(config, judge=msgspec.structs.replace(config.judge, isolation=isolation))
        write_whole(folder / SETTINGS, as_file(config).encode())
        missing = run.missing(config.synth.chains)
        finished = config.synth.chains - len(missing)
        observer.started(finished, config.synth.chains, isolation)
        started = time.monotonic()
        with ProgressFile(folder, "synthesis", "chains", config.synth.chains, finished) as progress:
            with open_chains(proven, missing, run.id, cluster) as (chains, ledger):
                if ledger:
                    observer.asking(ledger.spends)
                    progress.spends(partial(spent, ledger))
                grown = GrownFigures()
                for chain in chains:
                    run.add(chain)
                    progress.advance(figures=grown.add(chain))
                    observer.grown(chain)
                paid = ledger.spends() if ledger else ()
            observer.assembling()
            progress.update(note="writing files")
            return _assemble(config, run, isolation, paid, time.monotonic() - started)


@contextmanager
def open_cluster(config: Config) -> Iterator[RayCluster | None]:
    """Connect to the cluster that the configuration names; None if chains run on this machine."""
    runtime, judge = config.runtime, config.judge
    if not is_ray(runtime.executor):
        yield None
        return
    at_once = runtime.chains_at_once if asked_models(config) else None
    with RayCluster(runtime.executor, runtime.workers, judge.isolation, judge.allow_unsafe, at_once=at_once) as cluster:
        yield cluster


def _proved(config: Config) -> str:
    """Return the isolation level that a judge proves."""
    with make_judge(config.runtime.judges, config.judge.isolation, config.judge.allow_unsafe) as judge:
        return judge.isolation


@contextmanager
def open_chains(
    config: Config, indices: Sequence[int], run: str, cluster: RayCluster | None = None
) -> Iterator[tuple[Iterator[Chain], Books | None]]:
    """Start the chains ``indices``; yield an iterator over the chains as they finish, and the books of costs.

    Offline chains need the processor, so they run in worker processes. Chains that ask models mostly wait, and share
    one budget and one completion cache, so they run in threads of this process with a pool of judges (docs/adr, 6). On
    a cluster both run in the threads of its actors, and one more actor asks the models (docs/adr, 8).
    """
    names = asked_models(config)
    if cluster:
        with ExitStack() as opened:
            asked = opened.enter_context(ClusterModels(config, names, run, cluster)) if names else None
            if asked and indices:
                asked.check()
            seeds = seed_source(config)
            items = ((index, drawn_seed(config, seeds, index)) for index in indices)
            with _ended(cluster.map(_GrowingThere(config, asked), items)) as chains:
                yield chains, asked
        return
    workers = min(config.runtime.workers, max(1, len(indices)))
    if names:
        isolation, unsafe = config.judge.isolation, config.judge.allow_unsafe
        with (
            open_judge(LOCAL, workers, isolation, unsafe, servers=config.runtime.judges) as (judge, _),
            Models(config, names, run) as models,
        ):
            if indices:
                models.check()
            executor: Executor = LocalThreads(config.runtime.chains_at_once)
            with _ended(executor.map(ChainRunner(config, judge, models).grow, indices)) as chains:
                yield chains, models.ledger
        return
    executor = InProcess() if workers == 1 else LocalProcesses(workers)
    try:
        with _ended(executor.map(functools.partial(_grow, config), indices)) as chains:
            yield chains, None
    finally:
        while _open_runners:
            _open_runners.pop().judge.close()


@contextmanager
def _ended(results: Iterator[Chain]) -> Iterator[Iterator[Chain]]:
    """End the workers that make ``results`` if the caller stops early."""
    try:
        yield results
    finally:
        if close := getattr(results, "close", None):
            close()


class ChainRunner:
    """Grows chains in one process. One runner grows many chains, because starting a judge takes time."""

    def __init__(self, config: Config, judge: RunningJudge, models: OpenModels | None = None) -> None:
        self.judge = judge
        self._config = config
        self._role_factory = RoleFactory(config, judge, models)

    @functools.cached_property
    def _seeds(self) -> SeedSource:
        return seed_source(self._config)

    def grow(self, index: int, seed: Seed | None = None) -> Chain:
        """Grow a chain; ``seed`` None: draw it. Several threads may call this at once."""
        started = time.monotonic()
        roles = self._role_factory.make()
        seed = seed or drawn_seed(self._config, self._seeds, index)
        with span("chain", index=index, seed=seed.ref):
            chain = grow_chain(index, self._config, seed, roles, self.judge)
            annotate(chain=chain.id, problems=[problem.id for problem in chain.problems])
            _log.info("chain grown", extra={"chain": chain.id, "problems": len(chain.problems)})
        return msgspec.structs.replace(chain, seconds=time.monotonic() - started, spent=roles.meter.spent())


def drawn_seed(config: Config, seeds: SeedSource, index: int) -> Seed:
    """Return the seed of chain number ``index``."""
    return seeds.window(derive_rng(config.synth.seed, "seed", index))


def seed_source(config: Config) -> SeedSource:
    """Return where the seeds of a run come from."""
    synth = config.synth
    return SeedSource([Path(path) for path in synth.seeds], synth.seed_field, synth.allow_licenses)


_open_runners: list[ChainRunner] = []  # at most one per worker process, made by its first chain


def _grow(config: Config, index: int) -> Chain:
    if not _open_runners:
        judge = make_judge(  # the programs of the offline teacher keep nothing between their runs
            config.runtime.judges, config.judge.isolation, config.judge.allow_unsafe, together=True
        )
        _open_runners.append(ChainRunner(config, judge))
    return _open_runners[0].grow(index)


class _GrowingThere:
    """Grows chains in an actor of a cluster. The seeds come along, so that no node needs their files."""

    def __init__(self, config: Config, models: OpenModels | None) -> None:
        self._config, self._models = config, models
        self._runners: dict[int, ChainRunner] = {}  # by judge; filled in the actor alone

    def __call__(self, judge: RunningJudge, item: tuple[int, Seed]) -> Chain:
        runner = self._runners.get(id(judge))
        if runner is None:
            runner = self._runners.setdefault(id(judge), ChainRunner(self._config, judge, self._models))
        return runner.grow(*item)


def _assemble(config: Config, run: RunFolder, isolation: str, paid: Sequence[Spend], seconds: float) -> Manifest:
    """Write the data set, the side files and, last, the manifest. Memory does not depend on the number of chains."""
    counts = _Counting()
    problems = run.path / PROBLEMS
    rejected = run.path / REJECTED
    with closing(FirstSeen()) as first_seen:
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
    kept_attempts = (one for chain in run.chains() for one in chain.attempts) if counts.kept_attempts else ()
    attempts = write_attempts(run.path / ATTEMPTS, kept_attempts)
    write_whole(
        run.path / TIMINGS,
        _timings(seconds, config.runtime.workers, counts.stages, zip(counts.indices, counts.seconds, strict=True)),
    )
    manifest = Manifest(
        versions={
            "stepsmith": stepsmith.__version__,
            "python": platform.python_version(),
            "msgspec": msgspec.__version__,
            "pyarrow": pa.__version__,
        },
        config_id=run.config_id,
        config=msgspec.Raw(msgspec.json.encode(config.fingerprint_fields())),
        seed=config.synth.seed,
        teacher=config.synth.teacher,
        student=config.synth.student,
        isolation=isolation,
        counts=counts.total(config.synth.chains),
        spend=counts.spending(paid) if asked_models(config) else None,
        files={
            PROBLEMS: file_facts(problems, accepted_rows),
            REJECTED: file_facts(rejected, rejected_rows),
            **({ATTEMPTS: file_facts(run.path / ATTEMPTS, attempts)} if attempts else {}),
        },
    )
    manifest.write(run.path)
    return manifest


def _unique(chains: Iterator[Chain], first_seen: FirstSeen) -> Iterator[Problem]:
    """Yield problems in the order of their chains, equal ones once; ``first_seen`` gets the chain of each problem."""
    for chain in chains:
        for problem in chain.problems:
            if first_seen.claim(problem.id, chain.id) == chain.id:
                yield problem


def _timings(
    seconds: float, workers: int, stages: Mapping[str, float], chains: Iterable[tuple[int, float]]
) -> Iterator[bytes]:
    """Yield the parts of ``timings.json``: the wall time of the run, of each stage in all chains, of each chain."""
    by_stage = ", ".join(f'"{stage}": {spent:.3f}' for stage, spent in stages.items())
    yield f'{{"seconds": {seconds:.3f}, "workers": {workers}, "stages": {{{by_stage}}}, "chains": {{'.encode()
    for number, (index, one) in enumerate(chains):
        yield f'{"," if number else ""}\n "{index}": {one:.3f}'.encode()
    yield b"}}\n"


class _Counting:
    """Counts the problems and rejections that pass through it."""

    def __init__(self) -> None:
        self.accepted = self.proposed = self.programs = self.executions = 0
        self.by_environment: Counter[str] = Counter()
        self.by_band: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.attempts: Counter[str] = Counter()
        self.spent: tuple[StageSpend, ...] = ()
        self.kept_attempts = False
        self.indices, self.seconds = array("q"), array("d")  # of each chain
        self.stages: defaultdict[str, float] = defaultdict(float)  # seconds of all chains

    def problems(self, problems: Iterator[Problem]) -> Iterator[Problem]:
        for problem in problems:
            self.accepted += 1
            self.by_environment[problem.environment] += 1
            if problem.pass_rate:
                self.by_band[problem.pass_rate.claimed_band] += 1
            yield problem

    def rejections(self, chains: Iterator[Chain], first_seen: FirstSeen) -> Iterator[Rejection]:
        """Yield every rejection, and one more for each problem that another chain made before."""
        for chain in chains:
            self.indices.append(chain.index)
            self.seconds.append(chain.seconds)
            for stage, took in chain.stage_s.items():
                self.stages[stage] += took
            self.kept_attempts |= bool(chain.attempts)
            self.proposed += chain.proposed
            self.programs += chain.judged_programs
            self.executions += chain.executions
            self.spent = add_spends((*self.spent, *chain.spent))
            for turn in chain.turns:
                self.attempts.update(turn.verdicts)
            doubles = [
                Rejection(reason="duplicate", detail=f"the same as in {first}", problem=problem)
                for problem in chain.problems
                if (first := first_seen.claim(problem.id, chain.id)) != chain.id
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
            attempts=dict(sorted(self.attempts.items())),
        )

    def spending(self, paid: Sequence[Spend]) -> Spending:
        tokens, usd = sum(spend.tokens for spend in self.spent), sum(spend.usd for spend in self.spent)
        return Spending(
            stages=self.spent,
            tokens=tokens,
            usd=usd,
            tokens_per_accepted=round(tokens / max(1, self.accepted), 1),
            usd_per_accepted=usd / max(1, self.accepted),
            paid_tokens=sum(spend.usage.tokens for spend in paid),
            paid_usd=round(sum(spend.usd for spend in paid), USD_DIGITS),
            unsure_tokens=sum(spend.unsure_tokens for spend in paid),
            unsure_usd=round(sum(spend.unsure_usd for spend in paid), USD_DIGITS),
        )
