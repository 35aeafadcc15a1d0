"""The judge behind the pages: started when it is first needed, with few workers and a short queue."""

import os
import threading
from collections.abc import Callable
from typing import TypeVar

from stepsmith.core.errors import MachineError
from stepsmith.judge.local import LocalJudge
from stepsmith.judge.pool import JudgePool

WORKERS = max(1, min(2, (os.cpu_count() or 1) - 1))
MOST_WAITING = 4  # requests that wait for a worker

T = TypeVar("T")


class Judging:
    """Lends judges to requests. They have the isolation that this machine can prove, never less than L1."""

    def __init__(self) -> None:
        self._pool: JudgePool | None = None
        self._starting = threading.Lock()
        self._places = threading.BoundedSemaphore(WORKERS + MOST_WAITING)

    def run(self, work: Callable[[LocalJudge], T]) -> T:
        """Wait for a judge and return what ``work`` does with it.

        Raises ``MachineError`` if too many wait already, or if programs cannot be confined on this machine.
        """
        if not self._places.acquire(blocking=False):
            raise MachineError("the judge is busy with other programs; try again in a moment")
        try:
            with self._started().lent() as judge:
                return work(judge)
        finally:
            self._places.release()

    def close(self) -> None:
        """End the judge and what it runs."""
        with self._starting:
            if self._pool:
                self._pool.close()

    def _started(self) -> JudgePool:
        with self._starting:
            if self._pool is None:
                self._pool = JudgePool(WORKERS)
            return self._pool
