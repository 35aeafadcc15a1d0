"""The protocol between the judge and the fork server: packets over a Unix socket, which can pass descriptors.

Programs, inputs and outputs are never in the packets; they are memory files whose descriptors are passed. The fork
server trusts the judge's packets, which are packed by ``marshal``, since every interpreter has it built in. The answers
are plain text and fixed records, which the judge parses strictly. The loop in C also handles the two packets of a test.
"""

import _socket
import marshal
import os
import struct
from typing import TypedDict

PACKET = 160_000  # bytes; fits the default socket buffer
MAX_FDS = 250  # the kernel's limit is 253
_ROOM = _socket.CMSG_SPACE(MAX_FDS * 4)

# The facts of a test: wait status, what ended it, CPU seconds, wall seconds, peak resident KiB, and whether a one-shot
# program left something in its folder.
FACTS = struct.Struct("=iiddqq")
ENDED, CPU_LIMIT, WALL_LIMIT, NOT_STARTED, UNREADABLE, NOT_COMPILED = range(6)
# The head of a packet that brings a one-shot program: CPU seconds, wall seconds, memory in MB, bytes of output, bytes
# of code, whether one run does many tests. The name of its entry point follows, or a binary's arguments, each ended by
# a NUL. The last descriptor of the packet is the code.
ONE_SHOT = struct.Struct("=ddqqqq")


class ServerSettings(TypedDict):
    """The first packet: the settings of a fork server."""

    level: int
    uid: int | None  # user id to change to
    box: str  # folder that holds the programs' working folder
    box_mb: int
    readable: list[str]  # paths that every program may read
    programs: list[str]  # paths that commands may read and execute
    packages: list[str]  # modules to preload
    package_path: list[str]  # folders in which these modules are
    package_root: str  # folder in which Stepsmith's own modules are
    library: str  # path of the supervisor's loop in C; empty: none


class LimitFields(TypedDict):
    """Limits of one program's tests."""

    cpu_s: float
    wall_s: float
    memory_mb: int
    output_bytes: int
    reserve_mb: int


class OpenRequest(TypedDict):
    """Make a program ready. Descriptors: its session, its code, its files in the order of ``names``.

    The answer on the session is "+", or "-" and the compiler's message. ``one_shot``: there is no program yet. Each
    packet of the session brings a program and one input. Python is compiled and run by one process; the source is
    written to the only file of ``names``. A binary is started.
    """

    op: str  # "open"
    kind: str  # "python", "binary" or "command"
    command: list[str]
    entry_point: str | None
    names: list[str]
    folder: str  # "", "read" or "write"
    spawning: bool
    shared: bool
    loaded: bool
    one_shot: bool
    limits: LimitFields


class CollectRequest(TypedDict):
    """Return files from the working folder. The answer: their names, each ended by a NUL, and their descriptors."""

    op: str  # "collect"
    names: list[str]
    max_bytes: int


class StatusRequest(TypedDict):
    """Ask how the last solution's process ended. The answer: its wait status as a decimal number."""

    op: str  # "status"


Request = OpenRequest | CollectRequest | StatusRequest


def pack(message: ServerSettings | Request) -> bytes:
    """Return a message for the fork server."""
    return marshal.dumps(message)  # type: ignore[arg-type]  # a typed dictionary is a dictionary


def unpack_settings(data: bytes) -> ServerSettings:
    """Read the first packet; for the fork server only."""
    settings: ServerSettings = marshal.loads(data)
    return settings


def unpack_request(data: bytes) -> Request:
    """Read a later packet; for the fork server only."""
    request: Request = marshal.loads(data)
    return request


def send(sock: _socket.socket, data: bytes, fds: list[int] | tuple[int, ...] = ()) -> None:
    """Send one packet; the receiver gets duplicates of ``fds``. Raises ``OSError`` if the other side has ended."""
    if fds:
        rights = (_socket.SOL_SOCKET, _socket.SCM_RIGHTS, struct.pack(f"{len(fds)}i", *fds))
        sock.sendmsg([data], [rights], _socket.MSG_NOSIGNAL)
    else:
        sock.send(data, _socket.MSG_NOSIGNAL)


def receive(sock: _socket.socket) -> tuple[bytes, list[int]]:
    """Return the next packet and its descriptors, which are close-on-exec; empty if the other side has closed."""
    data, ancillary, _flags, _address = sock.recvmsg(PACKET, _ROOM, _socket.MSG_CMSG_CLOEXEC)
    fds: list[int] = []
    for level, kind, content in ancillary:
        if level == _socket.SOL_SOCKET and kind == _socket.SCM_RIGHTS:
            fds += struct.unpack(f"{len(content) // 4}i", content[: len(content) // 4 * 4])
    return data, fds


def read_file(descriptor: int) -> bytes:
    """Return all of a memory file, and close it."""
    with open(descriptor, "rb") as file:
        file.seek(0)
        return file.read()


def write_all(descriptor: int, content: bytes | memoryview) -> None:
    """Write all of ``content`` to a file."""
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
