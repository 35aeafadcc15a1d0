"""``open`` on the names of the standard streams and on /dev/null, for Python programs.

No program may open a file for writing, not even these, because the filter of system calls does not see names. So our
``open`` and ``os.open`` handle these names without opening a file: a standard stream becomes a duplicate of its
descriptor, just as the kernel does for a pipe.
"""

import builtins
import functools
import io
import os
from typing import IO, Any

_NAMES = ("stdin", "stdout", "stderr")
STREAMS = {f"/dev/{name}": number for number, name in enumerate(_NAMES)}
STREAMS |= {f"{folder}/{number}": number for folder in ("/dev/fd", "/proc/self/fd") for number in range(3)}

_open, _open_descriptor = io.open, os.open


class _Null(io.RawIOBase):
    """/dev/null: reading returns nothing, and what is written is discarded."""

    name = os.devnull

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:  # noqa: ARG002
        return 0

    def readinto(self, buffer: object) -> int:  # noqa: ARG002
        return 0

    def write(self, data: Any) -> int:
        return memoryview(data).nbytes


@functools.wraps(_open)
def open_file(file: Any, mode: str = "r", buffering: int = -1, *more: Any, **named: Any) -> IO[Any]:
    """Do what ``open`` does; also open the standard streams by name, and /dev/null for writing."""
    name = "" if isinstance(file, int) else os.fsdecode(file)
    if name in STREAMS and not named.get("opener"):
        named["opener"] = _duplicate
    elif name == os.devnull and not {*"wax+"}.isdisjoint(mode):
        return _open_null(mode, buffering, *more, **named)
    return _open(file, mode, buffering, *more, **named)


@functools.wraps(_open_descriptor)
def open_descriptor(path: Any, flags: int, *more: Any, **named: Any) -> int:
    """Do what ``os.open`` does; also open the standard streams by name."""
    name = os.fsdecode(path)
    return os.dup(STREAMS[name]) if name in STREAMS else _open_descriptor(path, flags, *more, **named)


def _duplicate(path: str, flags: int) -> int:  # noqa: ARG001
    return os.dup(STREAMS[os.fsdecode(path)])


def _open_null(
    mode: str,
    buffering: int,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
    **_: Any,
) -> IO[Any]:
    raw = _Null()
    if buffering == 0:
        return raw  # type: ignore[return-value]
    buffer = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
    return buffer if "b" in mode else io.TextIOWrapper(buffer, encoding or "utf-8", errors, newline)


def install() -> None:
    """Replace the interpreter's ``open`` and ``os.open`` by these."""
    builtins.open = io.open = open_file  # type: ignore[assignment]
    os.open = open_descriptor
