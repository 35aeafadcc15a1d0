"""Input and output of the sandbox: a program, its limits, and the facts of a run."""

import struct
from typing import Literal

from stepsmith.core.records import Record

MAX_NAME_BYTES, MAX_PATH_BYTES = 255, 1000


class Executable(Record, frozen=True, kw_only=True):
    """Something to run: Python source, a compiled binary, or a command of the machine (compiler, interpreter)."""

    kind: Literal["python", "binary", "command"]
    code: bytes = b""  # source text, or the binary; empty for a command
    # The program's name and its first arguments. For a command the name is an absolute path, for Python the source
    # file.
    command: tuple[str, ...] = ("solution.py",)
    entry_point: str | None = None  # Python function interface
    files: tuple[tuple[str, bytes], ...] = ()  # relative names in the working folder; a name that ends in / is a folder
    folder: Literal["", "read", "write"] = ""  # whether the program may read or write in its working folder
    spawning: bool = False  # whether it may start processes; for compilers only
    shared: bool = False  # Python: one run does many tests, which are packed by ``frames``
    # Python: its top level runs once, before the fork of each test, because it is our own and is trusted.
    loaded: bool = False

    def __post_init__(self) -> None:
        """Raise ``ValueError`` for a file name that leaves the folder."""
        for name, _ in self.files:
            check_name(name)


def check_name(name: str) -> None:
    """Raise ``ValueError`` unless ``name`` is a valid relative path that stays inside its folder."""
    parts = name.removesuffix("/").split("/")
    if "\0" in name or any(part in ("", ".", "..") for part in parts):
        raise ValueError(f"{name!r} is not a plain relative path")
    try:
        lengths = [len(part.encode("utf-8", "surrogateescape")) for part in parts]
    except UnicodeEncodeError:
        raise ValueError(f"{name!r} cannot be the name of a file") from None
    if max(lengths) > MAX_NAME_BYTES or sum(lengths) + len(lengths) > MAX_PATH_BYTES:
        shown = name if len(name) <= 80 else f"{name[:80]}…"
        raise ValueError(f"{shown!r} is too long for the name of a file")


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
    except struct.error:  # a truncated file: running it will fail anyway
        return 0.0
    return total / (1 << 20)


_PT_LOAD = 1


class RunLimits(Record, frozen=True, kw_only=True):
    """Limits of one run. It is killed after ``cpu_s`` seconds of CPU time, or ``wall_s`` of wall time.

    Wall time in which it waited for a free processor does not count.
    """

    cpu_s: float
    wall_s: float
    memory_mb: int
    output_bytes: int  # of each stream and of each file
    reserve_mb: int = 0  # additional address space, for runtimes that reserve much more than they use


class RunOutcome(Record, frozen=True, kw_only=True):
    """The facts of one run, without a verdict."""

    exit_code: int | None  # None if a signal ended it
    signal: int | None
    cpu_s: float
    wall_s: float
    peak_mb: float  # resident set
    image_mb: float  # memory that a compiled program needs to be loaded; 0 if it is not limited
    # Why it ended, if not by itself: killed at a limit, or the test's arguments cannot be read (stderr says why).
    end: Literal["", "cpu", "wall", "memory", "arguments"]
    stdout: bytes
    too_much: bool  # stdout or stderr went over its limit
    stderr: bytes  # the tail
    result: bytes  # the returned value; function interface only


class Opened(Record, frozen=True, kw_only=True):
    """The result of opening a program: whether it compiled, and the compiler's messages."""

    ok: bool
    text: str
