"""The judge's side of one fork server: starts it, opens programs in it, runs them, and ends it.

A ``Worker`` is used by one thread at a time. Whatever goes wrong with our own machinery is a ``SandboxError``; the
worker is then closed, and a new one takes its place.
"""

import os
import select
import signal
import socket
import subprocess
import sys
import sysconfig
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from stepsmith.core.errors import SandboxError
from stepsmith.core.records import Record
from stepsmith.sandbox import wire

BOOT = "import sys; sys.path.append(sys.argv[1]); from stepsmith.sandbox.zygote import main; main(int(sys.argv[2]))"
START_S = 30.0  # wall seconds for a fork server to come up, on a loaded machine
STDERR_LIMIT = 64 * 1024
STDERR_TAIL = 4096


class RunLimits(Record, frozen=True, kw_only=True):
    """Limits of one run. The run is killed past ``cpu_s`` of CPU or ``wall_s`` of wall time it was able to run in."""

    cpu_s: float
    wall_s: float
    memory_mb: int
    output_bytes: int


class RunOutcome(Record, frozen=True, kw_only=True):
    """The facts of one run, with no judgement."""

    exit_code: int | None  # None when a signal ended it
    signal: int | None
    cpu_s: float
    wall_s: float
    peak_mb: float
    limit: str  # what it was killed for: "", "cpu" or "wall"
    stdout: bytes
    stdout_full: bool  # the output reached its limit
    stderr: bytes  # the tail
    result: bytes  # the value returned, function interface only


class Opened(Record, frozen=True, kw_only=True):
    """Whether a program compiled, and what the compiler said."""

    ok: bool
    text: str


class _Facts(msgspec.Struct):
    status: int
    cpu_s: float
    wall_s: float
    peak_kb: int
    limit: str


class Worker:
    """One fork server with one program open at a time."""

    def __init__(self, level: int) -> None:
        self.level = level
        here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control = here
        self._session: socket.socket | None = None
        root = str(Path(__file__).parents[2])
        python = os.path.realpath(sys.executable)
        flags = ["-S", "-s", "-P", "-B", "-W", "ignore"]
        environment = {"PYTHONHASHSEED": "0", "PYTHONUTF8": "1", "LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "1"}
        with there:
            self._process = subprocess.Popen(
                [python, *flags, "-c", BOOT, root, str(there.fileno())],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=None, cwd="/", env=environment,
                pass_fds=(there.fileno(),), start_new_session=True,
            )  # fmt: skip
        paths = sysconfig.get_paths()
        readable = [paths["stdlib"], paths["platstdlib"], "/usr/lib", "/lib", "/lib64", "/usr/share/zoneinfo",
                    "/etc/localtime", "/dev/null", "/dev/zero", "/dev/urandom", "/dev/random"]  # fmt: skip
        try:
            self._send(here, {"level": level, "package_root": root, "readable": readable})
            self._receive(here, START_S)
        except BaseException:
            self.close()
            raise

    def open(self, source: bytes, entry_point: str | None, timeout_s: float = 60.0) -> Opened:
        """Compile a Python program in a process of its own; it stays open for ``run``."""
        self._hang_up()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._session = ours
        file = wire.memory_file(source, sealed=True)
        try:
            self._send(self._control, {"op": "open", "entry_point": entry_point}, (theirs.fileno(), file))
        finally:
            theirs.close()
            os.close(file)
        return msgspec.json.decode(self._receive(ours, timeout_s), type=Opened)

    def run(self, stdin: bytes, limits: RunLimits, arguments: tuple[str, ...] = ()) -> RunOutcome:
        """Run the open program once on ``stdin`` (for a function: the arguments' text)."""
        assert self._session is not None
        fds = [wire.memory_file(stdin, sealed=True), *(wire.memory_file() for _ in range(3))]
        try:
            request: dict[str, object] = {**msgspec.structs.asdict(limits), "arguments": arguments}
            request["output_bytes"] = limits.output_bytes + 1
            self._send(self._session, request, fds)
            facts = msgspec.json.decode(self._receive(self._session, 60.0 + 20 * limits.wall_s), type=_Facts)
            size = os.fstat(fds[1]).st_size
            tail = max(0, os.fstat(fds[2]).st_size - STDERR_TAIL)
            code = os.waitstatus_to_exitcode(facts.status)
            if code == -signal.SIGSYS:
                raise SandboxError(f"a test could not be confined: {os.pread(fds[2], STDERR_TAIL, 0)!r}")
            return RunOutcome(
                exit_code=code if code >= 0 else None, signal=-code if code < 0 else None,
                cpu_s=facts.cpu_s, wall_s=facts.wall_s, peak_mb=facts.peak_kb / 1024, limit=facts.limit,
                stdout=_content(fds[1], limits.output_bytes), stdout_full=size > limits.output_bytes,
                stderr=os.pread(fds[2], STDERR_TAIL, tail), result=_content(fds[3], limits.output_bytes),
            )  # fmt: skip
        finally:
            for descriptor in fds:
                os.close(descriptor)

    def close(self) -> None:
        """Kill the fork server and all it started."""
        self._hang_up()
        self._control.close()
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _hang_up(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def _send(self, sock: socket.socket, message: dict[str, object], fds: tuple[int, ...] | list[int] = ()) -> None:
        try:
            wire.send(sock, message, fds)
        except OSError as error:
            raise SandboxError(f"the fork server is gone: {error}") from error

    def _receive(self, sock: socket.socket, timeout_s: float) -> bytes:
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        if not poll.poll(timeout_s * 1000):
            raise SandboxError(f"no answer from the fork server within {timeout_s:.0f} s")
        try:
            data = sock.recv(wire.PACKET)
        except OSError as error:
            raise SandboxError(f"the fork server is gone: {error}") from error
        if not data:
            raise SandboxError("the fork server ended in the middle of a run")
        return data


def _content(descriptor: int, limit: int) -> bytes:
    return os.pread(descriptor, limit, 0)
