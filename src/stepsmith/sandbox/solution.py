"""Turn a child of the fork server into a solution's process: confine it, compile the program, limit it, run tests."""

import _socket
import os
import signal
import sys
import warnings
from collections.abc import Callable
from types import CodeType

from stepsmith.sandbox import linux, python_child, wire
from stepsmith.sandbox.confinement import EXEC_FD, MB, Confinement, limit_resources
from stepsmith.sandbox.task import SupervisorTask

COMPILE_CPU_S = 10

Loop = Callable[[SupervisorTask], list[str] | None]


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
        sys.path.insert(0, folder)
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
        program = compiled and python_child.PythonMain(
            compiled, command, entry_point=request["entry_point"], shared=request["shared"],
            memory_mb=limits["memory_mb"],
        )  # fmt: skip
    wire.send(session, b"-" + problem.encode("utf-8", "backslashreplace")[: wire.PACKET // 2] if problem else b"+")
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
    if program is not None:
        program.start()
    words = loop(task)
    if words is not None and program is not None:
        session.detach()  # the descriptor is closed, and the program may use its number
        program.run(words)


def compile_python(source: bytes, name: str) -> tuple[CodeType | None, str]:
    """Return the compiled program, or None and the compiler's message. Too much CPU time kills this process."""
    signal.setitimer(signal.ITIMER_PROF, COMPILE_CPU_S)
    usual = [*warnings.filters]
    warnings.simplefilter("ignore")  # there is no test yet whose error output could show them
    try:
        return compile(source, name, "exec", dont_inherit=True), ""
    except (SyntaxError, ValueError, MemoryError, RecursionError, OverflowError) as error:
        import traceback

        return None, "".join(traceback.format_exception_only(type(error), error))
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        warnings.filters[:] = usual  # type: ignore[index]


def address_space_mb() -> int:
    """Return how much address space this process has mapped before any program runs."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * os.sysconf("SC_PAGESIZE") // MB + 1
