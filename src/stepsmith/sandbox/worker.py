"""The judge's side of one fork server: starts it, opens programs in it, runs them, and ends it.

A ``Worker`` is used by one thread at a time. Whatever goes wrong with our own machinery is a ``SandboxError``; the
worker is then of no use and is to be closed.
"""

import contextlib
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from stepsmith.core.errors import SandboxError
from stepsmith.sandbox import native, wire
from stepsmith.sandbox.cgroups import ControlGroup, NoControlGroupError
from stepsmith.sandbox.program import Opened, Program, RunLimits, RunOutcome, check_name, image_mb

BOOT = "import sys; sys.path.append(sys.argv[1]); from stepsmith.sandbox.zygote import main; main(int(sys.argv[2]))"
PASSED_ON = ("LD_LIBRARY_PATH",)  # an interpreter may need it to start
PYTHON_FLAGS = ("-S", "-s", "-P", "-B", "-W", "ignore")
# A fixed hash seed, so that judging twice sees the same order of sets; single-threaded numerics, so that fork is safe.
ENVIRONMENT = {
    "PYTHONHASHSEED": "0", "PYTHONUTF8": "1", "LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "1",
    "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1",
}  # fmt: skip
MB = 1 << 20
START_S = 60.0  # wall seconds for a fork server to come up, on a loaded machine
GROUP_PROCESSES = 160  # threads of a program, and ours
GROUP_EXTRA_MB = 64  # what the fork server and a solution's process take beside the program
BOX_MB = 256  # memory that files of one worker's programs may take
STDERR_TAIL = 4096  # bytes
FIRST_USER = 1_900_000_000  # as root, workers get user ids from here on; nothing else hands out ids this high
SYSTEM_LIBRARIES = ("/usr/lib", "/lib", "/lib64", "/usr/share/zoneinfo", "/etc/localtime")


class Worker:
    """One fork server, with one program open at a time.

    ``packages`` are imported before any program runs, found in the folders ``package_folders``; ``programs`` are paths
    that commands (compilers, interpreters) need to see. ``library_folder`` keeps the supervisor's loop in C; without it
    the loop in Python serves. Raises ``SandboxError`` when the level cannot be had.
    """

    def __init__(
        self,
        level: int,
        *,
        packages: Sequence[str] = (),
        package_folders: Sequence[str] = (),
        programs: Sequence[str] = (),
        library_folder: Path | None = None,
    ) -> None:
        self.level = level
        self._session: socket.socket | None = None
        self._limits = RunLimits(cpu_s=1, wall_s=1, memory_mb=1, output_bytes=1)
        self._has_result = False
        self._image_mb = 0.0
        self._log = os.memfd_create("log", os.MFD_CLOEXEC)
        self._box = ""
        self._pidfd = -1
        self.pid = 0
        self.group: ControlGroup | None = None
        self._control, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        root = str(Path(__file__).parents[2])
        environment = ENVIRONMENT | {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        with there:
            self._launched = subprocess.Popen(
                [os.path.realpath(sys.executable), *PYTHON_FLAGS, "-c", BOOT, root, str(there.fileno())],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self._log, cwd="/", env=environment,
                pass_fds=(there.fileno(),), start_new_session=True,
            )  # fmt: skip
        try:
            self.pid = self._launched.pid
            self._pidfd = os.pidfd_open(self.pid)
            if level >= 3:
                self.group = ControlGroup(GROUP_PROCESSES)
                self.group.add(self.pid)
            self._configure(root, packages, package_folders, programs, library_folder)
        except NoControlGroupError as error:
            self.close()
            raise SandboxError(str(error)) from error
        except BaseException:
            self.close()
            raise

    def _configure(
        self,
        root: str,
        packages: Sequence[str],
        package_folders: Sequence[str],
        programs: Sequence[str],
        library_folder: Path | None,
    ) -> None:
        paths = sysconfig.get_paths()
        library = sysconfig.get_config_var("LIBDIR")
        readable = [paths["stdlib"], paths["platstdlib"], *([library] if library else []), *SYSTEM_LIBRARIES]
        uid = _user_id(self._launched.pid, readable if self.level < 2 else [])
        if self.level >= 2:
            box = "/box"
        else:
            self._box = box = tempfile.mkdtemp(prefix=f"stepsmith-{os.getpid()}-")
            if uid is not None:
                os.chown(box, uid, uid)
        settings: wire.Settings = {
            "level": self.level, "uid": uid, "box": box, "box_mb": BOX_MB, "readable": [*readable, *package_folders],
            "programs": [*programs], "packages": [*packages], "package_root": root,
            "package_path": sorted({str(Path(folder).parent) for folder in package_folders}),
            "library": native.library(library_folder) if library_folder else "",
        }  # fmt: skip
        self._send(self._control, wire.encode(settings))
        answer = msgspec.json.decode(self._receive(self._control, START_S), type=dict[str, int])
        if "pid" in answer:
            os.close(self._pidfd)
            self.pid = answer["pid"]
            self._pidfd = os.pidfd_open(self.pid)
            self._launched.wait()
            self._receive(self._control, START_S)

    def open(self, program: Program, limits: RunLimits, timeout_s: float = 60.0) -> Opened:
        """Make a program ready to run, in a process of its own: Python is compiled. The one before is ended."""
        self._hang_up()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._session, self._limits = ours, limits
        self._has_result = program.entry_point is not None
        self._image_mb = image_mb(program.code) if program.kind == "binary" else 0.0
        if self.group is not None:
            try:
                self.group.limit_memory((limits.memory_mb + GROUP_EXTRA_MB) * MB + 3 * limits.output_bytes)
            except OSError as error:
                raise SandboxError(f"the control group's memory could not be limited: {error}") from error
        parts = (program.code, *(content for _, content in program.files))
        contents = [wire.memory_file(content, sealed=True) for content in parts]
        request: wire.OpenRequest = {
            "op": "open", "kind": program.kind, "entry_point": program.entry_point, "command": [*program.command],
            "names": [name for name, _ in program.files], "folder": program.folder, "spawning": program.spawning,
            "limits": {
                "cpu_s": limits.cpu_s, "wall_s": limits.wall_s, "memory_mb": limits.memory_mb,
                "output_bytes": limits.output_bytes + 1,  # so that the limit itself can be filled
            },
        }  # fmt: skip
        try:
            self._send(self._control, wire.encode(request), (theirs.fileno(), *contents))
        finally:
            theirs.close()
            for descriptor in contents:
                os.close(descriptor)
        try:
            return msgspec.json.decode(self._receive(ours, timeout_s), type=Opened)
        except _EndedError:
            code = self._end_status()
            if code in (-signal.SIGXCPU, -signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS):
                return Opened(ok=False, text=f"the compiler was killed by {signal.Signals(-code).name}\n")
            raise

    def run(self, stdin: bytes, arguments: Sequence[str] = (), *, stderr_bytes: int = STDERR_TAIL) -> RunOutcome:
        """Run the open program once on ``stdin`` (for a function: the arguments' text)."""
        assert self._session is not None
        outputs = 3 if self._has_result else 2
        fds = [wire.memory_file(stdin, sealed=True), *(wire.memory_file() for _ in range(outputs))]
        try:
            packet = "".join(f"{argument}\0" for argument in arguments).encode("utf-8", "surrogateescape")
            self._send(self._session, packet, fds)
            facts = self._receive(self._session, 60.0 + 20 * self._limits.wall_s)
            return self._outcome(facts, fds, stderr_bytes)
        finally:
            for descriptor in fds:
                os.close(descriptor)

    def collect(self, names: Sequence[str], max_bytes: int) -> dict[str, bytes]:
        """End the open program, and return those of ``names`` in its folder that are plain files and no larger."""
        for name in names:
            check_name(name)
        self._hang_up()
        request: wire.CollectRequest = {"op": "collect", "names": [*names], "max_bytes": max_bytes}
        self._send(self._control, wire.encode(request))
        self._wait(self._control, START_S)
        data, fds = wire.receive(self._control)
        if not data:
            raise _EndedError(f"the fork server ended. {self._last_words()}")
        found = msgspec.json.decode(data, type=dict[str, list[str]])["names"]
        return {name: wire.read_file(descriptor) for name, descriptor in zip(found, fds, strict=True)}

    def kill(self) -> None:
        """Kill the fork server, from any thread; whoever waits for it gets ``SandboxError``. ``close`` cleans up."""
        with contextlib.suppress(ProcessLookupError, OSError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def close(self) -> None:
        """Kill the fork server and all it started, and remove its files. May be called again."""
        self._hang_up()
        self._control.close()
        if self._pidfd >= 0:
            self.kill()
            with contextlib.suppress(ChildProcessError):
                os.waitid(os.P_PIDFD, self._pidfd, os.WEXITED)
            os.close(self._pidfd)
            self._pidfd = -1
        if self._launched.poll() is None:
            self._launched.kill()
            self._launched.wait()
        if self.group is not None:
            self.group.remove()
            self.group = None
        if self._log >= 0:
            os.close(self._log)
            self._log = -1
        if self._box:
            shutil.rmtree(self._box, ignore_errors=True)
            self._box = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _outcome(self, data: bytes, fds: list[int], stderr_bytes: int) -> RunOutcome:
        status, end, cpu_s, wall_s, peak_kb = wire.FACTS.unpack(data)
        if end == wire.NOT_STARTED:
            raise SandboxError(f"a program could not be confined and started: {os.pread(fds[2], STDERR_TAIL, 0)!r}")
        limit = self._limits.output_bytes
        code = os.waitstatus_to_exitcode(status)
        size, errors = os.fstat(fds[1]).st_size, os.fstat(fds[2]).st_size
        return RunOutcome(
            exit_code=code if code >= 0 else None, signal=-code if code < 0 else None,
            cpu_s=cpu_s, wall_s=wall_s, peak_mb=peak_kb / 1024, image_mb=self._image_mb, end=("", "cpu", "wall")[end],
            stdout=_content(fds[1], min(size, limit)), too_much=size > limit or errors > limit,
            stderr=_content(fds[2], stderr_bytes, max(0, errors - stderr_bytes)),
            result=_content(fds[3], limit) if self._has_result else b"",
        )  # fmt: skip

    def _end_status(self) -> int:
        """Exit code of the solution's process that has just ended, negative for a signal."""
        self._send(self._control, b'{"op":"status"}')
        answer = msgspec.json.decode(self._receive(self._control, START_S), type=dict[str, int])
        return os.waitstatus_to_exitcode(answer["status"])

    def _hang_up(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def _send(self, sock: socket.socket, data: bytes, fds: tuple[int, ...] | list[int] = ()) -> None:
        try:
            wire.send(sock, data, fds)
        except OSError as error:
            raise SandboxError(f"the fork server is gone: {error}. {self._last_words()}") from error

    def _wait(self, sock: socket.socket, timeout_s: float) -> None:
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        if not poll.poll(timeout_s * 1000):
            raise SandboxError(f"no answer from the fork server within {timeout_s:.0f} s")

    def _receive(self, sock: socket.socket, timeout_s: float) -> bytes:
        self._wait(sock, timeout_s)
        try:
            data = sock.recv(wire.PACKET)
        except OSError as error:
            raise SandboxError(f"the fork server is gone: {error}. {self._last_words()}") from error
        if not data:
            raise _EndedError(f"the fork server ended in the middle of its work. {self._last_words()}")
        return data

    def _last_words(self) -> str:
        size = os.fstat(self._log).st_size
        return os.pread(self._log, 1000, max(0, size - 1000)).decode("utf-8", "replace").strip()


class _EndedError(SandboxError):
    """The other side closed the conversation."""


def _content(descriptor: int, size: int, offset: int = 0) -> bytes:
    """Read from a memory file without moving the position that the program's side shares."""
    chunks = []
    while size > 0 and (chunk := os.pread(descriptor, size, offset)):
        chunks.append(chunk)
        size -= len(chunk)
        offset += len(chunk)
    return b"".join(chunks) if len(chunks) != 1 else chunks[0]


def _user_id(pid: int, needed: Sequence[str]) -> int | None:
    """Return the user id that a worker drops to when we are root; None to stay what we are.

    Without namespaces of its own, a worker that could not read the files it needs as another user stays root, with no
    capabilities.
    """
    if os.geteuid() != 0 or not all(_open_to_all(path) for path in needed if Path(path).exists()):
        return None
    uid = FIRST_USER + pid
    with open("/proc/self/uid_map") as file:
        ranges = [[int(field) for field in line.split()] for line in file]
    mapped = [start <= uid < start + count for start, _, count in ranges]
    return uid if any(mapped) else None


def _open_to_all(path: str) -> bool:
    place = Path(path).resolve()
    return all(folder.stat().st_mode & 0o001 for folder in place.parents)
