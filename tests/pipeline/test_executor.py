import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from stepsmith.core.errors import SandboxError
from stepsmith.core.leftovers import owner
from stepsmith.pipeline import executor
from stepsmith.pipeline.executor import Executor, InProcess, LocalProcesses, LocalThreads


def square(item: int) -> int:
    return item * item


def worker_of(item: int) -> int:
    time.sleep(0.05)
    return os.getpid()


def die_once(item: tuple[int, str]) -> int:
    """Kill our own process the first time that item 3 comes by."""
    number, flag = item
    if number == 3 and not Path(flag).exists():
        Path(flag).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def always_die(item: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return item


def fail(item: int) -> int:
    raise SandboxError(f"item {item}")


@pytest.mark.parametrize("where", [InProcess(), LocalProcesses(2), LocalThreads(3)])
def test_every_item_once(where: Executor) -> None:
    assert sorted(where.map(square, range(9))) == [n * n for n in range(9)]
    assert list(where.map(square, [])) == []


def test_work_is_spread() -> None:
    workers = set(LocalProcesses(2).map(worker_of, range(12)))
    assert len(workers) == 2
    assert os.getpid() not in workers


def test_a_killed_worker_loses_nothing(tmp_path: Path) -> None:
    items = [(number, str(tmp_path / "flag")) for number in range(8)]
    assert sorted(LocalProcesses(2).map(die_once, items)) == list(range(8))
    assert (tmp_path / "flag").exists()


def test_workers_that_always_die_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executor, "LOST_WORKERS", 1)
    with pytest.raises(SandboxError, match="worker processes died 2 times"):
        list(LocalProcesses(1).map(always_die, [1]))


@pytest.mark.parametrize("where", [InProcess(), LocalProcesses(1)])
def test_exceptions_come_through(where: Executor) -> None:
    with pytest.raises(SandboxError, match=r"item \d"):  # in processes whichever fails first
        list(where.map(fail, range(3)))


def test_stopping_early_ends_the_workers() -> None:
    results = LocalProcesses(2).map(worker_of, range(1000))
    pids = {next(results) for _ in range(4)}
    results.close()  # type: ignore[attr-defined]
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_threads_wait_at_the_same_time() -> None:
    gate = threading.Barrier(4)
    assert sorted(LocalThreads(4).map(lambda item: gate.wait(timeout=5) * 0 + item, range(4))) == [0, 1, 2, 3]


def test_threads_finish_what_is_under_way_when_an_item_fails() -> None:
    started: list[int] = []
    failed = threading.Event()

    def work(item: int) -> int:
        started.append(item)
        if item == 1:
            failed.set()
            raise SandboxError("item 1")
        failed.wait(5)
        time.sleep(0.05)
        return item

    chain = LocalThreads(3).map(work, range(100))
    assert sorted(itertools.islice(chain, 2)) == [0, 2]
    with pytest.raises(SandboxError, match="item 1"):
        next(chain)
    assert len(started) <= 4


def test_threads_take_items_one_by_one_from_an_endless_source() -> None:
    taken = itertools.count()
    results = LocalThreads(2).map(square, taken)
    assert sorted(itertools.islice(results, 6))[0] == 0
    results.close()  # type: ignore[attr-defined]
    assert next(taken) < 12


KILLED_WITH_ITS_TRACKER = """
import os, signal
from multiprocessing import resource_tracker
from stepsmith.pipeline.executor import LocalProcesses

if __name__ == "__main__":
    for _ in LocalProcesses(1).map(abs, range(3)):
        os.kill(resource_tracker._resource_tracker._pid, signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_semaphores_of_a_killed_run_are_removed_by_the_next(tmp_path: Path) -> None:
    script = tmp_path / "killed.py"
    script.write_text(KILLED_WITH_ITS_TRACKER)
    with subprocess.Popen([sys.executable, script]) as run:
        run.wait()
    left = f"sem.stepsmith-{owner(run.pid)}-*"
    assert list(executor.SEMAPHORES.glob(left))
    executor.sweep_semaphores()
    assert not list(executor.SEMAPHORES.glob(left))
