"""What the sandbox is given and what it gives back: a program, its limits, the facts of a run."""

import struct
from typing import Literal

from stepsmith.core.records import Record

MAX_NAME_BYTES, MAX_PATH_BYTES = 255, 1000


class Executable(Record, frozen=True, kw_only=True):
    """Something to run: Python source, a compiled binary, or a command of the machine (compiler, interpreter)."""

    kind: Literal["python", "binary", "command"]
    code: bytes = b""  # source text, or the binary; empty for a command
    # The program's name and first arguments. A command's name is an absolute path; Python's is the source file's.
    command: tuple[str, ...] = ("solution.py",)
    entry_point: str | None = None  # Python function interface
    files: tuple[tuple[str, bytes], ...] = ()  # relative names in the working folder; one that ends in / is a folder
    folder: Literal["", "read", "write"] = ""  # what the program may do in its working folder
    spawning: bool = False  # it may start processes: compilers only
    shared: bool = False  # Python: one run does many tests, framed as ``frames`` does

    def __post_init__(self) -> None:
        """Raise ``ValueError`` for a file name that leaves the folder."""
        for name, _ in self.files:
            check_name(name)


def check_name(name: str) -> None:
    """Raise ``ValueError`` unless ``name`` is a relative path that stays inside its folder and that can be made."""
    parts = name.removesuffix("/").split("/")
    if "\0" in name or any(part in ("", ".", "..") for part in parts):
        raise ValueError(f"{name!r} is not a plain relative path")
    try:
        lengths = [len(part.encode("utf-8", "surrogateescape")) for part in parts]
    except UnicodeEncodeError:
        raise ValueError(f"{name!r} is not text that a file could be named") from None
    if max(lengths) > MAX_NAME_BYTES or sum(lengths) + len(lengths) > MAX_PATH_BYTES:
        shown = name if len(name) <= 80 else f"{name[:80]}…"
        raise ValueError(f"{shown!r} is too long for a file's name")


def image_mb(binary: bytes) -> float:
    """Return the memory that an ELF64 binary's segments take when it is loaded, in MB; 0 for other files."""
    if binary[:5] != b"\x7fELF\x02":
        return 0.0
    total = 0
    try:
        start, entry_size, count = struct.unpack_from("<32xQ14xHH", binary)
        for index in range(count):
            kind, size = struct.unpack_from("<I36xQ", binary, start + index * entry_size)
            total += size if kind == _PT_LOAD else 0
    except struct.error:  # cut off: not for us to complain about
        return 0.0
    return total / (1 << 20)


_PT_LOAD = 1


class RunLimits(Record, frozen=True, kw_only=True):
    """Limits of one run. It is killed past ``cpu_s`` of CPU, or ``wall_s`` of wall time in which it could have run."""

    cpu_s: float
    wall_s: float
    memory_mb: int
    output_bytes: int  # of each stream and of each file
    reserve_mb: int = 0  # address space beyond the usual, for runtimes that reserve much more than they touch


class RunOutcome(Record, frozen=True, kw_only=True):
    """The facts of one run, with no judgement."""

    exit_code: int | None  # None when a signal ended it
    signal: int | None
    cpu_s: float
    wall_s: float
    peak_mb: float  # resident set
    image_mb: float  # what a compiled program needs to be loaded at all; 0 where that is not bounded
    # Why it ended, if not by itself: killed for a limit, or the test's arguments cannot be read (stderr says why).
    end: Literal["", "cpu", "wall", "memory", "arguments"]
    stdout: bytes
    too_much: bool  # stdout or stderr went over its limit
    stderr: bytes  # the tail
    result: bytes  # the value returned, function interface only


class Opened(Record, frozen=True, kw_only=True):
    """Whether a program compiled, and what the compiler said."""

    ok: bool
    text: str
