"""``supervisor.PythonLoop`` in C (supervisor.c). The fork server loads the library before it confines itself."""

import ctypes
import os
from typing import NamedTuple

from stepsmith.sandbox import seccomp, wire
from stepsmith.sandbox.confinement import EXEC_FD, MAX_FILES
from stepsmith.sandbox.task import ENVIRONMENT, SupervisorTask, strings

_ENVIRONMENT = strings(ENVIRONMENT)


class _NativeSetup(ctypes.Structure):
    """``struct setup`` of supervisor.c."""

    _fields_ = (
        ("session", ctypes.c_int), ("landlock", ctypes.c_int), ("executing", ctypes.c_int), ("exec_fd", ctypes.c_int),
        ("own_pid_mark", ctypes.c_uint), ("exec_key", ctypes.c_ulong),
        ("cpu_s", ctypes.c_double), ("wall_s", ctypes.c_double),
        ("source", ctypes.c_int), ("max_files", ctypes.c_int), ("beyond_mb", ctypes.c_long),
        ("narrow", ctypes.c_void_p), ("command", ctypes.c_void_p), ("environment", ctypes.c_void_p),
    )  # fmt: skip


class Delivery(NamedTuple):
    """A program that a packet brought; its source is the descriptor after those of its test."""

    entry_point: str | None
    memory_mb: int
    output_bytes: int


class NativeLoop:
    """The loaded library. Raises ``OSError`` if it cannot be loaded."""

    def __init__(self, path: str) -> None:
        library = ctypes.PyDLL(path)
        self._serve = library.serve
        self._running = library.running
        self._refused = library.refused
        self._arguments = library.arguments
        self._arguments.restype = ctypes.c_void_p

    def serve(self, task: SupervisorTask) -> list[str] | None:
        """See ``supervisor.PythonLoop.serve``."""
        packet = self._next(task, source=-1, beyond_mb=0)
        if packet is None:
            return None
        task.prepare()
        self._running()
        return [os.fsdecode(word) for word in packet.split(b"\0")[:-1]]

    def serve_one_shots(self, task: SupervisorTask, *, source: int, beyond_mb: int) -> Delivery | None:
        """Run a one-shot program per packet until the judge closes the connection, then return None.

        In the process of a program, return the program; the caller compiles it, and then calls ``begin`` or ``refuse``.
        Its source is written to the file ``source``; it may map ``beyond_mb`` MB beyond its memory limit.
        """
        packet = self._next(task, source=source, beyond_mb=beyond_mb)
        if packet is None:
            return None
        _cpu_s, _wall_s, memory_mb, output_bytes = wire.ONE_SHOT.unpack_from(packet)
        return Delivery(packet[wire.ONE_SHOT.size :].decode() or None, memory_mb, output_bytes)

    def begin(self) -> None:
        """Say that the program runs from now on."""
        self._running()

    def refuse(self) -> None:
        """Say that the program does not compile."""
        self._refused()

    def _next(self, task: SupervisorTask, *, source: int, beyond_mb: int) -> bytes | None:
        command = None if task.command is None else strings(task.command)
        confinement = task.confinement
        setup = _NativeSetup(
            session=task.session.fileno(), landlock=confinement.rules, executing=command is not None, exec_fd=EXEC_FD,
            own_pid_mark=seccomp.OWN_PID, exec_key=confinement.exec_key or 0, cpu_s=task.cpu_s, wall_s=task.wall_s,
            source=source, max_files=MAX_FILES, beyond_mb=beyond_mb,
            narrow=confinement.narrow.address if confinement.narrow else None,
            command=command and ctypes.addressof(command), environment=ctypes.addressof(_ENVIRONMENT),
        )  # fmt: skip
        size = self._serve(ctypes.byref(setup))
        if size < 0:
            return None
        return ctypes.string_at(self._arguments(), size) if size else b""
