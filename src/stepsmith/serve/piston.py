"""Piston's execute API (version 2). Its clients, such as open-r1's rewards, work unchanged.

Any language version is accepted. Times are milliseconds and memory is bytes, as in Piston. ``run_timeout`` limits CPU
time; the wall time may be a few seconds longer. A failure of our own machinery is answered 500, and clients then send
the request again. Files in the format of open-r1's packages are graded, see ``codeforces`` and ``ioi``.
"""

import base64
import binascii
import functools
import re
import signal
from collections.abc import Callable
from functools import partial

import msgspec
from starlette.responses import Response

from stepsmith.core.errors import CaseError, MachineError, SandboxError
from stepsmith.core.records import Limits, Verdict
from stepsmith.judge import languages
from stepsmith.judge.program import Program, ProgramRun
from stepsmith.judge.runs import check_names, check_program
from stepsmith.serve import codeforces, ioi
from stepsmith.serve.serving import InvalidRequestError, Serving, answer, bounded, decode, problem


class _RuntimeRow(msgspec.Struct, frozen=True):
    """A language of Piston: our name for it, its other names in Piston, and the version to show."""

    ours: str
    aliases: tuple[str, ...] = ()
    version: str = ""  # empty: the tool's own


def _cpp(year: int) -> tuple[str, ...]:
    return (f"c++{year}", f"cf_c++{year}")


RUNTIMES: dict[str, _RuntimeRow] = {
    "python": _RuntimeRow("python", ("py", "py3", "python3", "cf_python3"), "3.0.0"),
    "c++": _RuntimeRow("cpp", ("cpp", "g++", *_cpp(17), *ioi.LANGUAGES), "17.0.0"),
    "c++11": _RuntimeRow("cpp11", _cpp(11)[1:], "11.0.0"),
    "c++14": _RuntimeRow("cpp14", _cpp(14)[1:], "14.0.0"),
    "c++20": _RuntimeRow("cpp20", _cpp(20)[1:], "20.0.0"),
    "c++23": _RuntimeRow("cpp23", _cpp(23)[1:], "23.0.0"),
    "c": _RuntimeRow("c", ("gcc",), "17.0.0"),
    "java": _RuntimeRow("java", ("cf_java", "java17", "java21")),
    "rust": _RuntimeRow("rust", ("rs",)),
    "go": _RuntimeRow("go", ("golang",)),
    "javascript": _RuntimeRow("javascript", ("js", "node-javascript", "node-js")),
    "pypy": _RuntimeRow("pypy", ("pypy3",)),
}
_HEADERS = (".h", ".hpp", ".hh")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)+")


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the job; ``encoding`` is base64 or hex, anything else is utf8."""

    content: str
    name: str | None = None
    encoding: str | None = None


class ExecuteRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Body of ``/api/v2/execute``; the first file is the program."""

    language: str
    version: str
    files: tuple[File, ...]
    stdin: str | None = None
    args: tuple[str, ...] | None = None
    run_timeout: float | None = None
    run_cpu_time: float | None = None
    compile_timeout: float | None = None
    compile_cpu_time: float | None = None
    run_memory_limit: float | None = None
    compile_memory_limit: float | None = None


class PistonStage(msgspec.Struct, frozen=True, kw_only=True):
    """How compiling or running went. ``status`` is TO, OL, RE or SG, or null for exit code 0."""

    stdout: str = ""
    stderr: str = ""
    output: str = ""
    code: int | None = None
    signal: str | None = None
    message: str | None = None
    status: str | None = None
    cpu_time: int | None = None  # milliseconds
    wall_time: int | None = None
    memory: int | None = None  # bytes


class ExecuteResponse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Answer of ``/api/v2/execute``."""

    language: str
    version: str
    run: PistonStage
    compile: PistonStage | None = None


class Runtime(msgspec.Struct, frozen=True, kw_only=True):
    """One line of ``/api/v2/runtimes``."""

    language: str
    version: str
    aliases: tuple[str, ...]


def runtimes() -> list[Runtime]:
    """Return the languages under the names that Piston's clients use."""
    return [
        Runtime(language=name, version=_version(name), aliases=row.aliases)
        for name, row in RUNTIMES.items()
        if row.ours in _installed()
    ]


async def execute(serving: Serving, body: bytes) -> Response:
    """Compile and run a job once."""
    try:
        request = await decode(body, ExecuteRequest)
        name, language = _runtime(request.language)
        job = _job(serving, request, language)
    except (InvalidRequestError, CaseError) as error:
        raise InvalidRequestError(str(error), 400) from None
    with serving.gate.admit(1):
        try:
            run = await serving.gate.run(job)
        except (SandboxError, MachineError) as error:
            run = ProgramRun(verdict=Verdict.IE, message=str(error))
        except CaseError as error:
            raise InvalidRequestError(str(error), 400) from None
    serving.metrics.verdicts(run.verdict).inc()
    if run.verdict is Verdict.IE:
        return problem(500, run.message or "the sandbox failed; send this again")
    return answer(_response(name, run))


def _job(serving: Serving, request: ExecuteRequest, language: str) -> Callable[[], ProgramRun]:
    """Return the function that runs a request. Raises ``InvalidRequestError`` and ``CaseError`` for a wrong one."""
    if not request.files:
        raise InvalidRequestError("files must hold the program")
    files = tuple((file.name or f"file{i}.code", _content(file, i)) for i, file in enumerate(request.files))
    check_names([name for name, _ in files])
    if folders := [name for name, _ in files if name.endswith("/")]:
        raise InvalidRequestError(f"{folders[0]!r} is a folder's name, not a file's")
    limits = _limits(serving, request)
    compile_s = _seconds(request.compile_cpu_time or request.compile_timeout, 10.0, serving, "compile_timeout")
    if ioi.is_job(files):
        return partial(ioi.grade, serving.judge, files, limits)
    if codeforces.is_job(files):
        return partial(codeforces.grade, serving.judge, language, files, limits)
    sources, others = _split(language, files)
    stdin = request.stdin or ""
    program = Program(
        language=language,
        sources=sources,
        files=others,
        args=request.args or (),
        stdin=stdin if stdin.endswith("\n") else f"{stdin}\n",  # as Piston does
        limits=limits,
        compile_time_s=compile_s,
    )
    check_program(program)
    return partial(serving.judge.run_program, program)


@functools.cache
def _installed() -> tuple[str, ...]:
    return tuple(languages.installed())


def _version(name: str) -> str:
    row = RUNTIMES[name]
    found = _NUMBER.search(row.version or languages.language(row.ours).version)
    return found[0] if found else "0.0.0"


def _runtime(language: str) -> tuple[str, str]:
    for name, row in RUNTIMES.items():
        if (language == name or language in row.aliases) and row.ours in _installed():
            return name, row.ours
    raise InvalidRequestError(f"{language}-* runtime is unknown")


def _content(file: File, index: int) -> bytes:
    try:
        if file.encoding == "base64":
            return base64.b64decode(file.content, validate=True)
        if file.encoding == "hex":
            return bytes.fromhex(file.content)
    except (binascii.Error, ValueError):
        raise InvalidRequestError(f"files[{index}].content is not {file.encoding}") from None
    return file.content.encode()


def _split(
    language: str, files: tuple[tuple[str, bytes], ...]
) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, bytes], ...]]:
    """Separate the program's sources from its other files. The first file is a source, whatever its name."""
    ending = languages.language(language).endings[0]
    name, content = files[0]
    sources = [(name if name.endswith(ending) else f"{name.removesuffix('.code')}{ending}", _text(content))]
    others = []
    for name, content in files[1:]:
        if name.endswith((ending, *_HEADERS)):
            sources.append((name, _text(content)))
        else:
            others.append((name, content))
    return tuple(sources), tuple(others)


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")


def _limits(serving: Serving, request: ExecuteRequest) -> Limits:
    settings = serving.settings
    wall_s = _seconds(request.run_timeout, settings.time_limit_s, serving, "run_timeout")
    cpu_s = _seconds(request.run_cpu_time, wall_s, serving, "run_cpu_time")
    asked = request.run_memory_limit
    asked_mb = asked / 1e6 if asked is not None and asked > 0 else None
    memory_mb = bounded(asked_mb, settings.memory_limit_mb, settings.max_memory_mb, "run_memory_limit in MB")
    return Limits(time_s=cpu_s, wall_s=wall_s + settings.wall_extra_s, memory_mb=max(1, int(memory_mb)))


def _seconds(milliseconds: float | None, default_s: float, serving: Serving, name: str) -> float:
    asked = milliseconds / 1000 if milliseconds else None
    return bounded(asked, default_s, serving.settings.max_time_limit_s, f"{name} in seconds")


def _response(name: str, run: ProgramRun) -> ExecuteResponse:
    version = _version(name)
    said = PistonStage(stderr=run.compile_output, output=run.compile_output, code=0)
    if run.verdict is Verdict.CE:
        failed = msgspec.structs.replace(said, code=1, status="RE", message="Exited with error status 1")
        return ExecuteResponse(language=name, version=version, run=failed, compile=failed)
    return ExecuteResponse(language=name, version=version, run=_stage(run), compile=said)


def _stage(run: ProgramRun) -> PistonStage:
    code, killed, status = run.exit_code, run.signal, None
    if run.verdict in (Verdict.TLE, Verdict.OLE, Verdict.MLE):
        code, killed = None, signal.SIGKILL
        status = {Verdict.TLE: "TO", Verdict.OLE: "OL"}.get(run.verdict, "SG")
    elif run.verdict is Verdict.RTE:
        status = "RE" if killed is None else "SG"
    return PistonStage(
        stdout=run.stdout,
        stderr=run.stderr,
        output=run.stdout + run.stderr,
        code=code,
        signal=_signal_name(killed) if killed is not None else None,
        message=run.message or None,
        status=status,
        cpu_time=round(run.cpu_s * 1000),
        wall_time=round(run.wall_s * 1000),
        memory=round(run.peak_mb * 1e6),
    )


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"SIG{number}"
