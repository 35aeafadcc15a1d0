"""From source text to something the sandbox can run: compiling, inside the sandbox, at most once per content."""

import time

from stepsmith.core.errors import SandboxError
from stepsmith.core.records import Record
from stepsmith.judge.binaries import BinaryCache
from stepsmith.judge.languages import BINARY, Language
from stepsmith.sandbox.executable import Executable, RunLimits, RunOutcome
from stepsmith.sandbox.worker import Worker

MB = 1 << 20
COMPILE_S = 30.0  # CPU seconds
COMPILE_MEMORY_MB = 2048
BINARY_MB = 192  # a compiler's largest file
SHOWN = 16 * 1024  # bytes of a compiler's word that are kept: its beginning
HEADER_ENDINGS = (".h", ".hpp", ".hh", ".hxx", ".inc")

Sources = tuple[tuple[str, str], ...]


class Prepared(Record, frozen=True, kw_only=True):
    """A program ready to be opened; None where it does not compile. ``text`` is what the compiler said."""

    program: Executable | None
    text: str = ""
    compile_s: float = 0.0


def prepare(
    worker: Worker,
    cache: BinaryCache,
    language: Language,
    sources: Sources,
    *,
    entry_point: str | None = None,
    compile_s: float = COMPILE_S,
) -> Prepared:
    """Make a program of ``sources``, the main file first. Raises ``SandboxError`` and ``MachineError``.

    Python is not compiled here: opening it does that.
    """
    files = tuple((name, _bytes(text)) for name, text in sources)
    name, code = files[0]
    if language.compiler:
        return _compiled(worker, cache, language, sources, compile_s)
    if language.interpreter:
        return _interpreted(worker, language, files, compile_s)
    others = len(files) > 1
    return Prepared(
        program=Executable(
            kind="python", code=code, command=(name,), entry_point=entry_point,
            files=files if others else (), folder="read" if others else "",
        )
    )  # fmt: skip


def _compiled(worker: Worker, cache: BinaryCache, language: Language, sources: Sources, compile_s: float) -> Prepared:
    key = cache.key(language, sources)
    binary, text, spent = cache.get(key), "", 0.0
    if binary is None:
        started = time.monotonic()
        binary, text = _compile(worker, cache, language, sources, compile_s)
        spent = time.monotonic() - started
        if binary is None:
            return Prepared(program=None, text=text, compile_s=spent)
        cache.put(key, binary)
    name = sources[0][0].rpartition(".")[0] or "program"
    return Prepared(program=Executable(kind="binary", code=binary, command=(name,)), text=text, compile_s=spent)


def _compile(
    worker: Worker, cache: BinaryCache, language: Language, sources: Sources, compile_s: float
) -> tuple[bytes | None, str]:
    files = tuple((name, _bytes(text)) for name, text in sources)
    compiled = [_argument(name) for name, _ in sources if not name.lower().endswith(HEADER_ENDINGS)]
    options = [*language.compiler[1:], *cache.header_options(language, sources)]
    command = (str(language.tool), *options, *compiled, *language.libraries)
    outcome = _tool(worker, command, files, compile_s, folder="write", spawning=True)
    if outcome.exit_code != 0 and b"cannot find -l" in outcome.stderr and "-static" in command:
        # A machine without the static libraries; start-up is then a little slower.
        command = tuple(option for option in command if option != "-static")
        outcome = _tool(worker, command, files, compile_s, folder="write", spawning=True)
    text = _word(outcome, compile_s)
    if outcome.exit_code != 0:
        _blame_machine(worker, text)
        return None, text
    binary = worker.collect([BINARY], BINARY_MB * MB).get(BINARY)
    if binary is None:
        raise SandboxError(f"{language.name}: the compiler left no binary")
    return binary, text


def _interpreted(
    worker: Worker, language: Language, files: tuple[tuple[str, bytes], ...], compile_s: float
) -> Prepared:
    tool, name = str(language.tool), _argument(files[0][0])
    started = time.monotonic()
    outcome = _tool(worker, (tool, *language.check[1:], name), files, compile_s, folder="read", spawning=False)
    spent = time.monotonic() - started
    text = _word(outcome, compile_s)
    if outcome.exit_code != 0:
        return Prepared(program=None, text=text, compile_s=spent)
    command = (tool, *language.interpreter[1:], name)
    program = Executable(kind="command", command=command, files=files, folder="read")
    return Prepared(program=program, text=text, compile_s=spent)


def _tool(
    worker: Worker, command: tuple[str, ...], files: tuple[tuple[str, bytes], ...], compile_s: float, *,
    folder: str, spawning: bool,
) -> RunOutcome:  # fmt: skip
    program = Executable(kind="command", command=command, files=files, folder=folder, spawning=spawning)  # type: ignore[arg-type]
    limits = RunLimits(
        cpu_s=compile_s, wall_s=3 * compile_s + 30, memory_mb=COMPILE_MEMORY_MB, output_bytes=BINARY_MB * MB
    )
    worker.open(program, limits)
    return worker.run(b"", stderr_bytes=1 << 20)


def _argument(name: str) -> str:
    """Return a file's name as an argument that no tool takes for an option or a list of them."""
    return f"./{name}" if name[:1] in ("-", "@") else name


def _word(outcome: RunOutcome, compile_s: float) -> str:
    text = outcome.stderr[:SHOWN].decode("utf-8", "replace")
    if outcome.end:
        text += f"\nthe compiler was stopped after {outcome.cpu_s:.1f} s of CPU ({compile_s:g} s allowed)\n"
    elif outcome.signal is not None:
        text += f"\nthe compiler was killed by signal {outcome.signal}\n"
    return text


def _blame_machine(worker: Worker, text: str) -> None:
    """Raise ``SandboxError`` where a compiler failed for want of the machine's means, not because of the program."""
    if "Killed signal terminated program" in text or (worker.server.level < 2 and "No space left on device" in text):
        raise SandboxError(f"the compiler could not work: {text[:500]}")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape") if text.isascii() else _escaped(text)


def _escaped(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half of a surrogate pair: no file could hold it, so let the compiler complain
        return text.encode("utf-8", "surrogatepass")
