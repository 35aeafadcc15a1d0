"""Control groups: an exact limit on the memory and the number of processes of a whole worker.

Version 1 is used if the memory and pids hierarchies are writable (root); version 2 if both controllers are delegated to
our own group or its parent. Resource limits apply to each process alone; a control group limits them all together.
"""

import contextlib
import os
import time
from pathlib import Path

from stepsmith.core.leftovers import left_behind, owner

CONTROLLERS = ("memory", "pids")
KIND = "stepsmith"
REMOVE_S = 5.0  # wall seconds to wait for killed processes to leave a group


class NoControlGroupError(Exception):
    """No control group can be made here; the message says why."""


class ControlGroup:
    """A new group in every hierarchy that is needed. Raises ``NoControlGroupError``."""

    def __init__(self, processes: int) -> None:
        parents, self._version = _parents()
        name = f"{KIND}-{owner()}-{os.urandom(4).hex()}"
        self._by_controller: dict[str, Path] = {}
        self._memory_bytes = 0
        try:
            for controller, parent in parents.items():
                for left in left_behind(parent, KIND):
                    with contextlib.suppress(OSError):  # something still ends in it
                        left.rmdir()
                folder = parent / name
                folder.mkdir(exist_ok=True)
                self._by_controller[controller] = folder
            (self._by_controller["pids"] / "pids.max").write_text(str(processes))
            if self._version == 1:  # the limit does not include swap, so swapping is turned off
                (self._by_controller["memory"] / "memory.swappiness").write_text("0")
            self.limit_memory(1 << 30)
        except OSError as error:
            self.remove()
            raise NoControlGroupError(f"{error.filename}: {error.strerror}") from error

    @property
    def folders(self) -> set[Path]:
        """The folders of the group, one per hierarchy."""
        return set(self._by_controller.values())

    def add(self, pid: int) -> None:
        """Move a process into the group; the processes that it starts will also be in it."""
        for folder in self.folders:
            (folder / "cgroup.procs").write_text(str(pid))

    def limit_memory(self, limit_bytes: int) -> None:
        """Limit the group's memory, including swap if the kernel counts it. Raises ``OSError``."""
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
            # The limit on memory must never exceed that on memory plus swap, so a rising limit sets the latter first.
            for place in reversed(places) if limit_bytes > self._memory_bytes > 0 else places:
                place.write_text(str(limit_bytes))
        self._memory_bytes = limit_bytes

    @property
    def memory(self) -> tuple[Path, int]:
        """The folder of the memory controller, and the version of control groups."""
        return self._by_controller["memory"], self._version

    def holds(self, pid: int) -> bool:
        """Return whether a process is in the group, in every hierarchy."""
        return all(str(pid) in (f / "cgroup.procs").read_text().split() for f in self._by_controller.values())

    def remove(self) -> None:
        """Remove the group when its processes have ended."""
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
    """Return the folder in which a group can be made, by controller, and the version of control groups."""
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
    """Find a version 2 group to which we may add children and whose children get both controllers."""
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
