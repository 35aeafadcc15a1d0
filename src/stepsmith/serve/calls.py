"""The API of a fleet's client: every call of a judge as one message, and what this server is."""

import os
import socket
from contextvars import copy_context
from functools import partial

import msgspec
from starlette.responses import Response

from stepsmith.cluster.fleet.about import About, about_here
from stepsmith.cluster.fleet.calls import (
    CONTENT_TYPE,
    FACTS_HEADER,
    AgreeCall,
    Call,
    CallAnswer,
    JudgeCall,
    RunCall,
    answer_call,
    decode,
    encode,
)
from stepsmith.core.records import Limits
from stepsmith.core.tracing import span
from stepsmith.serve.serving import InvalidRequestError, Serving, bounded

COMPILE_S = 60.0  # most that a call may ask for, to compile a whole program
OUTPUT_MB = 1024.0  # of one run


def about(serving: Serving) -> About:
    """Return what verdicts of this server depend on."""
    settings = serving.settings
    where = f"{socket.gethostname()}:{settings.port}"
    cores = len(os.sched_getaffinity(0))
    return about_here(where, cores, settings.workers, serving.judge.isolation, settings.time_factors)


async def call(serving: Serving, body: bytes) -> Response:
    """Answer one call of a judge."""
    try:
        asked: Call = decode(body, Call)  # type: ignore[arg-type]  # a union of structs
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidRequestError(str(error)) from None
    if not isinstance(asked, AgreeCall):
        _check_limits(serving, asked.limits if isinstance(asked, RunCall) else asked.contract.limits)
    if isinstance(asked, RunCall):
        bounded(asked.compile_time_s, COMPILE_S, COMPILE_S, "compile_time_s")
    with serving.gate.admit(1):
        context = copy_context()  # with the trace of the request
        found = await serving.gate.run(partial(context.run, _answer, serving, asked))
    if found.judgement is not None:
        serving.metrics.verdicts(found.judgement.verdict).inc()
    return Response(encode(found), headers={FACTS_HEADER: serving.facts}, media_type=CONTENT_TYPE)


def _answer(serving: Serving, asked: Call) -> CallAnswer:
    with span(f"serve.{type(asked).__name__}", tests=len(asked.tests) if isinstance(asked, JudgeCall) else 1):
        return answer_call(serving.judge, asked)


def _check_limits(serving: Serving, limits: Limits) -> None:
    settings = serving.settings
    bounded(
        limits.time_s, settings.time_limit_s, settings.max_time_limit_s, "time_s (see the server's --max-time-limit)"
    )
    bounded(limits.wall_s, 1.0, 10 * settings.max_time_limit_s, "wall_s")
    bounded(limits.memory_mb, settings.memory_limit_mb, settings.max_memory_mb, "memory_mb")
    bounded(limits.output_mb, 8.0, OUTPUT_MB, "output_mb")
