"""Jobs in the format of open-r1's IOI package for Piston (``cms_ioi``), task type Batch, scored from 0 to 1.

The submission and the problem's own sources lie in ``graders/`` and are compiled together;
``graders/grader_config.json`` has the limits. The program reads ``input.txt`` on stdin; ``checker/checker.cpp``, called
with input, correct output and output, prints the score, and without it the outputs must be equal up to the amount of
white space in a line.
"""

import msgspec

from stepsmith.core.records import Limits, Verdict
from stepsmith.judge.program import Program, ProgramRun, ProgramRunner
from stepsmith.serve.codeforces import ANSWER, CHECKER_LIMITS, INPUT, OUTPUT, Files, failed, said
from stepsmith.serve.serving import InvalidRequestError

LANGUAGES = ("cms_ioi", "cms")
CONFIG = "graders/grader_config.json"
OTHERS = ("grader.cpp", "stub.cpp")  # compiled with the submission, where the problem has them


class Config(msgspec.Struct, frozen=True):
    """The values of ``grader_config.json`` that are used here."""

    task_type: str
    time_limit: float  # seconds
    memory_limit: int | None = None  # bytes


def is_job(files: Files) -> bool:
    """Return whether files have this format."""
    return CONFIG in dict(files)


def grade(runner: ProgramRunner, files: Files, hard_limits: Limits) -> ProgramRun:
    """Compile, run and score one test. Raises ``InvalidRequestError`` for another format or task type."""
    held = {name: content.decode("utf-8", "replace") for name, content in files}
    if ANSWER not in held:
        raise InvalidRequestError(f"no {ANSWER}: there is nothing to judge by", 400)
    config = _config(held[CONFIG])
    run = runner.run_program(
        Program(
            language="cpp",
            sources=_sources(held),
            stdin=held.get(INPUT, ""),
            limits=Limits(
                time_s=min(hard_limits.time_s, config.time_limit),
                wall_s=hard_limits.wall_s,
                memory_mb=hard_limits.memory_mb if config.memory_limit is None else config.memory_limit >> 20,
                output_mb=max(Limits().output_mb, 4 * len(held.get(ANSWER, "")) / 1e6),
            ),
        )
    )
    if run.verdict in (Verdict.CE, Verdict.IE):
        return run
    if run.verdict is not Verdict.AC:
        return failed(run, f"{config.time_limit:g}", f"{(config.memory_limit or 0) >> 20}")
    if "checker/checker.cpp" in held:
        return _checked(runner, run, held)
    right = _lines(run.stdout) == _lines(held[ANSWER])
    return said(run, "1\n" if right else "0\n", "Output is correct (diff)" if right else "Output isn't correct (diff)")


def _config(text: str) -> Config:
    try:
        config = msgspec.json.decode(text, type=Config)
    except msgspec.DecodeError as error:
        raise InvalidRequestError(f"{CONFIG}: {error}", 400) from None
    if config.task_type != "Batch":
        raise InvalidRequestError(f"{CONFIG}: task type {config.task_type!r} is not served here; Batch is", 400)
    return config


def _sources(held: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the submission first, then the problem's sources and headers, all in one folder."""
    graders = {name.removeprefix("graders/"): text for name, text in held.items() if name.startswith("graders/")}
    headers = [name for name in graders if name.endswith(".h")]
    problem = next((name.removesuffix(".h") for name in headers if name != "testlib.h"), "")
    main = f"{problem}.cpp"
    if main not in graders:
        raise InvalidRequestError("graders/ needs a header and the submission of the same name", 400)
    names = [main, *(name for name in OTHERS if name in graders), *headers]
    return tuple((name, graders[name]) for name in names)


def _checked(runner: ProgramRunner, run: ProgramRun, held: dict[str, str]) -> ProgramRun:
    beside = {name.removeprefix("checker/"): text for name, text in held.items() if name.startswith("checker/")}
    headers = [(name, text) for name, text in beside.items() if name.endswith(".h")]
    check = runner.run_program(
        Program(
            language="cpp",
            sources=(("checker.cpp", beside["checker.cpp"]), *headers),
            args=(INPUT, ANSWER, OUTPUT),
            files=((INPUT, held.get(INPUT, "")), (ANSWER, held[ANSWER]), (OUTPUT, run.stdout)),
            limits=CHECKER_LIMITS,
        )
    )
    if check.verdict is Verdict.AC:
        return said(run, check.stdout, check.stderr)
    reason = check.compile_output or check.stderr or check.message
    return ProgramRun(verdict=Verdict.IE, message=f"the checker did not decide ({check.verdict}): {reason[:2000]}")


def _lines(text: str) -> list[list[str]]:
    """The words of each line, which is what ``diff -b`` compares."""
    return [line.split() for line in text.rstrip("\n").split("\n")]
