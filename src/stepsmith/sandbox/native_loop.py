"""``supervisor.PythonLoop`` in C (supervisor.c). The fork server loads the library before it confines itself."""

import contextlib
import ctypes
import functools
import os
from collections.abc import Callable

from stepsmith.sandbox import mappings, seccomp, wire
from stepsmith.sandbox.confinement import EXEC_FD, MAX_FILES, Confinement
from stepsmith.sandbox.task import ENVIRONMENT, SupervisorTask, strings

_ENVIRONMENT = strings(ENVIRONMENT)


class _NativeSetup(ctypes.Structure):
    """``struct setup`` of supervisor.c."""

    _fields_ = (
        ("session", ctypes.c_int), ("landlock", ctypes.c_int), ("executing", ctypes.c_int), ("exec_fd", ctypes.c_int),
        ("own_pid_mark", ctypes.c_uint), ("exec_key", ctypes.c_ulong),
        ("cpu_s", ctypes.c_double), ("wall_s", ctypes.c_double),
        ("one_shots", ctypes.c_int), ("source", ctypes.c_int), ("writing", ctypes.c_int),
        ("source_name", ctypes.c_char_p), ("max_files", ctypes.c_int), ("beyond_mb", ctypes.c_long),
        ("narrow", ctypes.c_void_p), ("command", ctypes.c_void_p), ("environment", ctypes.c_void_p),
    )  # fmt: skip


class NativeLoop:
    """The loaded library. Raises ``OSError`` if it cannot be loaded."""

    def __init__(self, path: str) -> None:
        library = ctypes.PyDLL(path)
        self._library = library
        self._serve = library.serve
        self._serve.restype = ctypes.c_int64
        self.begin = library.running  # to be called right before the program runs
        self.refuse = library.refused  # to be called if it does not compile
        self._packet = memoryview((ctypes.c_char * wire.PACKET).in_dll(library, "packet")).cast("B")
        self._packet_size = ctypes.c_size_t.in_dll(library, "packet_size")

    def arrange_memory(self) -> None:
        """Make forks of this process cheaper, see ``mappings``."""
        with contextlib.suppress(OSError):  # without /proc, for one
            mappings.arrange(self._library)

    def serve(self, task: SupervisorTask) -> list[str] | None:
        """See ``supervisor.PythonLoop.serve``."""
        command = None if task.command is None else strings(task.command)
        setup = _setup(
            task.session.fileno(), task.confinement, cpu_s=task.cpu_s, wall_s=task.wall_s, source=-1,
            executing=command is not None, command=command and ctypes.addressof(command),
        )  # fmt: skip
        size = self._serve(ctypes.byref(setup))
        if size < 0:
            return None
        task.prepare()
        self.begin()
        return [os.fsdecode(word) for word in bytes(self._packet[:size]).split(b"\0")[:-1]]

    def serve_binaries(self, session: int, confinement: Confinement, *, writing: bool, beyond_mb: int) -> None:
        """Start a binary per packet until the judge closes the connection. See ``serve_one_shots``."""
        nothing = strings([])  # the packet has the whole command
        setup = _setup(
            session, confinement, one_shots=True, source=-1, writing=writing, max_files=MAX_FILES, beyond_mb=beyond_mb,
            executing=True, command=ctypes.addressof(nothing),
        )  # fmt: skip
        self._serve(ctypes.byref(setup))

    def one_shots(
        self, session: int, confinement: Confinement, *, source: int, name: str, writing: bool, beyond_mb: int
    ) -> Callable[[], int]:
        """Return a function that runs a one-shot Python program per packet until the judge closes the connection.

        Then it returns -1. In the process of a program it returns the bytes of its source, from bit 32 its memory limit
        in MB, and from bit 62 whether ``more_of`` tells more. The source is the descriptor after those of the test. The
        caller compiles it, and then calls ``begin`` or ``refuse``. It is also in the file ``source`` of this name. The
        program may map ``beyond_mb`` MB beyond its memory limit.
        """
        setup = _setup(
            session, confinement, one_shots=True, source=source, source_name=os.fsencode(name), writing=writing,
            max_files=MAX_FILES, beyond_mb=beyond_mb,
        )  # fmt: skip
        return functools.partial(self._serve, ctypes.byref(setup))

    def more_of(self) -> tuple[bool, str]:
        """Return whether a one-shot program does many tests in one run, and its entry point."""
        head = wire.ONE_SHOT
        *_, shared = head.unpack_from(self._packet)
        return bool(shared), str(self._packet[head.size : self._packet_size.value], "utf-8")


def _setup(session: int, confinement: Confinement, **more: object) -> _NativeSetup:
    return _NativeSetup(
        session=session, landlock=confinement.rules, exec_fd=EXEC_FD,
        own_pid_mark=seccomp.OWN_PID, exec_key=confinement.exec_key or 0,
        narrow=confinement.narrow.address if confinement.narrow else None, environment=ctypes.addressof(_ENVIRONMENT),
        **more,
    )  # fmt: skip
