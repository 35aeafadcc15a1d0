"""SandboxFusion's ``run_code``. Its client and the trainers that call it, such as verl, work unchanged.

``run_timeout`` limits CPU seconds; the wall time may be a few seconds longer, so that programs do not fail because the
machine is loaded. A language that is not installed, or a failure of our own machinery, is answered ``SandboxError``:
clients try again or leave the sample out.
"""

import base64
import binascii
import functools
from functools import partial

import msgspec
from starlette.responses import Response

from stepsmith.core.errors import CaseError, SandboxError, UserError
from stepsmith.core.records import Limits, Verdict
from stepsmith.judge.languages import language
from stepsmith.judge.program import Program, ProgramRun
from stepsmith.judge.runs import check_program
from stepsmith.serve.serving import InvalidRequestError, Serving, answer, bounded, decode

SERVED = {  # SandboxFusion's name: ours
    "python": "python", "cpp": "cpp", "java": "java", "go": "go", "rust": "rust", "nodejs": "javascript",
}  # fmt: skip


class RunCodeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Body of ``/run_code``; ``files`` are base64 by path."""

    code: str
    language: str = "python"
    compile_timeout: float = 10
    run_timeout: float = 10
    memory_limit_MB: int = -1  # noqa: N815 - the API's own spelling
    stdin: str | None = None
    files: dict[str, str | None] = {}
    fetch_files: tuple[str, ...] = ()


class CommandRunResult(msgspec.Struct, frozen=True, kw_only=True):
    """How compiling or running went; ``status`` is Finished, Error or TimeLimitExceeded."""

    status: str
    execution_time: float | None = None
    return_code: int | None = None
    stdout: str | None = None
    stderr: str | None = None


class RunCodeResponse(msgspec.Struct, frozen=True, kw_only=True):
    """Answer of ``/run_code``; ``status`` is Success, Failed or SandboxError."""

    status: str
    message: str = ""
    compile_result: CommandRunResult | None = None
    run_result: CommandRunResult | None = None
    executor_pod_name: str | None = None
    files: dict[str, str] = {}


async def run_code(serving: Serving, body: bytes) -> Response:
    """Run a program once."""
    request = await decode(body, RunCodeRequest)
    if request.language not in _served():
        message = f"{request.language} is not served here; {', '.join(_served())} are"
        return answer(RunCodeResponse(status="SandboxError", message=message))
    program = _program(serving, request)
    try:
        check_program(program)
    except CaseError as error:
        raise InvalidRequestError(str(error)) from None
    with serving.gate.admit(1):
        return answer(await serving.gate.run(partial(_run, serving, program)))


@functools.cache
def _served() -> tuple[str, ...]:
    return tuple(name for name, ours in SERVED.items() if language(ours).installed)


def _program(serving: Serving, request: RunCodeRequest) -> Program:
    settings = serving.settings
    asked_mb = request.memory_limit_MB if request.memory_limit_MB > 0 else None
    time_s = bounded(request.run_timeout, settings.time_limit_s, settings.max_time_limit_s, "run_timeout")
    try:
        files = tuple(
            (name, base64.b64decode(content, validate=True))
            for name, content in request.files.items()
            if content is not None
        )
    except (binascii.Error, ValueError):
        raise InvalidRequestError("files must be base64") from None
    row = language(SERVED[request.language])
    return Program(
        language=row.name,
        sources=((row.main, request.code),),
        stdin=request.stdin or "",
        files=files,
        collect=request.fetch_files,
        limits=Limits(
            time_s=time_s,
            wall_s=time_s + settings.wall_extra_s,
            memory_mb=int(bounded(asked_mb, settings.memory_limit_mb, settings.max_memory_mb, "memory_limit_MB")),
        ),
        compile_time_s=bounded(request.compile_timeout, 10.0, settings.max_time_limit_s, "compile_timeout"),
    )


def _run(serving: Serving, program: Program) -> RunCodeResponse:
    try:
        run = serving.judge.run_program(program)
    except (SandboxError, UserError) as error:
        run = ProgramRun(verdict=Verdict.IE, message=str(error))
    serving.metrics.verdicts(run.verdict).inc()
    if run.verdict is Verdict.IE:
        return RunCodeResponse(status="SandboxError", message=run.message or "the sandbox failed; run it again")
    compiled = None
    row = language(program.language)
    if row.tool and row.outputs:  # others fail when they are run
        compiled = CommandRunResult(
            status="Finished",
            execution_time=run.compile_s,
            return_code=1 if run.verdict is Verdict.CE else 0,
            stdout="",
            stderr=run.compile_output,
        )
        if run.verdict is Verdict.CE:
            return RunCodeResponse(status="Failed", compile_result=compiled)
    return RunCodeResponse(
        status="Success" if run.verdict is Verdict.AC else "Failed",
        compile_result=compiled,
        run_result=_run_result(run),
        files={name: base64.b64encode(content).decode() for name, content in run.files},
    )


def _run_result(run: ProgramRun) -> CommandRunResult:
    if run.verdict is Verdict.TLE:
        return CommandRunResult(
            status="TimeLimitExceeded", execution_time=run.wall_s, stdout=run.stdout, stderr=run.stderr
        )
    code = -run.signal if run.signal is not None else run.exit_code
    if run.verdict is Verdict.CE:
        code = 1
    elif run.verdict is not Verdict.AC and not code:  # MLE and OLE may end with 0
        code = -9
    note = run.compile_output if run.verdict is Verdict.CE else ""
    if run.verdict in (Verdict.MLE, Verdict.OLE):
        note = f"\n{run.message}"
    return CommandRunResult(
        status="Finished",
        execution_time=run.wall_s,
        return_code=code,
        stdout=run.stdout,
        stderr=run.stderr + note,
    )
