"""The option ``--executor``, which several commands have: where the work runs."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from stepsmith.cluster.connection import is_ray
from stepsmith.cluster.executor import RayCluster
from stepsmith.core.errors import MachineError
from stepsmith.judge.executor import JudgingExecutor, JudgingThreads
from stepsmith.judge.local import LocalJudge

Executor = Annotated[
    str | None,
    typer.Option(
        help="Where the work runs: local, ray (Ray on this machine, or the cluster of RAY_ADDRESS) or ray://HOST:PORT.",
        show_default="local",
    ),
]


@contextmanager
def open_executor(executor: str | None, workers: int | None, *, allow_unsafe: bool) -> Iterator[JudgingExecutor]:
    """Open the executor that ``--executor`` names, with ``workers`` judges (on a cluster: per node).

    Judges have the best isolation level that works; L0 only if ``allow_unsafe``.
    """
    places = workers or len(os.sched_getaffinity(0))
    if not is_ray(executor or "local"):
        yield JudgingThreads(places, lambda: best_judge(allow_unsafe=allow_unsafe))
        return
    with RayCluster(executor or "ray", places, allow_unsafe=allow_unsafe) as cluster:
        yield cluster


def best_judge(*, allow_unsafe: bool) -> LocalJudge:
    """Return a judge at the best level of this machine; L0 only if allowed."""
    try:
        return LocalJudge()
    except MachineError:
        if not allow_unsafe:
            raise
        return LocalJudge("L0", allow_unsafe=True)
