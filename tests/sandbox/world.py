"""What hostile programs aim at, all of it real, and how to see afterwards that nothing was hit or left behind."""

import contextlib
import ctypes
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

SECRET = "THE-SECRET-" + "OF-THE-JUDGE"  # also in this process's environment and memory
PLACES = ("/tmp", "/var/tmp", "/dev/shm", "/", "/run")


class World:
    """Targets of attacks, and a memory of what the machine looked like before."""

    def __init__(self, folder: Path) -> None:
        self.bait = folder / "bait"
        self.bait.write_text(SECRET)
        self.bait.chmod(0o644)
        self.memory = ctypes.create_string_buffer(SECRET.encode())
        self.victim = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(10**6)"])
        self.listeners: list[socket.socket] = []
        self.datagrams: list[socket.socket] = []
        self.addresses: dict[str, str | int] = {}
        self._listen("tcp4", socket.AF_INET, ("127.0.0.1", 0))
        self._listen("tcp6", socket.AF_INET6, ("::1", 0))
        self._listen("unix", socket.AF_UNIX, str(folder / "socket"))
        self._listen("abstract", socket.AF_UNIX, f"\0stepsmith-test-{os.getpid()}")
        (folder / "socket").chmod(0o777)

    def _listen(self, name: str, family: int, address: object) -> None:
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.bind(address)
            sock.listen()
        except OSError:  # a machine without IPv6
            sock.close()
            self.addresses[name] = 1
            return
        sock.setblocking(False)
        self.listeners.append(sock)
        place = sock.getsockname()
        if family == socket.AF_UNIX:
            self.addresses[name] = place if isinstance(place, str) else place.decode().lstrip("\0")
        else:
            self.addresses[name] = place[1]
            datagrams = socket.socket(family, socket.SOCK_DGRAM)
            datagrams.bind(place[:2])
            datagrams.setblocking(False)
            self.datagrams.append(datagrams)

    @property
    def targets(self) -> str:
        """What a hostile program reads: a name and a value a line."""
        values = {
            "file": self.bait, "folder": Path.cwd(), "pid": os.getpid(), "victim": self.victim.pid,
            "address": ctypes.addressof(self.memory), "size": len(SECRET), **self.addresses,
        }  # fmt: skip
        return "".join(f"{name} {value}\n" for name, value in values.items())

    def assert_unharmed(self) -> None:
        assert self.bait.read_text() == SECRET
        assert self.memory.value == SECRET.encode()
        assert self.victim.poll() is None
        for sock in self.listeners:
            with contextlib.suppress(BlockingIOError):
                sock.accept()
                raise AssertionError(f"somebody connected to {sock.getsockname()}")
        for sock in self.datagrams:
            with contextlib.suppress(BlockingIOError):
                raise AssertionError(f"somebody sent {sock.recv(100)!r}")
        assert not [name for name in visible_files() if "stepsmith-hostile" in name]

    def close(self) -> None:
        self.victim.kill()
        self.victim.wait()
        for sock in [*self.listeners, *self.datagrams]:
            sock.close()


def visible_files() -> set[str]:
    """Return the names in the places where programs leave files."""
    return {str(path) for place in PLACES if Path(place).is_dir() for path in Path(place).iterdir()}


@contextlib.contextmanager
def world() -> Iterator[World]:
    """A world in a folder that every user may enter, so that only confinement keeps programs out."""
    folder = Path(tempfile.mkdtemp(prefix="bait-"))
    folder.chmod(0o755)
    it = World(folder)
    try:
        yield it
    finally:
        it.close()
        shutil.rmtree(folder)


def descendants(pid: int) -> set[int]:
    """Return the processes below ``pid``, itself excluded."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                stat = (entry / "stat").read_text()
                parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    found: set[int] = set()
    grown = {pid}
    while grown:
        grown = {child for child, parent in parents.items() if parent in grown} - found
        found |= grown
    return found


def descriptors() -> set[str]:
    """Return this process's open descriptors."""
    return {path.name for path in Path("/proc/self/fd").iterdir()}
