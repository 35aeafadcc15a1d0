"""Compile programs, in the sandbox and at most once per content.

If the compiler fails, the verdict is CE, also if it used up its time or memory, because the program decides how much a
compiler needs. It is our own failure only if the machine lacked something. The two are distinguished by the kernel's
counts: CPU time, processes killed for lack of memory, and whether the control group's own limit was reached. The
compiler's output is never used for this, because the program controls it.
"""

import shutil
import signal
import tempfile
import time

from stepsmith.core.errors import MachineError, SandboxError
from stepsmith.core.records import Limits, Record
from stepsmith.judge.binaries import BinaryCache
from stepsmith.judge.languages import Language, Sources
from stepsmith.judge.languages.language import encoded
from stepsmith.judge.ours import is_ours
from stepsmith.sandbox.executable import Executable, RunLimits, RunOutcome
from stepsmith.sandbox.worker import Worker

MB = 1 << 20
COMPILE_S = 30.0  # CPU seconds
COMPILE_MEMORY_MB = 2048
BINARY_MB = 192  # most MB of a file that a compiler writes
SHOWN = 16 * 1024  # bytes of a compiler's output that are kept, from its beginning
RERUNS = 2  # how many times a compiler is run again after it was killed from outside
KILLED_IN_SHELL = 128 + signal.SIGKILL  # a shell's exit code for a command that was killed


class Prepared(Record, frozen=True, kw_only=True):
    """A program ready to be opened; None if it does not compile. ``text`` is the compiler's output."""

    program: Executable | None
    text: str = ""
    compile_s: float = 0.0


def prepare(
    worker: Worker,
    cache: BinaryCache,
    language: Language,
    sources: Sources,
    limits: Limits,
    *,
    entry_point: str | None = None,
    compile_s: float | None = None,
) -> Prepared:
    """Make a program of ``sources``, the main file first, that will run under ``limits``.

    ``compile_s`` are CPU seconds for the compiler, ``COMPILE_S`` by default.
    Raises ``SandboxError`` if our own machinery fails and ``MachineError`` if the language is not installed.
    Python is not compiled here, but when it is opened.
    """
    if not language.tool:
        return _python(sources, entry_point)
    sources = language.named(sources)
    key = cache.key(language, sources)
    compiled, text, spent = cache.get(key), "", 0.0
    if compiled is None:
        started = time.monotonic()
        compiled, text = _compile(worker, cache, language, sources, compile_s or COMPILE_S)
        spent = time.monotonic() - started
        if compiled is None:
            return Prepared(program=None, text=text, compile_s=spent)
        cache.put(key, compiled)
    return Prepared(program=_runnable(language, sources, compiled, limits.memory_mb), text=text, compile_s=spent)


def _python(sources: Sources, entry_point: str | None) -> Prepared:
    files = tuple((name, encoded(text)) for name, text in sources)
    name, code = files[0]
    # The program's file is in its folder, as for ``python3``, so that tracebacks show its lines.
    program = Executable(
        kind="python", code=code, command=(name,), entry_point=entry_point, files=files, folder="read",
        loaded=entry_point is not None and is_ours(code),
    )  # fmt: skip
    return Prepared(program=program)


def _runnable(language: Language, sources: Sources, compiled: bytes, memory_mb: int) -> Executable:
    command = language.run_command(sources, memory_mb)
    if command:
        return Executable(kind="command", command=command, files=language.run_files(compiled, sources), folder="read")
    name = sources[0][0].rpartition(".")[0] or "program"
    return Executable(kind="binary", code=compiled, command=(name,))


def _compile(
    worker: Worker, cache: BinaryCache, language: Language, sources: Sources, compile_s: float
) -> tuple[bytes | None, str]:
    for path in (str(language.path), *language.folders()):
        if not worker.server.can_read(path):
            raise MachineError(
                f"{language.name} programs cannot run at L{worker.server.level} here, where they run as another user: "
                f"only this user can read {path}; install {language.tool} where every user can read it"
            )
    ready = [path for path in language.prepared(cache.prepared, sources) if worker.server.can_read(path)]
    command = language.compile_command(sources, tuple(ready))
    outcome = _tool(worker, language, command, sources, compile_s)
    if outcome.exit_code != 0 and b"cannot find -l" in outcome.stderr and "-static" in command:
        # This machine lacks the static libraries; then programs start a little slower.
        command = tuple(option for option in command if option != "-static")
        outcome = _tool(worker, language, command, sources, compile_s)
    for _ in range(RERUNS):
        if not _killed_by_somebody(worker, outcome, compile_s):
            break
        outcome = _tool(worker, language, command, sources, compile_s)
    text = _said(worker, outcome, compile_s)
    if outcome.exit_code != 0:
        _blame_the_machine(worker, outcome, compile_s)
        return None, text
    outputs = worker.collect(language.outputs, BINARY_MB * MB) if language.outputs else {}
    if language.outputs and not outputs:
        raise SandboxError(f"{language.name}: the compiler left no output")
    return language.packed(tuple(outputs.items()), sources), text


def _tool(
    worker: Worker, language: Language, command: tuple[str, ...], sources: Sources, compile_s: float
) -> RunOutcome:
    files = tuple((name, encoded(text)) for name, text in sources)
    program = Executable(kind="command", command=command, files=files, folder="write", spawning=True)
    limits = RunLimits(
        cpu_s=compile_s, wall_s=3 * compile_s + 30, memory_mb=COMPILE_MEMORY_MB, output_bytes=BINARY_MB * MB,
        reserve_mb=language.compile_reserve_mb,
    )  # fmt: skip
    worker.open(program, limits)
    return worker.run(b"", stderr_bytes=1 << 20)


# Why a compiler failed


def _out_of_time(outcome: RunOutcome, compile_s: float) -> bool:
    """Return whether a compiler and the processes that it started used up its CPU time."""
    return outcome.end == "cpu" or outcome.cpu_s >= compile_s


def _killed_by_somebody(worker: Worker, outcome: RunOutcome, compile_s: float) -> bool:
    """Return whether a process of a compiler seems to have been killed, and the kernel counted no reason for it.

    Either somebody killed it, or a program forged the compiler's message. A forged message comes again every time.
    """
    killed = (
        outcome.signal == signal.SIGKILL
        or outcome.exit_code == KILLED_IN_SHELL
        or b"Killed signal terminated program" in outcome.stderr
    )
    return killed and not outcome.end and not _out_of_time(outcome, compile_s) and not worker.memory_kills()


def _blame_the_machine(worker: Worker, outcome: RunOutcome, compile_s: float) -> None:
    """Raise ``SandboxError`` if a compiler failed because the machine lacked something."""
    if _out_of_time(outcome, compile_s):
        return
    if outcome.end == "wall":
        raise SandboxError(f"the machine gave a compiler only {outcome.cpu_s:.1f} s of CPU in {outcome.wall_s:.0f} s")
    if worker.memory_kills() == "machine":
        raise SandboxError("the machine ran out of memory while a program was compiled")
    if outcome.signal == signal.SIGKILL and not worker.memory_kills():
        raise SandboxError("a compiler was killed, and not for want of time or memory")
    if worker.server.level < 2 and shutil.disk_usage(tempfile.gettempdir()).free < BINARY_MB * MB:
        raise SandboxError(f"the disk of {tempfile.gettempdir()} is full; a program could not be compiled")


def _said(worker: Worker, outcome: RunOutcome, compile_s: float) -> str:
    text = (outcome.stdout + outcome.stderr)[:SHOWN].decode("utf-8", "replace")
    if outcome.exit_code != 0 and _out_of_time(outcome, compile_s):
        text += f"\nthe compiler was stopped after {outcome.cpu_s:.1f} s of CPU ({compile_s:g} s allowed)\n"
    elif outcome.exit_code != 0 and worker.memory_kills() == "program":
        text += f"\nthe compiler was stopped because it needed more than {COMPILE_MEMORY_MB} MB of memory\n"
    elif outcome.signal is not None:
        text += f"\nthe compiler was killed by signal {outcome.signal}\n"
    return text
