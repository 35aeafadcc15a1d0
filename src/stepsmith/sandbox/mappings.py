"""Arrange the fork server's memory so that its forks cost less; no address changes.

A fork copies each mapping and each entry of the page tables, and the end of a process takes them down again: half of
what a small program costs. So the parts of a shared library that differ only in whether they are executable, or
writable, become one mapping. The interpreter's code moves from its file, of which a child takes a page fault for every
few pages, to huge pages, which a fork copies in one step. Data moves to pieces of huge pages, which the kernel handles
together.

No program gains a right: it can change those of its own memory anyway. The code no longer shows in ``/proc/self/maps``
as that of a file. Where the kernel refuses something, all stays as it was there.
"""

import ctypes
import struct
from typing import NamedTuple

from stepsmith.sandbox import linux

READ, WRITE, EXECUTE = 1, 2, 4
PAGE = 4096
ENTRY, PRESENT = struct.Struct("=Q"), 62  # of /proc/self/pagemap; from this bit on: swapped out, present
FEW = 32  # pages; fewer stay where they are, and as few untouched ones move with their neighbours


class Part(NamedTuple):
    """Neighbouring mappings that can be one: addresses, rights, the file if there is one and its offset at the end."""

    start: int
    end: int
    rights: int
    path: str
    offset: int


class _Region(ctypes.Structure):
    """``struct region`` of supervisor.c."""

    _fields_ = (("start", ctypes.c_void_p), ("size", ctypes.c_size_t), ("protection", ctypes.c_int))


def arrange(library: ctypes.PyDLL) -> None:
    """Arrange the memory of this process, which must have one thread; ``library`` is that of supervisor.c."""
    with open("/proc/self/maps") as file:
        parts = parts_of(file.read())
    for part in parts:
        if part.path.startswith("/"):
            linux.syscall("mprotect", part.start, part.end - part.start, part.rights)
    interpreter = ctypes.cast(ctypes.pythonapi.Py_BytesMain, ctypes.c_void_p).value or 0
    code = [part for part in parts if part.start <= interpreter < part.end]
    regions = [_Region(part.start, part.end - part.start, part.rights) for part in code]
    with open("/proc/self/pagemap", "rb", buffering=0) as pages:
        for part in parts:
            if part.rights & WRITE:
                pages.seek(part.start // PAGE * ENTRY.size)
                for first, count in touched(pages.read((part.end - part.start) // PAGE * ENTRY.size)):
                    regions.append(_Region(part.start + first * PAGE, count * PAGE, part.rights))
    library.repack((_Region * len(regions))(*regions), len(regions), len(code))


def touched(entries: bytes) -> list[tuple[int, int]]:
    """Return the runs of pages that are in memory, from ``/proc/self/pagemap``: the first page and how many."""
    runs: list[tuple[int, int]] = []
    for number, (entry,) in enumerate(ENTRY.iter_unpack(entries)):
        if not entry >> PRESENT:
            continue
        first, count = runs[-1] if runs else (number, 0)
        if number - first - count < FEW:
            runs[-1:] = [(first, number + 1 - first)]
        else:
            runs.append((number, 1))
    return [run for run in runs if run[1] >= FEW]


def parts_of(maps: str) -> list[Part]:
    """Return code and writable data from the text of ``/proc/self/maps``, neighbours of one file joined.

    What comes before and after the code of a file becomes executable, what comes before its data becomes writable.
    """
    parts: list[Part] = []
    for line in maps.splitlines():
        addresses, rights, offset_text, _device, _inode, *path = line.split(maxsplit=5)
        start, end = (int(word, 16) for word in addresses.split("-"))
        offset, name = int(offset_text, 16), "".join(path)
        if rights[3] != "p" or not (name in ("", "[heap]") or name.startswith("/")):
            continue
        new = Part(start, end, _rights(rights), name, offset + end - start)
        last = parts[-1] if parts else None
        if last and name and (last.path, last.end, last.offset) == (name, start, offset) and _agree(last, new):
            parts[-1] = new._replace(start=last.start, rights=last.rights | new.rights)
        else:
            parts.append(new)
    return [part for part in parts if part.rights & (WRITE | EXECUTE)]


def _agree(left: Part, right: Part) -> bool:
    """Return whether two neighbours can share their rights: never writable and executable."""
    both = left.rights | right.rights
    return both & (WRITE | EXECUTE) != WRITE | EXECUTE


def _rights(text: str) -> int:
    return sum(right for right, letter in zip((READ, WRITE, EXECUTE), text, strict=False) if letter != "-")
