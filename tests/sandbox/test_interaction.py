"""Two programs at once: who ended first, and what the other sees of it."""

from collections.abc import Iterator

import pytest

from stepsmith.sandbox import levels
from stepsmith.sandbox.executable import Executable, RunLimits
from stepsmith.sandbox.interaction import Interaction, interact
from stepsmith.sandbox.launch import Setup
from stepsmith.sandbox.worker import Worker

LIMITS = RunLimits(cpu_s=2, wall_s=10, memory_mb=128, output_bytes=1 << 20)


@pytest.fixture(scope="module")
def pair(best: int) -> Iterator[tuple[Worker, Worker]]:
    with levels.start(best, Setup()) as one, levels.start(best, Setup()) as other:
        yield one, other


def meet(pair: tuple[Worker, Worker], solution: str, interactor: str, wall_s: float = 10) -> Interaction:
    for worker, code in zip(pair, (solution, interactor), strict=True):
        limits = RunLimits(cpu_s=2, wall_s=wall_s, memory_mb=128, output_bytes=1 << 20)
        assert worker.open(Executable(kind="python", code=code.encode()), limits).ok
    return interact(*pair, ("given",), accepts=42, stderr_bytes=4096)


ECHO = "import sys\nfor line in sys.stdin:\n    print(int(line) + 1, flush=True)"


def test_they_talk_to_each_other(pair: tuple[Worker, Worker]) -> None:
    interactor = """
        import sys
        n = 0
        for _ in range(2000):
            print(n, flush=True)
            n = int(input())
        print(n, sys.argv[1:], file=sys.stderr)
        sys.exit(42)"""
    met = meet(pair, ECHO, "if True:" + interactor)
    assert met.interactor.exit_code == 42
    assert met.interactor.stderr == b"2000 ['given']\n"
    assert met.solution.exit_code == 0  # it saw the end of its input
    assert met.interactor_first


def test_a_megabyte_fits_into_the_pipe(pair: tuple[Worker, Worker]) -> None:
    met = meet(pair, "print('x' * 1_000_000)", "import time\ntime.sleep(0.2)\nassert len(input()) == 1_000_000")
    assert (met.solution.exit_code, met.interactor.exit_code) == (0, 0)


LEAVING = "import sys\nsys.exit({})"
WRITING = "import signal, time\nsignal.signal(signal.SIGPIPE, signal.SIG_DFL)\ntime.sleep(0.3)\nprint('x')"


@pytest.mark.parametrize(("code", "killed"), [(42, None), (43, 13), (1, 13)])
def test_writing_to_an_interactor_that_is_gone(pair: tuple[Worker, Worker], code: int, killed: int | None) -> None:
    """After an acceptance the solution's own end decides, so what it still writes must not kill it."""
    met = meet(pair, WRITING, LEAVING.format(code))
    assert met.interactor_first
    assert met.interactor.exit_code == code
    assert met.solution.signal == killed


def test_writing_to_a_solution_that_is_gone(pair: tuple[Worker, Worker]) -> None:
    met = meet(pair, "", WRITING + "\nimport sys\nsys.stdout.flush()\nsys.exit(43)")
    assert not met.interactor_first
    assert (met.solution.exit_code, met.interactor.exit_code) == (0, 43)


def test_who_reacts_to_the_other_s_end_is_second(pair: tuple[Worker, Worker]) -> None:
    """However fast the reaction is: nobody sees the end of its input before the other's end is on record."""
    for _ in range(20):
        met = meet(pair, "import os, sys\nsys.stdin.read()\nos._exit(7)", "import os\nos._exit(43)")
        assert met.interactor_first
        assert met.solution.exit_code == 7
        met = meet(pair, "import os\nos._exit(7)", "import os, sys\nsys.stdin.read()\nos._exit(43)")
        assert not met.interactor_first
        assert met.interactor.exit_code == 43


def test_a_deadlock_ends_at_the_wall_limit(pair: tuple[Worker, Worker]) -> None:
    met = meet(pair, "input()", "input()", wall_s=0.5)
    assert {met.solution.end, met.interactor.end} <= {"wall", ""}
    assert met.solution.end == "wall" or met.interactor.end == "wall"


def test_no_descriptor_is_left_over(pair: tuple[Worker, Worker]) -> None:
    spy = "import os\nfor fd in range(3, 200):\n    try: print('BROKEN', os.fstat(fd))\n    except OSError: pass"
    met = meet(pair, spy, "import sys\nprint(sys.stdin.read(), file=sys.stderr)")
    assert met.interactor.stderr == b"\n"
