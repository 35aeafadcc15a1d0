"""Piston's execute API (version 2), so that its clients (open-r1's rewards among them) work unchanged.

Any language version is accepted. Times are milliseconds, memory is bytes, as in Piston; ``run_timeout`` limits CPU time
here, and wall time a little more generously. A run that fails on our side is answered 500, which clients send again.
Files in the shape of open-r1's own packages are graded, see ``codeforces`` and ``ioi``.
"""

import base64
import binascii
import functools
import signal
from collections.abc import Callable
from functools import partial

import msgspec
from starlette.responses import Response

from stepsmith.core.errors import SandboxError, UserError
from stepsmith.core.records import Limits, Verdict
from stepsmith.judge import languages
from stepsmith.judge.program import Program, ProgramRun
from stepsmith.serve import codeforces, ioi
from stepsmith.serve.serving import InvalidRequestError, Serving, answer, bounded, decode, problem

RUNTIMES: dict[str, tuple[str, tuple[str, ...]]] = {  # Piston's name: our language, other names
    "python": ("python", ("py", "py3", "python3", "cf_python3")),
    "c++": ("cpp", ("cpp", "g++", "c++17", "cf_c++17", "c++14", "cf_c++14", "c++11", "cf_c++11", *ioi.LANGUAGES)),
    "c": ("c", ("gcc",)),
}
VERSIONS = {"python": "3.0.0", "c++": "17.0.0", "c": "17.0.0"}
_HEADERS = (".h", ".hpp", ".hh")


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the job; ``encoding`` is utf8, base64 or hex."""

    content: str
    name: str = ""
    encoding: str = "utf8"


class ExecuteRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Body of ``/api/v2/execute``; the first file is the program."""

    language: str
    version: str
    files: tuple[File, ...]
    stdin: str = ""
    args: tuple[str, ...] = ()
    run_timeout: float | None = None
    run_cpu_time: float | None = None
    compile_timeout: float | None = None
    run_memory_limit: float | None = None
    compile_memory_limit: float | None = None


class Stage(msgspec.Struct, frozen=True, kw_only=True):
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
    run: Stage
    compile: Stage | None = None


class Runtime(msgspec.Struct, frozen=True, kw_only=True):
    """One line of ``/api/v2/runtimes``."""

    language: str
    version: str
    aliases: tuple[str, ...]


def runtimes() -> list[Runtime]:
    """Return the languages under the names that Piston's clients use."""
    return [
        Runtime(language=name, version=VERSIONS[name], aliases=aliases)
        for name, (ours, aliases) in RUNTIMES.items()
        if ours in _installed()
    ]


async def execute(serving: Serving, body: bytes) -> Response:
    """Compile and run a job once."""
    try:
        request = await decode(body, ExecuteRequest)
        name, language = _runtime(request.language)
        if not request.files:
            raise InvalidRequestError("files must hold the program")
        files = tuple((file.name or f"file{i}.code", _content(file, i)) for i, file in enumerate(request.files))
        limits = _limits(serving, request)
        compile_s = _seconds(request.compile_timeout, 10.0, serving, "compile_timeout")
    except InvalidRequestError as error:
        raise InvalidRequestError(str(error), 400) from None
    job: Callable[[], ProgramRun]
    if ioi.is_job(files):
        job = partial(ioi.grade, serving.judge, files, limits)
    elif codeforces.is_job(files):
        job = partial(codeforces.grade, serving.judge, language, files, limits)
    else:
        sources, others = _split(language, files)
        program = Program(
            language=language,
            sources=sources,
            files=others,
            args=request.args,
            stdin=request.stdin,
            limits=limits,
            compile_time_s=compile_s,
        )
        job = partial(serving.judge.run_program, program)
    with serving.gate.admit(1):
        try:
            run = await serving.gate.run(job)
        except (SandboxError, UserError) as error:
            run = ProgramRun(verdict=Verdict.IE, message=str(error))
    serving.metrics.verdicts.labels(run.verdict).inc()
    if run.verdict is Verdict.IE:
        return problem(500, run.message or "the sandbox failed; send this again")
    return answer(_response(name, run))


@functools.cache
def _installed() -> tuple[str, ...]:
    return tuple(languages.installed())


def _runtime(language: str) -> tuple[str, str]:
    for name, (ours, aliases) in RUNTIMES.items():
        if (language == name or language in aliases) and ours in _installed():
            return name, ours
    raise InvalidRequestError(f"{language}-* runtime is unknown")


def _content(file: File, index: int) -> bytes:
    try:
        if file.encoding == "base64":
            return base64.b64decode(file.content, validate=True)
        if file.encoding == "hex":
            return bytes.fromhex(file.content)
    except (binascii.Error, ValueError):
        raise InvalidRequestError(f"files[{index}].content is not {file.encoding}") from None
    if file.encoding != "utf8":
        raise InvalidRequestError(f"files[{index}].encoding must be utf8, base64 or hex")
    return file.content.encode()


def _split(
    language: str, files: tuple[tuple[str, bytes], ...]
) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, bytes], ...]]:
    """Part the program's sources from the files that it finds in its folder. The first file is a source by any name."""
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
    version = VERSIONS[name]
    said = Stage(stderr=run.compile_output, output=run.compile_output, code=0)
    if run.verdict is Verdict.CE:
        failed = msgspec.structs.replace(said, code=1, status="RE", message="Exited with error status 1")
        return ExecuteResponse(language=name, version=version, run=failed, compile=failed)
    return ExecuteResponse(language=name, version=version, run=_stage(run), compile=said)


def _stage(run: ProgramRun) -> Stage:
    code, killed, status = run.exit_code, run.signal, None
    if run.verdict in (Verdict.TLE, Verdict.OLE, Verdict.MLE):
        code, killed = None, signal.SIGKILL
        status = {Verdict.TLE: "TO", Verdict.OLE: "OL"}.get(run.verdict, "SG")
    elif run.verdict is Verdict.RTE:
        status = "RE" if killed is None else "SG"
    return Stage(
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
