"""Where chains run: in this process, in its threads, or in worker processes. A cluster would be another such class."""

import contextlib
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Protocol, TypeVar

from stepsmith.core.errors import SandboxError
from stepsmith.core.leftovers import left_behind, owner
from stepsmith.core.logs import write_logs_as_parent
from stepsmith.core.tracing import send_traces_as_parent

Item = TypeVar("Item")
Result = TypeVar("Result")

SEMAPHORES, SEMAPHORE_KIND = Path("/dev/shm"), "stepsmith"  # Linux keeps named semaphores there
LOST_WORKERS = 5  # after more than this many worker processes have died in a row, the run ends with an error


class Executor(Protocol):
    """Applies a function to items, in any order, and yields results as they come."""

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Yield one result per item; the first exception of ``function`` ends the iteration."""
        ...


class InProcess:
    """Runs everything here, one item after the other."""

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Yield results in the order of the items."""
        return map(function, items)


class LocalThreads:
    """Runs items in ``threads`` threads of this process: for work that mostly waits for other processes or servers.

    When an item fails, no new one is started. The running items are finished and their results yielded, and then the
    exception is raised. Stopping the iteration early does not wait for running items; the caller must close the
    connections that they wait for.
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Yield results as they finish. At most one item per thread is in flight, so ``items`` may be endless."""
        source = iter(items)
        running: set[Future[Result]] = set()
        failure: BaseException | None = None
        pool = ThreadPoolExecutor(self.threads, thread_name_prefix="chain")
        try:
            while True:
                if failure is None:
                    running |= {pool.submit(function, item) for item in islice(source, self.threads - len(running))}
                if not running:
                    break
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    if error := future.exception():
                        failure = failure or error
                    else:
                        yield future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        if failure is not None:
            raise failure


class LocalProcesses:
    """Runs items in ``workers`` spawned processes. ``function`` and items travel by pickle.

    If a worker is killed, its unfinished items are run again. Raises ``SandboxError`` if workers keep dying. Stopping
    the iteration early (an exception, Ctrl-C) ends the workers at once.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Yield results as they finish. At most two items per worker are in flight, so ``items`` may be endless."""
        source = iter(items)
        again: list[Item] = []
        lost = 0
        while True:
            pool = self._pool()
            running: dict[Future[Result], Item] = {}
            try:
                while True:
                    for item in islice(_chain(again, source), self.workers * 2 - len(running)):
                        running[pool.submit(function, item)] = item
                    if not running:
                        pool.shutdown()  # idle workers end by themselves and clean up
                        return
                    done, _ = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        result = future.result()
                        del running[future]
                        lost = 0
                        yield result
            except BrokenProcessPool:
                lost += 1
                if lost > LOST_WORKERS:
                    raise SandboxError(
                        f"worker processes died {lost} times in a row (out of memory?); use fewer --workers"
                    ) from None
                again.extend(running.values())
            finally:
                _end(pool)

    def _pool(self) -> ProcessPoolExecutor:
        _start_resource_tracker()
        sweep_semaphores()
        # Their usual names do not say whose they are.
        multiprocessing.current_process()._config["semprefix"] = f"/{SEMAPHORE_KIND}-{owner()}"  # type: ignore[attr-defined]
        # spawn: a forked child would inherit sockets and locks of the parent's sandbox.
        return ProcessPoolExecutor(
            self.workers, mp_context=multiprocessing.get_context("spawn"), initializer=_tie_to_parent
        )


def sweep_semaphores() -> None:
    """Remove semaphores that are left over from runs that were killed after their resource tracker was."""
    for file in left_behind(SEMAPHORES, f"sem.{SEMAPHORE_KIND}"):
        with contextlib.suppress(OSError):  # another run was faster, or they are another user's
            file.unlink()


def _start_resource_tracker() -> None:
    """Start the process that removes our semaphores when we end, protected from a SIGHUP to our process group."""
    if threading.current_thread() is not threading.main_thread():
        resource_tracker.ensure_running()
        return
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # it inherits this; it ignores SIGINT and SIGTERM anyway
    try:
        resource_tracker.ensure_running()
    finally:
        signal.signal(signal.SIGHUP, before)


def _tie_to_parent() -> None:
    """Ignore Ctrl-C, because the parent stops its workers with SIGTERM; and end if the parent ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    send_traces_as_parent()
    write_logs_as_parent()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)


def _chain(again: list[Item], source: Iterator[Item]) -> Iterator[Item]:
    while again:
        yield again.pop()
    yield from source


def _end(pool: ProcessPoolExecutor) -> None:
    """End the worker processes now. Nothing is lost: a resumed run does the unfinished items again."""
    processes = list((getattr(pool, "_processes", None) or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        with contextlib.suppress(ProcessLookupError, AttributeError):
            os.kill(process.pid, signal.SIGTERM)
    for process in processes:
        process.join(timeout=5)
