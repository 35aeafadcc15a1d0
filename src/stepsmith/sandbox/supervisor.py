"""One solution's process: compiles the program once under limits, then forks a process per test and watches it.

It never holds inputs or outputs, only descriptors of one test at a time, which it closes after the fork.
"""

import os
import resource
import select
import signal
import sys
import time
from types import CodeType

import _socket

from stepsmith.sandbox import landlock, linux, python_child, seccomp, wire

MB = 1 << 20
ADDRESS_SLACK_MB = 256  # address space beyond the memory limit: thread stacks and allocator reserves are not memory
MAX_FILES = 64
MAX_PROCESSES = 128  # threads of one program; counts for an unprivileged user only
EXEC_FD = 63


class Confinement:
    """What a test's process puts on itself before the program runs; built once, inherited by fork."""

    def __init__(self, *, level: int, readable: list[str], base_mb: int) -> None:
        self.level = level
        self.base_mb = base_mb
        self.rules = -1
        self.filter = b""
        if level >= 1:
            self.rules = landlock.ruleset([(path, landlock.READ) for path in readable])

    def limits(self, memory_mb: int, output_bytes: int, cpu_s: float) -> None:
        """Set resource limits on the calling process."""
        space = (self.base_mb + memory_mb + ADDRESS_SLACK_MB) * MB
        seconds = int(cpu_s) + 2
        _limit(resource.RLIMIT_AS, space)
        _limit(resource.RLIMIT_STACK, min(space, 1024 * MB))
        _limit(resource.RLIMIT_FSIZE, output_bytes)
        _limit(resource.RLIMIT_CORE, 0)
        _limit(resource.RLIMIT_NOFILE, MAX_FILES)
        _limit(resource.RLIMIT_NPROC, MAX_PROCESSES)
        _limit(resource.RLIMIT_CPU, seconds)

    def enter(self) -> None:
        """Confine the calling process for good."""
        if self.level >= 1:
            landlock.restrict(self.rules)
            os.closerange(RESULT_END, 1024)
            seccomp.install(seccomp.build(own_pid=os.getpid()))
        else:
            os.closerange(RESULT_END, 1024)


RESULT_END = python_child.RESULT_FD + 1


def _limit(kind: int, value: int) -> None:
    _soft, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(kind, (value, value))


def serve(session: _socket.socket, source: bytes, request: dict[str, object], confinement: Confinement) -> None:
    """Compile, report, then run one test per packet until the judge hangs up."""
    linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
    entry_point = request["entry_point"]
    assert entry_point is None or isinstance(entry_point, str)
    resource.setrlimit(resource.RLIMIT_CPU, (30, 30))
    code, problem = compile_python(source)
    wire.send(session, {"ok": code is not None, "text": problem})
    if code is None:
        return
    python_child.standard_streams()
    while True:
        packet = wire.receive(session)
        if packet is None:
            return
        test, fds = packet
        wire.send(session, run_test(session, code, entry_point, test, fds, confinement))


def compile_python(source: bytes) -> tuple[CodeType | None, str]:
    """Return the compiled program, or None and the compiler's word."""
    try:
        return compile(source.decode("utf-8-sig"), "solution.py", "exec", dont_inherit=True), ""
    except (SyntaxError, ValueError, MemoryError, RecursionError, OverflowError) as error:
        import traceback

        return None, "".join(traceback.format_exception_only(type(error), error))


def run_test(
    session: _socket.socket,
    code: CodeType,
    entry_point: str | None,
    test: dict[str, object],
    fds: list[int],
    confinement: Confinement,
) -> dict[str, object]:
    """Run one test in a new process and return the facts of its run."""
    started = time.monotonic()
    pid = linux.fork()
    if pid == 0:
        _child(code, entry_point, test, fds, confinement)
    for descriptor in fds:
        os.close(descriptor)
    limit = _watch(session, pid, float(test["cpu_s"]), float(test["wall_s"]))  # type: ignore[arg-type]
    _pid, status, usage = os.wait4(pid, 0)
    return {
        "status": status,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "wall_s": time.monotonic() - started,
        "peak_kb": usage.ru_maxrss,
        "limit": limit,
    }


def _child(
    code: CodeType, entry_point: str | None, test: dict[str, object], fds: list[int], confinement: Confinement
) -> None:
    try:
        linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
        for target, descriptor in enumerate(fds):
            os.dup2(descriptor, target, inheritable=True)
        confinement.limits(int(test["memory_mb"]), int(test["output_bytes"]), float(test["cpu_s"]))  # type: ignore[call-overload, arg-type]
        confinement.enter()
    except BaseException as error:
        os.write(2, f"sandbox: {error!r}".encode())
        os.kill(os.getpid(), signal.SIGSYS)  # the judge takes this for our failure
        os._exit(255)
    python_child.run(code, entry_point, list(test["arguments"]))  # type: ignore[call-overload]


def _watch(session: _socket.socket, pid: int, cpu_s: float, wall_s: float) -> str:
    """Wait until the process ends or passes a limit; return the limit's name, or "" for an end of its own."""
    process = os.pidfd_open(pid)
    poll = select.poll()
    poll.register(process, select.POLLIN)
    poll.register(session.fileno(), select.POLLHUP)
    clock = (~pid << 3) | 2  # the process's CPU clock, see clock_getcpuclockid(3)
    deadline = time.monotonic() + wall_s
    try:
        while True:
            left = min(cpu_s - time.clock_gettime(clock), deadline - time.monotonic())
            events = poll.poll(max(1, int(left * 1000) + 1))
            if any(descriptor == process for descriptor, _ in events):
                return ""
            if events:  # the judge is gone
                signal.pidfd_send_signal(process, signal.SIGKILL)
                sys.exit()
            if time.clock_gettime(clock) >= cpu_s:
                signal.pidfd_send_signal(process, signal.SIGKILL)
                return "cpu"
            if time.monotonic() >= deadline + _starved(pid):
                signal.pidfd_send_signal(process, signal.SIGKILL)
                return "wall"
    finally:
        os.close(process)


def _starved(pid: int) -> float:
    """Seconds that a process spent waiting for a processor: the machine's fault, not the program's."""
    try:
        with open(f"/proc/{pid}/schedstat") as file:  # noqa: PTH123
            return int(file.read().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0
