"""``supervisor.serve`` in C (supervisor.c). The fork server loads the library before it confines itself."""

import ctypes
import os

from stepsmith.sandbox import seccomp
from stepsmith.sandbox.confinement import EXEC_FD
from stepsmith.sandbox.task import ENVIRONMENT, SupervisorTask, strings

_ENVIRONMENT = strings(ENVIRONMENT)


class _NativeSetup(ctypes.Structure):
    """``struct setup`` of supervisor.c."""

    _fields_ = (
        ("session", ctypes.c_int), ("landlock", ctypes.c_int), ("executing", ctypes.c_int), ("exec_fd", ctypes.c_int),
        ("own_pid_mark", ctypes.c_uint), ("exec_key", ctypes.c_ulong),
        ("cpu_s", ctypes.c_double), ("wall_s", ctypes.c_double),
        ("narrow", ctypes.c_void_p), ("command", ctypes.c_void_p), ("environment", ctypes.c_void_p),
    )  # fmt: skip


class NativeLoop:
    """The loaded library. Raises ``OSError`` if it cannot be loaded."""

    def __init__(self, path: str) -> None:
        library = ctypes.PyDLL(path)
        self._serve = library.serve
        self._running = library.running
        self._arguments = library.arguments
        self._arguments.restype = ctypes.c_void_p

    def serve(self, task: SupervisorTask) -> list[str] | None:
        """See ``supervisor.serve``."""
        command = None if task.command is None else strings(task.command)
        confinement = task.confinement
        setup = _NativeSetup(
            session=task.session.fileno(), landlock=confinement.rules, executing=command is not None, exec_fd=EXEC_FD,
            own_pid_mark=seccomp.OWN_PID, exec_key=confinement.exec_key or 0, cpu_s=task.cpu_s, wall_s=task.wall_s,
            narrow=confinement.narrow.address if confinement.narrow else None,
            command=command and ctypes.addressof(command), environment=ctypes.addressof(_ENVIRONMENT),
        )  # fmt: skip
        size = self._serve(ctypes.byref(setup))
        if size < 0:
            return None
        task.prepare()
        self._running()
        if size == 0:
            return []
        text = self._arguments()
        return [os.fsdecode(word) for word in ctypes.string_at(text, size).split(b"\0")[:-1]]
