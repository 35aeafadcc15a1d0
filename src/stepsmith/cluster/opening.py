"""Open what ``--executor`` names: an executor for work that needs a judge, or one judge for all that takes one."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from stepsmith.cluster.connection import LOCAL, is_ray
from stepsmith.cluster.executor import RayCluster
from stepsmith.cluster.judge import ClusterJudge
from stepsmith.core.errors import MachineError
from stepsmith.judge.executor import JudgingExecutor, JudgingThreads
from stepsmith.judge.local import LocalJudge
from stepsmith.judge.pool import JudgePool


@contextmanager
def open_executor(executor: str, workers: int, *, allow_unsafe: bool = False) -> Iterator[JudgingExecutor]:
    """Open an executor with ``workers`` judges (on a cluster: per node).

    Judges have the best isolation level that works; L0 only if ``allow_unsafe``.
    """
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
) -> Iterator[tuple[JudgePool | ClusterJudge, int]]:
    """Open a judge, and yield it with the number of calls that it works on at once; it may be used by many threads.

    Here it is a ``JudgePool`` of ``workers`` judges, on a cluster the pools of all nodes, of ``workers`` each at most.
    With ``allow_unsafe`` and isolation "auto", L0 is used if nothing better works.
    """
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


def _best_judge(*, allow_unsafe: bool) -> LocalJudge:
    try:
        return LocalJudge()
    except MachineError:
        if not allow_unsafe:
            raise
        return LocalJudge("L0", allow_unsafe=True)
