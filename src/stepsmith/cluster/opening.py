"""Open what ``--executor`` and ``--judge`` name: where work that needs a judge runs, and the judge."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from stepsmith.cluster.connection import LOCAL, is_ray
from stepsmith.cluster.executor import RayCluster
from stepsmith.cluster.fleet.client import JudgeFleet
from stepsmith.cluster.fleet.shared import SharedJudge
from stepsmith.cluster.judge import ClusterJudge
from stepsmith.core.errors import ConfigError, MachineError
from stepsmith.judge.executor import JudgingExecutor, JudgingThreads
from stepsmith.judge.local import LocalJudge
from stepsmith.judge.pool import JudgePool


@contextmanager
def open_executor(
    executor: str, workers: int | None, *, allow_unsafe: bool = False, servers: Sequence[str] = ()
) -> Iterator[JudgingExecutor]:
    """Open an executor with ``workers`` judges (on a cluster: per node; None: one per core, or what the servers have).

    Judges have the best isolation level that works; L0 only if ``allow_unsafe``. ``servers`` are judge servers that do
    the judging instead of this machine.
    """
    if servers:
        _check_servers(executor)
        with JudgeFleet(servers, allow_unsafe=allow_unsafe) as fleet:
            yield JudgingThreads(workers or fleet.workers, lambda: SharedJudge(fleet))
        return
    workers = workers or os.cpu_count() or 1
    if is_ray(executor):
        with RayCluster(executor, workers, allow_unsafe=allow_unsafe) as cluster:
            yield cluster
    else:
        yield JudgingThreads(workers, lambda: _best_judge(allow_unsafe=allow_unsafe))


@contextmanager
def open_judge(
    executor: str = LOCAL,
    workers: int = 1,
    isolation: str = "auto",
    allow_unsafe: bool = False,
    *,
    time_factors: Mapping[str, float] | None = None,
    servers: Sequence[str] = (),
) -> Iterator[tuple[JudgePool | ClusterJudge | JudgeFleet, int]]:
    """Open a judge, and yield it with the number of calls that it works on at once; it may be used by many threads.

    Here it is a ``JudgePool`` of ``workers`` judges, on a cluster the pools of all nodes, of ``workers`` each at most.
    With ``allow_unsafe`` and isolation "auto", L0 is used if nothing better works. ``servers`` are judge servers that
    are asked instead; their time factors are their own.
    """
    if servers:
        _check_servers(executor)
        if time_factors:
            raise ConfigError("time factors are settings of the servers that --judge names; give them there")
        with JudgeFleet(servers, isolation, allow_unsafe) as fleet:
            yield fleet, fleet.workers
        return
    if is_ray(executor):
        with RayCluster(executor, workers, isolation, allow_unsafe, time_factors=time_factors) as cluster:
            judge = ClusterJudge(cluster)
            yield judge, judge.workers
        return
    try:
        pool = JudgePool(workers, isolation, allow_unsafe, time_factors=time_factors)
    except MachineError:
        if not allow_unsafe or isolation != "auto":
            raise
        pool = JudgePool(workers, "L0", allow_unsafe=True, time_factors=time_factors)
    with pool:
        yield pool, workers


def make_judge(
    servers: Sequence[str], isolation: str, allow_unsafe: bool, *, together: bool = False
) -> LocalJudge | JudgeFleet:
    """Return a judge for one call at a time, which the caller closes: the servers, or one on this machine.

    ``together``: see ``LocalJudge``; servers do not have it.
    """
    if servers:
        return JudgeFleet(servers, isolation, allow_unsafe)
    return LocalJudge(isolation, allow_unsafe, together=together)


def _check_servers(executor: str) -> None:
    if is_ray(executor):
        raise ConfigError("--judge and --executor ray exclude each other: the nodes of a cluster judge by themselves")


def _best_judge(*, allow_unsafe: bool) -> LocalJudge:
    try:
        return LocalJudge()
    except MachineError:
        if not allow_unsafe:
            raise
        return LocalJudge("L0", allow_unsafe=True)
