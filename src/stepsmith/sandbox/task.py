"""What a supervisor has to do, whichever loop does it."""

import _socket
import ctypes
import os

from stepsmith.sandbox.confinement import Confinement

ENVIRONMENT = ("PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8", "MALLOC_ARENA_MAX=1", "TMPDIR=.", "HOME=/")


class SupervisorTask:
    """Tests of one program, under limits. Without a command the program is Python."""

    def __init__(
        self, session: _socket.socket, confinement: Confinement, cpu_s: float, wall_s: float, command: list[str] | None
    ) -> None:
        self.session = session
        self.confinement = confinement
        self.cpu_s = cpu_s
        self.wall_s = wall_s
        self.command = None if command is None else [os.fsencode(word) for word in command]


def strings(values: list[bytes] | tuple[str, ...]) -> "ctypes.Array[ctypes.c_char_p]":
    """Return a null-terminated vector, as execve(2) wants it."""
    encoded = [os.fsencode(value) for value in values]
    return (ctypes.c_char_p * (len(encoded) + 1))(*encoded, None)
