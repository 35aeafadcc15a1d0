"""Stepsmith's own API: cases as in a case file, results as in a result file."""

from functools import partial

import msgspec
from starlette.responses import Response

from stepsmith.core.errors import CaseError
from stepsmith.judge.batch import judge_case
from stepsmith.judge.cases import NO_TESTS, BadCase, Case, CaseResult, bad_case, check_case, decode_case
from stepsmith.serve.serving import InvalidRequestError, Serving, answer, bounded, decode


class CaseBatch(msgspec.Struct, frozen=True, kw_only=True):
    """Body of ``/v1/judge/batch``."""

    cases: tuple[Case, ...]
    stop_at_first_failure: bool = False


class ResultBatch(msgspec.Struct, frozen=True, kw_only=True):
    """Answer of ``/v1/judge/batch``: results in the order of the cases."""

    results: tuple[CaseResult, ...]


class _RawBatch(msgspec.Struct, frozen=True, kw_only=True):
    """``CaseBatch`` with cases that are read one by one, so that a wrong one does not affect the others."""

    cases: tuple[msgspec.Raw, ...]
    stop_at_first_failure: bool = False


class _ReadBatch(msgspec.Struct, frozen=True, kw_only=True):
    cases: tuple[Case | BadCase, ...]
    stop_at_first_failure: bool


async def judge(serving: Serving, body: bytes) -> Response:
    """Judge one case on all of its tests."""
    case = await decode(body, Case, lambda case: _check(serving, case))
    with serving.gate.admit(1):
        result = await serving.gate.run(partial(judge_case, serving.judge, case))
    if result.verdict is None:
        raise InvalidRequestError(f"{result.error}", 400)
    serving.metrics.verdicts(result.verdict).inc()
    return answer(result)


async def judge_batch(serving: Serving, body: bytes) -> Response:
    """Judge many cases; other requests get their turns in between.

    The result of a case that cannot be judged has an ``error`` instead of a verdict.
    """
    batch = await decode(body, _RawBatch, convert=partial(_read_all, serving))
    stop = batch.stop_at_first_failure
    with serving.gate.admit(len(batch.cases)):
        results = await serving.gate.run_all(
            [partial(judge_case, serving.judge, case, stop_at_first_failure=stop) for case in batch.cases]
        )
    for result in results:
        serving.metrics.verdicts(result.verdict or "none").inc()
    return answer(ResultBatch(results=tuple(results)))


def _read_all(serving: Serving, batch: _RawBatch) -> _ReadBatch:
    cases = tuple(_read(serving, bytes(raw), index) for index, raw in enumerate(batch.cases))
    return _ReadBatch(cases=cases, stop_at_first_failure=batch.stop_at_first_failure)


def _read(serving: Serving, raw: bytes, index: int) -> Case | BadCase:
    try:
        case = decode_case(raw)
        _check_limits(serving, case)
    except (CaseError, InvalidRequestError) as error:
        return bad_case(raw, f"{error} - at `$.cases[{index}]`")
    return case


def _check(serving: Serving, case: Case) -> Case:
    if not case.tests:
        raise InvalidRequestError(NO_TESTS, 400)
    try:
        check_case(case)
    except CaseError as error:
        raise InvalidRequestError(str(error)) from None
    _check_limits(serving, case)
    return case


def _check_limits(serving: Serving, case: Case) -> None:
    settings = serving.settings
    bounded(case.time_limit_s, settings.time_limit_s, settings.max_time_limit_s, "time_limit_s")
    bounded(case.memory_limit_mb, settings.memory_limit_mb, settings.max_memory_mb, "memory_limit_mb")
    bounded(case.wall_limit_s, 1.0, 10 * settings.max_time_limit_s, "wall_limit_s")
