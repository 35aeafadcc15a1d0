"""Our own API: a case as in a case file, and its result as in a result file."""

from functools import partial

import msgspec
from starlette.responses import Response

from stepsmith.core.errors import CaseError
from stepsmith.judge.batch import judge_case
from stepsmith.judge.cases import Case, CaseResult, check_case
from stepsmith.serve.serving import InvalidRequestError, Serving, answer, bounded, decode


class CaseBatch(msgspec.Struct, frozen=True, kw_only=True):
    """Body of ``/v1/judge/batch``."""

    cases: tuple[Case, ...]
    stop_at_first_failure: bool = False


class ResultBatch(msgspec.Struct, frozen=True, kw_only=True):
    """Answer of ``/v1/judge/batch``: results in the order of the cases."""

    results: tuple[CaseResult, ...]


async def judge(serving: Serving, body: bytes) -> Response:
    """Judge one case on all of its tests."""
    case = await decode(body, Case, lambda case: _check(serving, case, ""))
    with serving.gate.admit(1):
        result = await serving.gate.run(partial(judge_case, serving.judge, case))
    serving.metrics.verdicts.labels(result.verdict).inc()
    return answer(result)


async def judge_batch(serving: Serving, body: bytes) -> Response:
    """Judge many cases; other requests get their turns in between."""
    batch = await decode(body, CaseBatch, partial(_check_all, serving))
    stop = batch.stop_at_first_failure
    with serving.gate.admit(len(batch.cases)):
        results = await serving.gate.run_all(
            [partial(judge_case, serving.judge, case, stop_at_first_failure=stop) for case in batch.cases]
        )
    for result in results:
        serving.metrics.verdicts.labels(result.verdict).inc()
    return answer(ResultBatch(results=tuple(results)))


def _check_all(serving: Serving, batch: CaseBatch) -> None:
    for index, case in enumerate(batch.cases):
        _check(serving, case, f" - at `$.cases[{index}]`")


def _check(serving: Serving, case: Case, place: str) -> None:
    settings = serving.settings
    try:
        check_case(case)
        bounded(case.time_limit_s, settings.time_limit_s, settings.max_time_limit_s, "time_limit_s")
        bounded(case.memory_limit_mb, settings.memory_limit_mb, settings.max_memory_mb, "memory_limit_mb")
        bounded(case.wall_limit_s, 1.0, 10 * settings.max_time_limit_s, "wall_limit_s")
    except (CaseError, InvalidRequestError) as error:
        raise InvalidRequestError(f"{error}{place}") from None
