"""Turn a child of the fork server into a solution's process: confine it, compile the program, limit it, run tests."""

import _socket
import os
import signal
import sys
import warnings
from types import CodeType
from typing import Protocol

from stepsmith.sandbox import linux, native_loop, python_child, wire
from stepsmith.sandbox.confinement import EXEC_FD, MB, Confinement, limit_resources, reserve_mb
from stepsmith.sandbox.task import SupervisorTask

COMPILE_CPU_S = 10
COMPILE_ERRORS = (SyntaxError, ValueError, MemoryError, RecursionError, OverflowError)


class Loop(Protocol):
    """The supervisor's loop, in Python or in C."""

    def serve(self, task: SupervisorTask) -> list[str] | None:
        """See ``supervisor.PythonLoop.serve``."""
        ...


def become(
    session: _socket.socket,
    code: int,
    request: wire.OpenRequest,
    confinement: Confinement,
    loop: Loop,
    *,
    folder: str,
    base_mb: int,
) -> None:
    """Make the program ready, report that, and run its tests; return when the judge closes the connection."""
    linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
    command, limits = request["command"], request["limits"]
    if folder:
        os.chdir(folder)
    if request["kind"] == "command":
        code = os.open(command[0], os.O_PATH | os.O_CLOEXEC)
    if request["kind"] != "python":
        os.dup2(code, EXEC_FD, inheritable=False)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    confinement.enter_supervisor()
    program, problem = None, ""
    if request["kind"] == "python":
        python_child.hide_frames()
        compiled, problem = compile_python(wire.read_file(code), command[0])
        program = compiled and python_child.PythonMain(command)
    wire.send(session, b"-" + shown(problem) if problem else b"+")
    if problem:
        return
    limit_resources(
        level=confinement.level, base_mb=base_mb + limits["reserve_mb"], memory_mb=limits["memory_mb"],
        output_bytes=limits["output_bytes"], is_compiler=request["spawning"],
    )  # fmt: skip
    task = SupervisorTask(
        session, confinement, limits["cpu_s"], limits["wall_s"],
        command=None if program is not None else command, prepare=None if program is None else program.prepare,
    )  # fmt: skip
    if program is not None and compiled is not None:
        program.end_preparations()
        program.start(
            compiled, entry_point=request["entry_point"], shared=request["shared"], memory_mb=limits["memory_mb"]
        )
        if request["loaded"]:
            program.load()
        if folder:  # not before: the compiler may import codecs, and no file of the program must take their place
            sys.path.insert(0, folder)
    words = loop.serve(task)
    if words is not None and program is not None:
        session.detach()  # the descriptor is closed, and the program may use its number
        program.run(words)


def become_one_shots(
    session: _socket.socket,
    request: wire.OpenRequest,
    confinement: Confinement,
    loop: native_loop.NativeLoop,
    *,
    folder: str,
    base_mb: int,
) -> None:
    """Fork a process per packet, which compiles and runs a Python program, until the judge closes the connection."""
    linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
    (name,) = request["names"]
    os.chdir(folder)
    source = os.open(name, os.O_WRONLY | os.O_CLOEXEC)
    confinement.enter_supervisor()
    python_child.hide_frames()
    program = python_child.PythonMain(request["command"])
    wire.send(session, b"+")
    task = SupervisorTask(session, confinement, 0.0, 0.0, command=None, prepare=program.prepare)
    program.end_preparations()
    # Ready before the fork as well, because every page that a program's process touches first costs time. For the same
    # reason this frame keeps what it has made until the end.
    filters, read, close = warnings.filters, os.read, os.close
    path = [folder, *sys.path]  # for the program, not for its compiler: see ``become``
    warnings.simplefilter("ignore")  # there is no test yet whose error output could show them
    next_program = loop.one_shots(
        session.detach(), confinement, source=source, name=name, writing=request["folder"] == "write",
        beyond_mb=base_mb + reserve_mb(confinement.level),
    )  # fmt: skip
    told = next_program()
    if told < 0:
        return
    size, memory_mb, code = told & 0xFFFF_FFFF, told >> 32, 3
    shared, entry_point = False, ""
    if memory_mb >> 30:
        memory_mb &= (1 << 30) - 1
        shared, entry_point = loop.more_of()
        code = 4  # there is a descriptor for results
    try:
        compiled = compile(read(code, size), name, "exec", dont_inherit=True)
    except COMPILE_ERRORS as error:
        loop.refuse()
        os.write(2, shown(message_of(error)))
        return
    close(code)
    del filters[0]  # type: ignore[attr-defined]
    sys.path = path
    program.start(compiled, entry_point=entry_point or None, shared=shared, memory_mb=memory_mb)
    if entry_point:
        task.prepare()
    loop.begin()
    program.run([])


def become_binaries(
    session: _socket.socket,
    request: wire.OpenRequest,
    confinement: Confinement,
    loop: native_loop.NativeLoop,
    *,
    folder: str,
    base_mb: int,
) -> None:
    """Start a binary per packet; return when the judge closes the connection."""
    linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
    if folder:
        os.chdir(folder)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    confinement.enter_supervisor()
    wire.send(session, b"+")
    beyond_mb = base_mb + request["limits"]["reserve_mb"] + reserve_mb(confinement.level)
    writing = request["folder"] == "write"
    loop.serve_binaries(session.fileno(), confinement, writing=writing, beyond_mb=beyond_mb)


def compile_python(source: bytes, name: str) -> tuple[CodeType | None, str]:
    """Return the compiled program, or None and the compiler's message. Too much CPU time kills this process."""
    signal.setitimer(signal.ITIMER_PROF, COMPILE_CPU_S)
    usual = [*warnings.filters]
    warnings.simplefilter("ignore")  # there is no test yet whose error output could show them
    try:
        return compile(source, name, "exec", dont_inherit=True), ""
    except COMPILE_ERRORS as error:
        return None, message_of(error)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        warnings.filters[:] = usual  # type: ignore[index]


def message_of(error: Exception) -> str:
    """Return what the compiler says of a program."""
    import traceback

    return "".join(traceback.format_exception_only(type(error), error))


def shown(problem: str) -> bytes:
    """Return a compiler's message as the judge gets it."""
    return problem.encode("utf-8", "backslashreplace")[: wire.PACKET // 2]


def address_space_mb() -> int:
    """Return how much address space this process has mapped before any program runs."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * os.sysconf("SC_PAGESIZE") // MB + 1
