"""Ask in batches (OpenAI's /v1/files and /v1/batches), for models with ``batch = true``: half the price, hours to wait.

Each model has a queue. It collects the questions of all chains, sends them as one file when no new one has come for a
while, waits until the batch ends, and puts the answers into the completion cache. As for a single request, the worst
case is reserved in the ledger and in the cache's file before a batch is sent. A resumed run first looks for the batches
that it sent before: it finds each at the server by the hash of its content. So nothing is paid twice.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar

import msgspec

from stepsmith.core.errors import BudgetExceeded, EndpointError, RequestRefused
from stepsmith.core.ids import content_id
from stepsmith.core.model_outputs import Charge, ModelOutput, Usage
from stepsmith.llm.cache import Cache
from stepsmith.llm.failures import REFUSED, AttemptError, give_up
from stepsmith.llm.money import BATCH, Ledger, worst_case
from stepsmith.llm.outputs import outputs_of
from stepsmith.llm.records import ModelSpec, Question
from stepsmith.llm.refusals import refused
from stepsmith.llm.wire import ChatResponse, Dialect, ResponseReader, error_in, request_body

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types import Batch

_T = TypeVar("_T")
_log = logging.getLogger(__name__)

MOST_LINES, MOST_BYTES = 10_000, 100 * 10**6  # OpenAI allows 50,000 and 200 MB; all results are held in memory
ENDED = ("completed", "failed", "expired", "cancelled")
BARREN = ("failed", "expired", "cancelled", "cancelling")  # a batch with this status is sent again
LABEL, PURPOSE = "stepsmith", "purpose"  # metadata of a batch: the hash of its content, the stage that asked
LISTED = 1000  # how many batches of the account are searched for ours
WAITS = 10  # the first question waits ``batch_wait_s`` for others at most so many times
LONGEST_PAUSE_S = 3600.0  # longest wait before a batch is sent again for which the server had no room


class Caller(Protocol):
    """A function that runs an action of the SDK with the client's retries."""

    def __call__(self, action: Callable[[], Awaitable[_T]]) -> Awaitable[_T]: ...  # noqa: D102


@dataclass(eq=False)
class _Job:
    """A question, the samples that are still missing, and the future that the caller waits for."""

    question: Question
    samples: list[int]
    done: "asyncio.Future[None]"
    tries: int = 0
    failure: AttemptError = field(default_factory=lambda: AttemptError("the batch ended without an answer"))


@dataclass(frozen=True)
class _Line:
    """A line of a batch's input: one or more samples of a question."""

    name: str  # the custom id of the line: completion key, first sample, number of samples
    content: bytes
    worst: Usage
    job: _Job


class _Error(msgspec.Struct):
    code: str | None = None
    message: str | None = None


class _Response(msgspec.Struct):
    status_code: int = 0
    body: msgspec.Raw = msgspec.Raw(b"null")


class _Result(msgspec.Struct):
    custom_id: str
    response: _Response | None = None
    error: _Error | None = None


class BatchQueue:
    """Asks one model in batches. Use it in one event loop."""

    def __init__(
        self, spec: ModelSpec, sdk: "AsyncOpenAI", call: Caller, dialect: Dialect, cache: Cache, ledger: Ledger
    ) -> None:
        self._spec = spec
        self._sdk = sdk
        self._call = call
        self._dialect = dialect
        self._cache = cache
        self._ledger = ledger
        self._discount = spec.prices.batch if spec.prices else 1.0
        self._waiting: list[_Job] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._sender: asyncio.Task[None] | None = None
        self._earlier: asyncio.Task[None] | None = None

    async def fetch(self, question: Question, samples: Sequence[int]) -> list[ModelOutput]:
        """Return samples of a question, answered in batches. Raises what ``EndpointClient.complete`` raises."""
        if self._earlier is None:
            self._earlier = self._started(self._follow_earlier(self._ledger.reopen(self._spec.name)))
        await asyncio.shield(self._earlier)
        have = await asyncio.to_thread(self._cache.lookup, question.key, samples)
        if missing := [sample for sample in samples if sample not in have]:
            job = _Job(question, missing, asyncio.get_running_loop().create_future())
            self._enqueue(job)
            await job.done
            have |= await asyncio.to_thread(self._cache.lookup, question.key, missing)
        return [have[sample] for sample in samples]

    def _enqueue(self, job: _Job) -> None:
        self._waiting.append(job)
        if self._sender is None or self._sender.done():
            self._sender = self._started(self._send_when_quiet())

    def _started(self, work: Coroutine[None, None, None]) -> "asyncio.Task[None]":
        task = asyncio.ensure_future(work)
        self._tasks.add(task)  # the loop itself keeps weak references only
        task.add_done_callback(self._tasks.discard)
        return task

    async def _send_when_quiet(self) -> None:
        """Wait until no new question has come for a while, then send those that wait, one batch per stage."""
        seen = -1
        for _ in range(WAITS):
            if len(self._waiting) == seen:
                break
            seen = len(self._waiting)
            await asyncio.sleep(self._spec.batch_wait_s)
        stages: dict[str, list[_Job]] = defaultdict(list)
        for job in self._waiting:
            stages[job.question.purpose].append(job)
        self._waiting.clear()
        for purpose, jobs in stages.items():
            self._started(self._answer(purpose, jobs))

    async def _answer(self, purpose: str, jobs: Sequence[_Job]) -> None:
        """Send the questions of one stage, and set their futures when they are answered; send failed ones again."""
        try:
            lines = [line for job in jobs for line in self._lines(job)]
            await asyncio.gather(*(self._run(purpose, part) for part in _parts(lines)))
            for job in jobs:
                if not job.done.done():
                    await self._conclude(job)
        except asyncio.CancelledError:
            for job in jobs:
                job.done.cancel()
            raise
        except Exception as error:
            for job in jobs:
                if not job.done.done():
                    job.done.set_exception(error)

    async def _conclude(self, job: _Job) -> None:
        """Set the future of a job to its answer or its error, or send the job again."""
        have = await asyncio.to_thread(self._cache.lookup, job.question.key, job.samples)
        job.samples = [sample for sample in job.samples if sample not in have]
        job.tries += 1
        failure = job.failure
        if not job.samples:
            job.done.set_result(None)
        elif failure.status in REFUSED:
            job.done.set_exception(refused(failure, self._spec, job.question.sampling))
        elif not failure.retryable or job.tries >= self._spec.retries.attempts:
            job.done.set_exception(give_up(failure, self._spec, f"{job.tries} batches"))
        else:
            self._started(self._again(job, failure.throttled))

    async def _again(self, job: _Job, throttled: bool) -> None:
        if throttled:  # the account's batches are full: earlier ones have to end first
            await asyncio.sleep(min(LONGEST_PAUSE_S, self._spec.batch_poll_s * 2**job.tries))
        self._enqueue(job)

    def _lines(self, job: _Job) -> Iterator[_Line]:
        """Yield the lines of a job: one for all its samples if the server accepts ``n``, else one per sample."""
        question, samples = job.question, job.samples
        together = self._spec.n_support and samples == list(range(samples[0], samples[0] + len(samples)))
        for first in samples[:1] if together else samples:
            count = len(samples) if together else 1
            body = request_body(self._spec, question.messages, question.sampling, count, first, self._dialect)
            body = {name: value for name, value in body.items() if name not in ("stream", "stream_options")}
            name = f"{question.key}:{first}:{count}"
            line = {"custom_id": name, "method": "POST", "url": "/v1/chat/completions", "body": body}
            worst = worst_case(question.messages, count, question.sampling)
            yield _Line(name, msgspec.json.encode(line), worst, job)

    async def _run(self, purpose: str, lines: Sequence[_Line]) -> None:
        """Send lines as one batch and collect its answers; in two batches if the budget does not cover one."""
        content = b"\n".join(line.content for line in lines) + b"\n"
        digest = content_id("batch", content)
        worst = sum((line.worst for line in lines), Usage())
        try:
            charge = await self._ledger.reserve(
                purpose, self._spec, worst, discount=self._discount, ref=f"{BATCH}{digest}"
            )
        except BudgetExceeded as error:
            if len(lines) > 1:
                half = len(lines) // 2
                await asyncio.gather(self._run(purpose, lines[:half]), self._run(purpose, lines[half:]))
            elif not lines[0].job.done.done():
                lines[0].job.done.set_exception(error)
            return
        await asyncio.to_thread(self._cache.reserve, charge)
        try:
            batch_id = await self._call(lambda: self._find_or_create(content, digest, purpose))
        except RequestRefused:
            await self._settle(charge.ref, None)
            raise
        _log.warning("%s: batch %s of %d requests has been sent.", self._spec.name, batch_id, len(lines))
        await self._collect(batch_id, charge, {line.name: line.job for line in lines})

    async def _follow_earlier(self, charges: Sequence[Charge]) -> None:
        """Collect the batches that had been sent and not finished when the run was stopped."""
        for charge in charges:
            digest = charge.ref.removeprefix(BATCH)
            batch_id = await self._call(lambda digest=digest: self._find(digest))  # type: ignore[misc]
            if batch_id is None:  # the run was stopped before it was sent, or it has ended without an answer
                await self._settle(charge.ref, None)
                continue
            _log.warning(
                "%s: waiting for batch %s, which was sent before the run was stopped.", self._spec.name, batch_id
            )
            await self._collect(batch_id, charge, {})

    async def _collect(self, batch_id: str, charge: Charge, jobs: Mapping[str, _Job]) -> None:
        """Wait for a batch, keep its answers and book their cost. Set the failure of ``jobs`` without an answer."""
        batch = await self._ended(batch_id)
        results = [*await self._results(batch.output_file_id), *await self._results(batch.error_file_id)]
        kept: dict[str, list[ModelOutput]] = defaultdict(list)
        certain = True
        for job in jobs.values():
            job.failure = _failure_of(batch)
        for result in results:
            key, samples = _read_name(result.custom_id)
            try:
                response = _response(result)
            except AttemptError as failure:
                certain = certain and not failure.billable
                if result.custom_id in jobs:
                    jobs[result.custom_id].failure = failure
                continue
            certain = certain and response.usage is not None
            kept[key] += outputs_of(response, samples, self._spec, 0, self._discount)
        outputs = [output for some in kept.values() for output in some]
        final = msgspec.structs.replace(charge, samples=len(outputs))
        if certain:  # else the server did not report the usage of some answer, and the worst case stays booked
            usage = sum((output.usage for output in outputs), Usage())
            usd = sum(output.cost_usd for output in outputs)
            final = msgspec.structs.replace(final, usage=usage, usd=usd, certain=True)
        await self._settle(charge.ref, final, kept)
        _log.warning("%s: batch %s: %d answers, %s.", self._spec.name, batch_id, len(outputs), batch.status)

    async def _settle(
        self, ref: str, charge: Charge | None, kept: Mapping[str, Sequence[ModelOutput]] | None = None
    ) -> None:
        await asyncio.to_thread(self._cache.settle, ref, charge, kept or {})
        self._ledger.settle(ref, charge)

    async def _ended(self, batch_id: str) -> "Batch":
        while True:
            batch = await self._call(lambda: self._sdk.batches.retrieve(batch_id))
            if batch.status in ENDED:
                return batch
            await asyncio.sleep(self._spec.batch_poll_s)

    async def _find(self, digest: str) -> str | None:
        """Return the id of the batch with this content, if the server has it and it did not fail."""
        listed = 0
        async for batch in self._sdk.batches.list(limit=100):
            listed += 1
            empty = batch.status == "completed" and batch.request_counts and not batch.request_counts.completed
            if (batch.metadata or {}).get(LABEL) == digest and batch.status not in BARREN and not empty:
                return batch.id
            if listed == LISTED:
                break
        return None

    async def _find_or_create(self, content: bytes, digest: str, purpose: str) -> str:
        if found := await self._find(digest):
            return found
        file = await self._sdk.files.create(file=(f"{digest}.jsonl", content), purpose="batch")
        created = await self._sdk.batches.create(
            input_file_id=file.id,
            endpoint="/v1/chat/completions",
            completion_window="24h",
            metadata={LABEL: digest, PURPOSE: purpose},
        )
        return created.id

    async def _results(self, file_id: str | None) -> list[_Result]:
        if not file_id:
            return []
        content = await self._call(lambda: self._sdk.files.content(file_id))
        try:
            return [msgspec.json.decode(line, type=_Result) for line in content.content.splitlines() if line.strip()]
        except msgspec.DecodeError as error:
            raise EndpointError(f"{self._spec.name}: the results of a batch cannot be read: {error}") from None


def _parts(lines: Sequence[_Line]) -> Iterator[list[_Line]]:
    """Split lines into as few batches as the server's limits allow."""
    part: list[_Line] = []
    size = 0
    for line in lines:
        if part and (len(part) == MOST_LINES or size + len(line.content) > MOST_BYTES):
            yield part
            part, size = [], 0
        part.append(line)
        size += len(line.content) + 1
    if part:
        yield part


def _read_name(custom_id: str) -> tuple[str, range]:
    try:
        key, first, count = custom_id.split(":")
        return key, range(int(first), int(first) + int(count))
    except ValueError:
        raise EndpointError(f"this batch is not from Stepsmith: one of its lines has the id {custom_id!r}") from None


def _response(result: _Result) -> ChatResponse:
    """Return the answer in a line of results. Raises ``AttemptError`` if there is none."""
    if result.response is None:
        error = result.error or _Error()
        raise AttemptError(f"the batch has no answer: {error.message or error.code or 'no reason given'}", sent=False)
    status, body = result.response.status_code, bytes(result.response.body)
    if status == 200:
        return ResponseReader().body(body)
    failure = error_in(msgspec.json.decode(body)) or AttemptError("no reason given")
    failure.args = (f"HTTP {status} in a batch: {failure}",)
    failure.status = status
    raise failure


def _failure_of(batch: "Batch") -> AttemptError:
    """Return why requests of a batch have no line in its results."""
    errors = (batch.errors.data if batch.errors else None) or []
    words = "; ".join(error.message for error in errors if error.message) or "no reason given"
    if batch.status != "failed":
        return AttemptError(f"the batch ended ({batch.status}) without an answer", sent=False)
    full = any(
        "limit" in (error.code or "") for error in errors
    )  # the limit on tokens that an account's batches may hold
    return AttemptError(f"the batch failed: {words}", status=429 if full else 400)
