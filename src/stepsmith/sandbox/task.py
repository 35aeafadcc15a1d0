"""The task of a supervisor, for the loop in Python and the loop in C."""

import _socket
import ctypes
import os
from collections.abc import Callable

from stepsmith.sandbox.confinement import Confinement

ENVIRONMENT = ("PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8", "MALLOC_ARENA_MAX=1", "TMPDIR=.", "HOME=/")

UNREADABLE_CODE = 254  # exit code of a test's process that could not read its arguments, before the program runs


class SupervisorTask:
    """The tests of one program with its limits. Without a command the program is Python.

    ``prepare`` is called in each Python test's process, after it is confined and before the program runs. It raises
    ``ValueError`` if the test's arguments cannot be read, which is not the program's fault.
    """

    def __init__(
        self, session: _socket.socket, confinement: Confinement, cpu_s: float, wall_s: float, *,
        command: list[str] | None, prepare: Callable[[], None] | None,
    ) -> None:  # fmt: skip
        self.session = session
        self.confinement = confinement
        self.cpu_s = cpu_s
        self.wall_s = wall_s
        self.command = None if command is None else [os.fsencode(word) for word in command]
        self._prepare = prepare

    def prepare(self) -> None:
        """Make a Python test's process ready, or end it with ``UNREADABLE_CODE``."""
        if self._prepare is not None:
            try:
                self._prepare()
            except ValueError as error:
                os.write(2, str(error).encode("utf-8", "backslashreplace"))
                os._exit(UNREADABLE_CODE)


def strings(values: list[bytes] | tuple[str, ...]) -> "ctypes.Array[ctypes.c_char_p]":
    """Return a null-terminated array of strings for execve(2)."""
    encoded = [os.fsencode(value) for value in values]
    return (ctypes.c_char_p * (len(encoded) + 1))(*encoded, None)
