"""Control groups: an exact bound on the memory and the number of processes of a whole worker.

Version 1 where the memory and pids hierarchies are writable (root), version 2 where both controllers are delegated to
the group we are in, or to its parent. Resource limits hold for one process each; this holds for all of them together.
"""

import contextlib
import os
import time
from pathlib import Path

CONTROLLERS = ("memory", "pids")
PREFIX = "stepsmith"
REMOVE_S = 5.0  # wall seconds to wait for killed processes to leave a group


class NoControlGroupError(Exception):
    """No control group can be made here; the message says why."""


class ControlGroup:
    """A new group in every hierarchy needed. Raises ``NoControlGroupError``."""

    def __init__(self, processes: int) -> None:
        parents, self._version = _parents()
        name = f"{PREFIX}-{os.getpid()}-{os.urandom(4).hex()}"
        self._by_controller: dict[str, Path] = {}
        self._memory_bytes = 0
        try:
            for controller, parent in parents.items():
                _sweep(parent)
                folder = parent / name
                folder.mkdir(exist_ok=True)
                self._by_controller[controller] = folder
            (self._by_controller["pids"] / "pids.max").write_text(str(processes))
            if self._version == 1:  # where the limit is not of swap too, nothing may be swapped out
                (self._by_controller["memory"] / "memory.swappiness").write_text("0")
            self.limit_memory(1 << 30)
        except OSError as error:
            self.remove()
            raise NoControlGroupError(f"{error.filename}: {error.strerror}") from error

    @property
    def folders(self) -> set[Path]:
        """The group's folder in every hierarchy."""
        return set(self._by_controller.values())

    def add(self, pid: int) -> None:
        """Move a process into the group; what it starts will be in it too."""
        for folder in self.folders:
            (folder / "cgroup.procs").write_text(str(pid))

    def limit_memory(self, limit_bytes: int) -> None:
        """Bound the group's memory, swap included where the kernel counts it. Raises ``OSError``."""
        if limit_bytes == self._memory_bytes:
            return
        folder = self._by_controller["memory"]
        if self._version == 2:
            (folder / "memory.max").write_text(str(limit_bytes))
            with contextlib.suppress(OSError):
                (folder / "memory.swap.max").write_text("0")
        else:
            swap = folder / "memory.memsw.limit_in_bytes"
            places = [folder / "memory.limit_in_bytes", *([swap] if swap.exists() else [])]
            # Memory may never be allowed more than memory and swap together, so the order depends on the direction.
            for place in reversed(places) if limit_bytes > self._memory_bytes > 0 else places:
                place.write_text(str(limit_bytes))
        self._memory_bytes = limit_bytes

    @property
    def memory(self) -> tuple[Path, int]:
        """The folder of the memory controller, and the version of control groups."""
        return self._by_controller["memory"], self._version

    def holds(self, pid: int) -> bool:
        """Say whether a process is in the group, in every hierarchy."""
        return all(str(pid) in (f / "cgroup.procs").read_text().split() for f in self._by_controller.values())

    def remove(self) -> None:
        """Remove the group once its processes have gone."""
        deadline = time.monotonic() + REMOVE_S
        for folder in self.folders:
            while folder.exists():
                try:
                    folder.rmdir()
                except OSError:
                    if time.monotonic() > deadline:
                        break
                    time.sleep(0.002)
        self._by_controller = {}


def _parents() -> tuple[dict[str, Path], int]:
    """Return the folder to make a group in, by controller, and the version of control groups."""
    mounts: dict[str, tuple[Path, str]] = {}
    unified: Path | None = None
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields, _, tail = line.partition(" - ")
        root, place = fields.split()[3:5]
        kind, _source, options = tail.split(" ", 2)
        if kind == "cgroup2":
            unified = Path(place)
        elif kind == "cgroup":
            for name in {*options.split(",")} & {*CONTROLLERS}:
                mounts[name] = Path(place), root
    own: dict[str, str] = {}
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _number, names, path = line.split(":", 2)
        own.update(dict.fromkeys(names.split(","), path))
    if all(name in mounts for name in CONTROLLERS):
        return {name: _inside(*mounts[name], own.get(name, "/")) for name in CONTROLLERS}, 1
    if unified is None:
        raise NoControlGroupError("no control groups are mounted")
    return _delegated(unified, _inside(unified, "/", own.get("", "/"))), 2


def _inside(mount: Path, root: str, path: str) -> Path:
    relative = path.removeprefix(root) if root != "/" else path
    return mount / relative.lstrip("/")


def _delegated(mount: Path, own: Path) -> dict[str, Path]:
    """Find a version 2 group whose children get both controllers and that we may add children to."""
    for parent in (own, own.parent):
        if not parent.is_relative_to(mount) or not os.access(parent, os.W_OK):
            continue
        control = parent / "cgroup.subtree_control"
        with contextlib.suppress(OSError):
            if not set(CONTROLLERS) <= set(control.read_text().split()):
                control.write_text(" ".join(f"+{name}" for name in CONTROLLERS))
            if set(CONTROLLERS) <= set(control.read_text().split()):
                return dict.fromkeys(CONTROLLERS, parent)
    raise NoControlGroupError(f"the memory and pids controllers are not delegated to {own} or its parent")


def _sweep(parent: Path) -> None:
    """Remove groups that judges which were killed left behind."""
    for folder in parent.glob(f"{PREFIX}-*-*"):
        pid = folder.name.split("-")[1]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            with contextlib.suppress(OSError):
                folder.rmdir()
