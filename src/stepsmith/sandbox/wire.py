"""How the judge's side and the fork server talk: packets over a Unix socket, with descriptors beside them.

Programs, inputs and outputs never travel in packets; they are memory files whose descriptors are passed. Seldom packets
are JSON; the two of every test are fixed binary records, which the helper in C speaks too.
"""

import _socket
import array
import fcntl
import json
import os
import struct
from collections.abc import Mapping
from typing import TypedDict

PACKET = 160_000  # bytes; fits the default socket buffer
MAX_FDS = 64
_ROOM = _socket.CMSG_SPACE(MAX_FDS * 4)
F_ADD_SEALS, ALL_SEALS = 1033, 0xF  # seal, shrink, grow, write

# A test's facts: wait status, what ended it, CPU seconds, wall seconds, peak resident KiB.
FACTS = struct.Struct("=iiddq")
ENDED, CPU_LIMIT, WALL_LIMIT, NOT_STARTED = range(4)


class Settings(TypedDict):
    """The first packet: what a fork server has to become."""

    level: int
    uid: int | None  # user id to drop to
    box: str  # folder that holds the programs' working folder
    box_mb: int
    readable: list[str]  # paths that every program may read
    programs: list[str]  # paths that commands may read and execute
    packages: list[str]  # modules to preload
    package_path: list[str]  # where they are
    package_root: str  # where this project's own modules are
    library: str  # the supervisor's loop in C; empty for none


class Limits(TypedDict):
    """Limits of one program's tests."""

    cpu_s: float
    wall_s: float
    memory_mb: int
    output_bytes: int


class OpenRequest(TypedDict):
    """A program to make ready. Descriptors: its session, its code, its files in the order of ``names``."""

    op: str  # "open"
    kind: str  # "python", "binary" or "command"
    command: list[str]
    entry_point: str | None
    names: list[str]
    folder: str  # "", "read" or "write"
    spawning: bool
    shared: bool
    limits: Limits


class CollectRequest(TypedDict):
    """Files to hand back from the working folder."""

    op: str  # "collect"
    names: list[str]
    max_bytes: int


def send(sock: _socket.socket, data: bytes, fds: list[int] | tuple[int, ...] = ()) -> None:
    """Send one packet; the receiver gets duplicates of ``fds``. Raises ``OSError`` when the peer is gone."""
    ancillary = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
    sock.sendmsg([data], ancillary, _socket.MSG_NOSIGNAL)


def receive(sock: _socket.socket) -> tuple[bytes, list[int]]:
    """Wait for one packet; empty at the end of the conversation. Received descriptors are close-on-exec."""
    data, ancillary, _flags, _address = sock.recvmsg(PACKET, _ROOM, _socket.MSG_CMSG_CLOEXEC)
    fds = array.array("i")
    for level, kind, content in ancillary:
        if level == _socket.SOL_SOCKET and kind == _socket.SCM_RIGHTS:
            fds.frombytes(content[: len(content) - len(content) % 4])
    return data, list(fds)


def encode(message: Mapping[str, object]) -> bytes:
    """Return a message as JSON."""
    return json.dumps(message).encode()


def memory_file(content: bytes | memoryview = b"", *, sealed: bool = False) -> int:
    """Return a descriptor of a new anonymous file, positioned at its start; ``sealed`` makes it read-only for all."""
    descriptor = os.memfd_create("m", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
    if sealed:
        fcntl.fcntl(descriptor, F_ADD_SEALS, ALL_SEALS)
    if content:
        os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def read_file(descriptor: int) -> bytes:
    """Return all of a memory file, and close it."""
    with open(descriptor, "rb") as file:
        file.seek(0)
        return file.read()
