"""The API of code-judge. Clients written for it, such as X-Coder's training recipe, work unchanged.

``success`` means that the program ended with exit code 0 and its output equals ``expected_output`` up to white space
around both. ``reason`` is empty, ``worker_timeout`` (time limit), ``internal_error`` (our failure: judge again) or
``invalid_input``. A full queue is answered 429, never with a result. Submissions of one batch that share their program
compile it once.

A submission without ``expected_output`` cannot be judged: ``/judge`` answers 400, and in a batch it is
``invalid_input``. The run endpoints accept it, because they judge nothing.
"""

from collections.abc import Sequence
from functools import partial
from typing import TypeVar
from uuid import uuid4

import msgspec
from starlette.responses import Response

from stepsmith.core.records import Contract, Execution, Limits, Solution, Verdict
from stepsmith.judge.languages import language
from stepsmith.judge.program import Program, ProgramRun
from stepsmith.serve.serving import InvalidRequestError, Serving, answer, decode

SHOWN = 1000  # characters of stdout and stderr in an answer, as in the original
SERVED = ("python", "cpp")
R = TypeVar("R", bound="JudgeResult")

GROUP = 32  # submissions with the same program that one worker judges at a time


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """A program, its input, and the output that it should print."""

    type: str
    solution: str
    input: str | None = None
    expected_output: str | None = None
    sub_id: str | None = None


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """Body of the batch endpoints."""

    submissions: tuple[Submission, ...]
    type: str = "batch"
    sub_id: str | None = None


class JudgeResult(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one submission; ``cost`` is in seconds."""

    sub_id: str
    success: bool
    run_success: bool
    cost: float = 0.0
    reason: str = ""


class RunResult(JudgeResult, frozen=True, kw_only=True):
    """The same, with the program's output."""

    stdout: str | None = None
    stderr: str | None = None


class JudgeBatch(msgspec.Struct, frozen=True, kw_only=True):
    """Answer of ``/judge/batch`` and ``/judge/long-batch``."""

    sub_id: str
    results: tuple[JudgeResult, ...]


class RunBatch(msgspec.Struct, frozen=True, kw_only=True):
    """Answer of ``/run/batch`` and ``/run/long-batch``."""

    sub_id: str
    results: tuple[RunResult, ...]


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """Answer of ``/status``."""

    queue: int
    num_workers: int


async def judge(serving: Serving, body: bytes) -> Response:
    """Judge one submission."""
    submission = await decode(body, Submission)
    if submission.expected_output is None:
        raise InvalidRequestError("no expected_output: there is nothing to judge by; /run only runs a program", 400)
    with serving.gate.admit(1):
        return answer((await _judge(serving, [submission]))[0])


async def judge_batch(serving: Serving, body: bytes) -> Response:
    """Judge many submissions."""
    batch = await decode(body, Batch)
    with serving.gate.admit(len(batch.submissions)):
        results = await _judge(serving, batch.submissions)
    return answer(JudgeBatch(sub_id=batch.sub_id or str(uuid4()), results=tuple(results)))


async def run(serving: Serving, body: bytes) -> Response:
    """Run one submission and return its output."""
    submission = await decode(body, Submission)
    with serving.gate.admit(1):
        return answer((await _run(serving, [submission]))[0])


async def run_batch(serving: Serving, body: bytes) -> Response:
    """Run many submissions and return their outputs."""
    batch = await decode(body, Batch)
    with serving.gate.admit(len(batch.submissions)):
        results = await _run(serving, batch.submissions)
    return answer(RunBatch(sub_id=batch.sub_id or str(uuid4()), results=tuple(results)))


async def _judge(serving: Serving, submissions: Sequence[Submission]) -> list[JudgeResult]:
    groups: dict[tuple[str, str], list[int]] = {}
    results: dict[int, JudgeResult] = {}
    for index, submission in enumerate(submissions):
        if submission.type not in SERVED or submission.expected_output is None:
            results[index] = _invalid(JudgeResult, submission)
        else:
            groups.setdefault((submission.type, submission.solution), []).append(index)
    chunks = [group[i : i + GROUP] for group in groups.values() for i in range(0, len(group), GROUP)]
    done = await serving.gate.run_all(
        [partial(_judge_group, serving, [submissions[i] for i in chunk]) for chunk in chunks]
    )
    for chunk, group in zip(chunks, done, strict=True):
        results |= zip(chunk, group, strict=True)
    return [results[index] for index in range(len(submissions))]


def _judge_group(serving: Serving, group: Sequence[Submission]) -> list[JudgeResult]:
    """Judge submissions that have the same program."""
    first = group[0]
    contract = Contract(interface="stdio", limits=_limits(serving, group))
    executions = serving.judge.execute(
        Solution(language=first.type, code=first.solution), contract, [s.input or "" for s in group]
    )
    return [_judged(serving, *pair) for pair in zip(group, executions, strict=True)]


def _judged(serving: Serving, submission: Submission, execution: Execution) -> JudgeResult:
    ran = execution.verdict is Verdict.AC
    success = ran and _as_expected(submission, execution.output)
    serving.metrics.verdicts(Verdict.WA if ran and not success else execution.verdict).inc()
    return JudgeResult(
        sub_id=submission.sub_id or str(uuid4()),
        success=success,
        run_success=ran,
        cost=execution.cpu_s,
        reason=_reason(execution.verdict),
    )


async def _run(serving: Serving, submissions: Sequence[Submission]) -> list[RunResult]:
    return await serving.gate.run_all([partial(_run_one, serving, submission) for submission in submissions])


def _run_one(serving: Serving, submission: Submission) -> RunResult:
    if submission.type not in SERVED:
        return _invalid(RunResult, submission)
    done: ProgramRun = serving.judge.run_program(
        Program(
            language=submission.type,
            sources=((language(submission.type).main, submission.solution),),
            stdin=submission.input or "",
            limits=_limits(serving, [submission]),
        )
    )
    ran = done.verdict is Verdict.AC
    success = ran and _as_expected(submission, done.stdout)
    serving.metrics.verdicts(Verdict.WA if ran and not success else done.verdict).inc()
    return RunResult(
        sub_id=submission.sub_id or str(uuid4()),
        success=success,
        run_success=ran,
        cost=done.wall_s,
        reason=_reason(done.verdict),
        stdout=done.stdout[:SHOWN],
        stderr=(done.compile_output if done.verdict is Verdict.CE else done.stderr)[:SHOWN],
    )


def _limits(serving: Serving, group: Sequence[Submission]) -> Limits:
    longest = max(len(submission.expected_output or "") for submission in group)
    return Limits(
        time_s=serving.settings.time_limit_s,
        wall_s=serving.settings.time_limit_s + serving.settings.wall_extra_s,
        memory_mb=serving.settings.memory_limit_mb,
        output_mb=max(Limits().output_mb, 4 * longest / 1e6),
    )


def _as_expected(submission: Submission, output: str) -> bool:
    return submission.expected_output is None or output.strip() == submission.expected_output.strip()


def _reason(verdict: Verdict) -> str:
    return {Verdict.TLE: "worker_timeout", Verdict.IE: "internal_error"}.get(verdict, "")


def _invalid(kind: type[R], submission: Submission) -> R:
    return kind(sub_id=submission.sub_id or str(uuid4()), success=False, run_success=False, reason="invalid_input")
