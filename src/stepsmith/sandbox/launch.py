"""Start and end a fork server: its process, its user, its control group, the files that it may see."""

import contextlib
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from stepsmith.core.errors import SandboxError
from stepsmith.core.leftovers import make_folder
from stepsmith.core.records import Record
from stepsmith.sandbox import native, wire
from stepsmith.sandbox.cgroups import ControlGroup, NoControlGroupError

BOOT = "import sys; sys.path.append(sys.argv[1]); from stepsmith.sandbox.zygote import main; main(int(sys.argv[2]))"
PASSED_ON = ("LD_LIBRARY_PATH",)  # an interpreter may need it to start
PYTHON_FLAGS = ("-S", "-s", "-P")
# A fixed hash seed, so that sets have the same order each time; single-threaded numerics, so that fork is safe;
# functions bound at the start, so that the tests' processes need not do it.
ENVIRONMENT = {
    "PYTHONHASHSEED": "0", "PYTHONUTF8": "1", "LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "1",
    "LD_BIND_NOW": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1",
}  # fmt: skip
READY = b"ready"
START_S = 60.0  # wall seconds that a fork server may take to start, or for small requests, on a loaded machine
GROUP_PROCESSES = 160  # most threads in a control group: those of a program, and our own
BOX_KIND = "stepsmith-box"
BOX_MB = 256  # most memory for the files of a worker's programs
FIRST_USER = 1_900_000_000  # as root, workers get user ids from here on; no other software uses ids this high
SYSTEM_LIBRARIES = ("/usr/lib", "/lib", "/lib64", "/usr/share/zoneinfo", "/etc/localtime")


class Setup(Record, frozen=True, kw_only=True):
    """What a fork server provides in addition to the standard library."""

    packages: tuple[str, ...] = ()  # imported before any program runs
    package_folders: tuple[str, ...] = ()  # the folders of those packages and their libraries
    programs: tuple[str, ...] = ()  # paths that commands (compilers, interpreters) need to see
    library_folder: str = ""  # holds the supervisor's loop in C; empty: use the loop in Python


class ForkServer:
    """A running fork server and the socket to it. Raises ``SandboxError`` if it cannot be started."""

    def __init__(self, level: int, setup: Setup) -> None:
        self.level = level
        self.pid = 0
        self.group: ControlGroup | None = None
        self._uid: int | None = None
        self._pidfd = -1
        self._box = ""
        self.binaries = -1  # a folder for the binaries of programs, if the kernel has a good one
        self._launched: subprocess.Popen[bytes] | None = None
        try:
            self._log = os.memfd_create("log", os.MFD_CLOEXEC)
            self.control, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        except OSError as error:
            raise SandboxError(f"a fork server could not be started: {error}") from error
        try:
            with there:
                self._launch(there.fileno())
            self._configure(setup)
        except (NoControlGroupError, OSError) as error:
            words = self.last_words()
            self.close()
            raise SandboxError(f"a fork server could not be started: {error}. {words}".rstrip(". ")) from error
        except BaseException:
            self.close()
            raise

    def _launch(self, descriptor: int) -> None:
        root = str(Path(__file__).parents[2])
        self._launched = subprocess.Popen(
            [os.path.realpath(sys.executable), *PYTHON_FLAGS, "-c", BOOT, root, str(descriptor)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self._log, cwd="/",
            env=ENVIRONMENT | {name: os.environ[name] for name in PASSED_ON if name in os.environ},
            pass_fds=(descriptor,), start_new_session=True,
        )  # fmt: skip
        self.pid = self._launched.pid
        self._pidfd = os.pidfd_open(self.pid)
        if self.level >= 3:
            self.group = ControlGroup(GROUP_PROCESSES)
            self.group.add(self.pid)

    def _configure(self, setup: Setup) -> None:
        paths = sysconfig.get_paths()
        libraries = sysconfig.get_config_var("LIBDIR")
        readable = [paths["stdlib"], paths["platstdlib"], *([libraries] if libraries else []), *SYSTEM_LIBRARIES]
        self._uid = uid = _user_id(self.pid, readable if self.level < 2 else [])
        box = "/box"  # at L2 and above, a memory file system of the worker's own
        if self.level < 2:
            self._box = box = str(make_folder(BOX_KIND))
            if uid is not None:
                os.chown(box, uid, uid)
        settings: wire.ServerSettings = {
            "level": self.level, "uid": uid, "box": box, "box_mb": BOX_MB,
            "readable": [*readable, *setup.package_folders], "programs": [*setup.programs],
            "packages": [*setup.packages], "package_root": str(Path(__file__).parents[2]),
            "package_path": sorted({str(Path(folder).parent) for folder in setup.package_folders}),
            "library": native.library(Path(setup.library_folder)) if setup.library_folder else "",
        }  # fmt: skip
        wire.send(self.control, wire.pack(settings))
        answer = self.receive(self.control, START_S)
        if answer != READY:  # else it is the id of the process in the new namespaces, which is also our child
            assert self._launched is not None
            self._launched.wait()
            os.close(self._pidfd)
            self.pid = int(answer)
            self._pidfd = os.pidfd_open(self.pid)
            _, fds = self.receive_files(START_S)
            self.binaries = fds[0] if fds else -1

    def send(self, data: bytes, fds: Sequence[int] = ()) -> None:
        """Send a packet to the fork server. Raises ``OSError``."""
        wire.send(self.control, data, [*fds])

    def receive(self, sock: socket.socket, timeout_s: float) -> bytes:
        """Return the next packet from the fork server or one of its processes. Raises ``SandboxError``."""
        self.wait(sock, timeout_s)
        data = sock.recv(wire.PACKET)
        if not data:
            if words := self.last_words():
                raise EndedError(f"the fork server ended unexpectedly. {words}")
            raise CutShortError("the fork server ended without a word; something killed it")
        return data

    def receive_files(self, timeout_s: float) -> tuple[bytes, list[int]]:
        """Return the next packet from the fork server, with its descriptors. Raises ``SandboxError``, ``OSError``."""
        self.wait(self.control, timeout_s)
        data, fds = wire.receive(self.control)
        if not data:
            raise EndedError(f"the fork server ended. {self.last_words()}")
        return data, fds

    def wait(self, sock: socket.socket, timeout_s: float) -> None:
        """Wait until there is something to receive. Raises ``SandboxError`` after ``timeout_s`` seconds."""
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        if not poll.poll(timeout_s * 1000):
            raise SandboxError(f"no answer from the fork server within {timeout_s:.0f} s")

    def can_read(self, path: str) -> bool:
        """Return whether programs that may see ``path`` can also read it, as the user that they run as."""
        return self.level >= 2 or self._uid is None or _open_to_all(path)

    def last_words(self) -> str:
        """Return the end of the fork server's log, which holds only its own failures."""
        size = os.fstat(self._log).st_size
        return os.pread(self._log, 1000, max(0, size - 1000)).decode("utf-8", "replace").strip()

    def kill(self) -> None:
        """Kill the fork server, from any thread; threads that wait for it get an error. ``close`` cleans up."""
        with contextlib.suppress(OSError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def close(self) -> None:
        """Kill the fork server and its processes, and remove its files. May be called again."""
        self.control.close()
        if self._pidfd >= 0:
            self.kill()
            with contextlib.suppress(ChildProcessError):
                os.waitid(os.P_PIDFD, self._pidfd, os.WEXITED)
            os.close(self._pidfd)
            self._pidfd = -1
        if self._launched is not None and self._launched.poll() is None:
            self._launched.kill()
            self._launched.wait()
        if self.group is not None:
            self.group.remove()
            self.group = None
        for descriptor in {self._log, self.binaries} - {-1}:
            os.close(descriptor)
        self._log = self.binaries = -1
        if self._box:
            shutil.rmtree(self._box, ignore_errors=True)
            self._box = ""


class EndedError(SandboxError):
    """The other side closed the connection."""


class CutShortError(EndedError):
    """The other side was killed, so it says nothing about what this machine can do."""


def _user_id(pid: int, needed: Sequence[str]) -> int | None:
    """Return the user id that a worker changes to if we are root; None: it keeps its user.

    A worker without its own namespaces keeps running as root, but without capabilities, if another user could not read
    the files that it needs.
    """
    if os.geteuid() != 0 or not all(_open_to_all(path) for path in needed if Path(path).exists()):
        return None
    uid = FIRST_USER + pid
    ranges = [[int(field) for field in line.split()] for line in Path("/proc/self/uid_map").read_text().splitlines()]
    return uid if any(start <= uid < start + count for start, _, count in ranges) else None


def _open_to_all(path: str) -> bool:
    return all(folder.stat().st_mode & 0o001 for folder in Path(path).resolve().parents)
