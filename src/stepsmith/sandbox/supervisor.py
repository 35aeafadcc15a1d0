"""The supervisor, one solution's process: it forks a process per test, watches it, and reports the facts.

It never holds inputs or outputs, only the descriptors of one test at a time, which it closes after the fork.
``PythonLoop``
is the reference implementation; if the machine has a compiler, ``native`` does the same in C.
"""

import contextlib
import ctypes
import errno
import mmap
import os
import select
import signal
import sys
import time

from stepsmith.sandbox import linux, wire
from stepsmith.sandbox.confinement import EXEC_FD, limit_cpu
from stepsmith.sandbox.task import ENVIRONMENT, UNREADABLE_CODE, SupervisorTask, strings

AT_EMPTY_PATH = 0x1000
FORKED, CONFINED, RUNNING = range(3)  # stages of a test's process


class PythonLoop:
    """The reference implementation of the loop."""

    def serve(self, task: SupervisorTask) -> list[str] | None:
        """Run one test per packet until the judge closes the connection, then return None.

        In the process of a Python test, return its arguments; the caller then runs the program. A packet holds the
        arguments, each ended by a NUL; its descriptors become the program's, from 0 on.
        """
        stage = mmap.mmap(-1, mmap.PAGESIZE)  # shared with the child: its first byte is the stage that it has reached
        while True:
            packet, fds = wire.receive(task.session)
            if not fds:
                return None
            stage[0] = FORKED
            started = time.monotonic()
            pid = linux.fork()
            if pid == 0:
                words = packet.split(b"\0")[:-1]
                _confine(task, fds, stage)
                if task.command is not None:
                    _execute([*task.command, *words], task.confinement.exec_key or 0, stage)
                task.prepare()
                stage[0] = RUNNING
                stage.close()  # so that the program cannot change it
                return [os.fsdecode(word) for word in words]
            for descriptor in fds:
                os.close(descriptor)
            limit_cpu(pid, task.cpu_s)
            end = _watch(task, pid, started)
            _pid, status, usage = os.wait4(pid, 0)
            if stage[0] == FORKED:
                end = wire.NOT_STARTED
            elif stage[0] == CONFINED and os.waitstatus_to_exitcode(status) == UNREADABLE_CODE:
                end = wire.UNREADABLE
            cpu_s, wall_s = usage.ru_utime + usage.ru_stime, time.monotonic() - started
            wire.send(task.session, wire.FACTS.pack(status, end, cpu_s, wall_s, usage.ru_maxrss, 0))


def _confine(task: SupervisorTask, fds: list[int], stage: mmap.mmap) -> None:
    try:
        linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
        for target, descriptor in enumerate(fds):
            os.dup2(descriptor, target)
        task.confinement.enter_test(len(fds))
        stage[0] = CONFINED
    except BaseException as error:
        os.write(2, f"{error!r}".encode())
        os._exit(255)


def _execute(words: list[bytes], key: int, stage: mmap.mmap) -> None:
    vector, environment = strings(words), strings(ENVIRONMENT)
    stage[0] = RUNNING
    number = ctypes.c_long(linux.NR["execveat"])
    linux.held.syscall(number, EXEC_FD, b"", vector, environment, AT_EMPTY_PATH, ctypes.c_ulong(key))
    problem = ctypes.get_errno()
    if problem != errno.ENOMEM:  # ENOMEM: the program is too large for its limit; all else is our own mistake
        stage[0] = FORKED
        os.write(2, f"exec: {os.strerror(problem)}".encode())
    os.kill(os.getpid(), signal.SIGKILL)


def _watch(task: SupervisorTask, pid: int, started: float) -> int:
    """Wait until the process ends or exceeds a limit; return which."""
    process = os.pidfd_open(pid)
    poll = select.poll()
    poll.register(process, select.POLLIN)
    poll.register(task.session.fileno(), select.POLLHUP)
    clock = (~pid << 3) | 2  # the process's CPU clock, see clock_getcpuclockid(3)
    granted = task.wall_s
    end = wire.ENDED
    while True:
        left = min(task.cpu_s - time.clock_gettime(clock), started + granted - time.monotonic())
        events = poll.poll(max(1, int(left * 1000) + 1))
        if any(descriptor == process for descriptor, _ in events):
            break
        if events:  # the judge has ended; the child dies with this process
            sys.exit()
        if time.clock_gettime(clock) >= task.cpu_s:
            end = wire.CPU_LIMIT
        elif time.monotonic() >= started + granted:
            granted = task.wall_s + _starved(pid)
            if time.monotonic() >= started + granted:
                end = wire.WALL_LIMIT
        if end != wire.ENDED:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(process, signal.SIGKILL)
            break
    os.close(process)
    return end


def _starved(pid: int) -> float:
    """Return the most seconds that a thread of a process waited for a free processor, which must not count for it."""
    waited = 0.0
    with contextlib.suppress(OSError, IndexError, ValueError):  # it has just ended, or this kernel does not report it
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/schedstat") as file:
                waited = max(waited, int(file.read().split()[1]) / 1e9)
    return waited
