"""How the judge's side and the fork server talk: one JSON object per packet, with descriptors beside it.

Programs, inputs and outputs never travel in packets; they are memory files whose descriptors are passed.
"""

import array
import fcntl
import json
import os

import _socket

PACKET = 160_000  # bytes; fits the default socket buffer
MAX_FDS = 16
_ROOM = _socket.CMSG_SPACE(MAX_FDS * 4)
F_ADD_SEALS, ALL_SEALS = 1033, 0xF  # seal, shrink, grow, write


def send(sock: _socket.socket, message: dict[str, object], fds: list[int] | tuple[int, ...] = ()) -> None:
    """Send one packet; the receiver gets duplicates of ``fds``. Raises ``OSError`` when the peer is gone."""
    ancillary = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
    sock.sendmsg([json.dumps(message).encode()], ancillary)


def receive(sock: _socket.socket) -> tuple[dict[str, object], list[int]] | None:
    """Wait for one packet; None at the end of the conversation. Received descriptors are close-on-exec."""
    data, ancillary, _flags, _address = sock.recvmsg(PACKET, _ROOM, _socket.MSG_CMSG_CLOEXEC)
    if not data:
        return None
    fds = array.array("i")
    for level, kind, content in ancillary:
        if level == _socket.SOL_SOCKET and kind == _socket.SCM_RIGHTS:
            fds.frombytes(content[: len(content) - len(content) % 4])
    return json.loads(data), list(fds)


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
