"""One solution's process: compiles the program once under limits, then forks a process per test and watches it.

It never holds inputs or outputs, only the descriptors of one test at a time, which it closes after the fork.
"""

import _socket
import contextlib
import ctypes
import errno
import mmap
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Callable
from types import CodeType

from stepsmith.sandbox import linux, python_child, wire
from stepsmith.sandbox.confinement import EXEC_FD, Confinement, limit_cpu

COMPILE_CPU_S = 10
COMPILE_MEMORY = 2 << 30  # bytes of address space for the Python compiler
ENVIRONMENT = ("PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8", "MALLOC_ARENA_MAX=1", "TMPDIR=.", "HOME=/")
AT_EMPTY_PATH = 0x1000

# Becomes the program, with its arguments; never returns. The map is shared with the supervisor: its first byte says
# whether the confinement was completed, and it must be out of the program's reach.
Start = Callable[[list[str], mmap.mmap], object]


def compile_python(source: bytes, name: str) -> tuple[CodeType | None, str]:
    """Return the compiled program, or None and the compiler's word. Limits itself for the time it takes."""
    usual = {kind: resource.getrlimit(kind) for kind in (resource.RLIMIT_CPU, resource.RLIMIT_AS)}
    resource.setrlimit(resource.RLIMIT_CPU, (COMPILE_CPU_S, usual[resource.RLIMIT_CPU][1]))
    resource.setrlimit(resource.RLIMIT_AS, (COMPILE_MEMORY, usual[resource.RLIMIT_AS][1]))
    try:
        return compile(source.decode("utf-8-sig"), name, "exec", dont_inherit=True), ""
    except (SyntaxError, ValueError, MemoryError, RecursionError, OverflowError) as error:
        import traceback

        return None, "".join(traceback.format_exception_only(type(error), error))
    finally:
        for kind, limits in usual.items():
            resource.setrlimit(kind, limits)


def python_start(code: CodeType, entry_point: str | None, command: list[str]) -> Start:
    """Return how a test's process becomes a Python program."""
    python_child.standard_streams()

    def start(arguments: list[str], stage: mmap.mmap) -> None:
        stage.close()
        python_child.run(code, entry_point, [*command, *arguments])

    return start


def exec_start(command: list[str]) -> Start:
    """Return how a test's process becomes the program in ``EXEC_FD``; ``command`` is its name and first arguments."""
    environment = _strings(ENVIRONMENT)
    execveat = linux.NR["execveat"]

    def start(arguments: list[str], stage: mmap.mmap) -> None:
        vector = _strings([*command, *arguments])
        linux.held.syscall(ctypes.c_long(execveat), EXEC_FD, b"", vector, environment, AT_EMPTY_PATH)
        problem = ctypes.get_errno()
        if problem != errno.ENOMEM:  # the program is too large for its limit, or else we did something wrong
            stage[0] = 0
            os.write(2, os.strerror(problem).encode())
        os.kill(os.getpid(), signal.SIGKILL)

    return start


def _strings(values: list[str] | tuple[str, ...]) -> "ctypes.Array[ctypes.c_char_p]":
    return (ctypes.c_char_p * (len(values) + 1))(*[value.encode("utf-8", "surrogateescape") for value in values], None)


def serve(session: _socket.socket, start: Start, confinement: Confinement, cpu_s: float, wall_s: float) -> None:
    """Run one test per packet until the judge hangs up. A packet holds the arguments, each ended by a NUL."""
    stage = mmap.mmap(-1, mmap.PAGESIZE)  # shared with the child: says how far it came
    while True:
        packet, fds = wire.receive(session)
        if not fds:
            return
        stage[0] = 0
        started = time.monotonic()
        pid = linux.fork()
        if pid == 0:
            arguments = packet.decode("utf-8", "surrogateescape").split("\0")[:-1]
            _child(start, arguments, fds, confinement, stage)
        for descriptor in fds:
            os.close(descriptor)
        limit_cpu(pid, cpu_s)
        end = _watch(session, pid, cpu_s, wall_s)
        _pid, status, usage = os.wait4(pid, 0)
        if not stage[0]:
            end = wire.NOT_STARTED
        cpu = usage.ru_utime + usage.ru_stime
        wire.send(session, wire.FACTS.pack(status, end, cpu, time.monotonic() - started, usage.ru_maxrss))


def _child(start: Start, arguments: list[str], fds: list[int], confinement: Confinement, stage: mmap.mmap) -> None:
    try:
        linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
        for target, descriptor in enumerate(fds):
            os.dup2(descriptor, target)
        confinement.enter_test(len(fds))
        stage[0] = 1
    except BaseException as error:
        os.write(2, f"{error!r}".encode())
        os._exit(255)
    start(arguments, stage)


def _watch(session: _socket.socket, pid: int, cpu_s: float, wall_s: float) -> int:
    """Wait until the process ends or passes a limit, and say which."""
    process = os.pidfd_open(pid)
    poll = select.poll()
    poll.register(process, select.POLLIN)
    poll.register(session.fileno(), select.POLLHUP)
    clock = (~pid << 3) | 2  # the process's CPU clock, see clock_getcpuclockid(3)
    started = time.monotonic()
    granted = wall_s
    end = wire.ENDED
    while True:
        left = min(cpu_s - time.clock_gettime(clock), started + granted - time.monotonic())
        events = poll.poll(max(1, int(left * 1000) + 1))
        if any(descriptor == process for descriptor, _ in events):
            break
        if events:  # the judge is gone; the child dies with this process
            sys.exit()
        if time.clock_gettime(clock) >= cpu_s:
            end = wire.CPU_LIMIT
        elif time.monotonic() >= started + granted:
            granted = wall_s + _starved(pid)
            if time.monotonic() >= started + granted:
                end = wire.WALL_LIMIT
        if end != wire.ENDED:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(process, signal.SIGKILL)
            break
    os.close(process)
    return end


def _starved(pid: int) -> float:
    """Seconds that a process's threads waited for a processor, at most: the machine's fault, not the program's."""
    waited = 0.0
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208
            with open(f"/proc/{pid}/task/{thread}/schedstat") as file:  # noqa: PTH123
                waited = max(waited, int(file.read().split()[1]) / 1e9)
    except (OSError, IndexError, ValueError):
        pass  # it has just ended, or this kernel does not tell
    return waited
