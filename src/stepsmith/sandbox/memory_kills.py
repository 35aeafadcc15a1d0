"""Find out whether the kernel killed a process of a worker because memory ran out: the program's or the machine's.

The kernel counts such kills: in the worker's control group, or without one for the whole machine. Without a control
group, a program's memory limit is a limit of address space, at which allocations fail and nothing is killed.
"""

from pathlib import Path
from typing import Literal

from stepsmith.sandbox.cgroups import ControlGroup

NEAR_BYTES = 2 << 20  # version 1 charges memory in batches, so a peak this close to the limit counts as the limit


class MemoryKills:
    """Counts kills from ``start`` on. All methods may raise ``OSError``."""

    def __init__(self, group: ControlGroup | None) -> None:
        self._group = group
        self._before: tuple[int, int] | None = None

    def start(self) -> None:
        """Start counting."""
        if self._group is not None and self._group.memory[1] == 1:
            (self._group.memory[0] / "memory.max_usage_in_bytes").write_text("0")  # reset the peak
        self._before = self._counts()

    def stop(self) -> None:
        """Stop counting."""
        self._before = None

    def found(self) -> Literal["", "program", "machine"]:
        """Return whose memory ran out: the program's (its own limit) or the machine's; empty if nothing was killed."""
        if self._before is None:
            return ""
        kills, met = (now - before for now, before in zip(self._counts(), self._before, strict=True))
        if not kills:
            return ""
        return "program" if met else "machine"

    def _counts(self) -> tuple[int, int]:
        """Return how many processes were killed so far, and a number that grows when the group reaches its limit."""
        if self._group is None:
            return _table(Path("/proc/vmstat")).get("oom_kill", 0), 0
        folder, version = self._group.memory
        if version == 2:
            events = _table(folder / "memory.events")
            return events.get("oom_kill", 0), events.get("oom", 0)
        highest, limit = (int((folder / f"memory.{name}_in_bytes").read_text()) for name in ("max_usage", "limit"))
        kills = _table(folder / "memory.oom_control").get("oom_kill", 0)
        return kills, int(highest >= limit - NEAR_BYTES)


def _table(path: Path) -> dict[str, int]:
    return {name: int(count) for name, count in (line.split() for line in path.read_text().splitlines())}
