"""Batches at half price: OpenAI's /v1/files and /v1/batches. The answers go into the completion cache like all others.

A batch needs nothing but its id to be collected: each of its lines carries the completion key and sample that it is
for. Submitting the same work twice finds the batch that is already there, so a killed run does not pay again.
Its worst case is booked when it is submitted, and the real cost when it is collected.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from stepsmith.core.errors import ConfigError, EndpointError, RequestRefused
from stepsmith.core.ids import content_id
from stepsmith.core.model_outputs import Charge, ModelOutput, Usage
from stepsmith.core.records import Record
from stepsmith.llm.cache import Cache, completion_key
from stepsmith.llm.client import EndpointClient, completions_of
from stepsmith.llm.failures import AttemptError
from stepsmith.llm.money import Ledger, worst_case
from stepsmith.llm.records import Message, Sampling
from stepsmith.llm.wire import ChatResponse, ResponseReader, request_body

if TYPE_CHECKING:
    from openai.types import Batch

MOST_LINES, MOST_BYTES = 10_000, 100 * 10**6  # OpenAI allows 50,000 and 200 MB; results are read as one piece
FINAL = ("completed", "failed", "expired", "cancelled")
BARREN = ("failed", "expired", "cancelled", "cancelling")  # such a batch is not waited for, but asked again
LABEL, PURPOSE = "stepsmith", "purpose"  # metadata of a batch: the digest of its work, the stage that asked
LISTED = 1000  # batches that are looked through for one with the same work


class BatchRequest(Record, frozen=True, kw_only=True):
    """One question of a batch."""

    messages: tuple[Message, ...]
    n: int = 1
    sampling: Sampling | None = None  # None: the model's own


class BatchState(Record, frozen=True, kw_only=True):
    """How far a batch is, in the server's words and numbers."""

    id: str
    status: str
    total: int
    completed: int
    failed: int

    @property
    def final(self) -> bool:
        """Whether it will not change any more."""
        return self.status in FINAL


class Collected(Record, frozen=True, kw_only=True):
    """What came of a batch: completions kept and requests without an answer, which can be asked again."""

    completions: int
    failures: int
    usd: float


class _Line(msgspec.Struct):
    custom_id: str
    response: "_Response | None" = None


class _Response(msgspec.Struct):
    status_code: int = 0
    body: msgspec.Raw = msgspec.Raw(b"null")


class BatchClient:
    """Batches at the endpoint of ``client``, which the configuration marks with ``batch = true``."""

    def __init__(self, client: EndpointClient, cache: Cache, ledger: Ledger) -> None:
        if not client.spec.batch:
            raise ConfigError(f"models.{client.spec.name} is not set up for batches; set batch = true if it has them.")
        self._client = client
        self._sdk = client.transport.sdk
        self._spec = client.spec
        self._cache = cache
        self._ledger = ledger

    async def submit(self, requests: Sequence[BatchRequest], purpose: str = "") -> list[str]:
        """Send what is not in the cache yet and return the ids of the batches; empty when there is nothing to ask.

        Raises ``BudgetExceeded`` before a batch is sent that the budget does not cover.
        """
        ids: list[str] = []
        lines: list[tuple[bytes, Usage]] = []
        size = 0
        for line in await asyncio.to_thread(lambda: list(self._missing(requests))):
            if len(lines) == MOST_LINES or size + len(line[0]) > MOST_BYTES:
                ids.append(await self._submit_lines(lines, purpose))
                lines, size = [], 0
            lines.append(line)
            size += len(line[0]) + 1
        if lines:
            ids.append(await self._submit_lines(lines, purpose))
        return ids

    async def poll(self, batch_id: str) -> BatchState:
        """Return how far a batch is."""
        batch = await self._retrieve(batch_id)
        counts = batch.request_counts
        return BatchState(
            id=batch.id,
            status=batch.status,
            total=counts.total if counts else 0,
            completed=counts.completed if counts else 0,
            failed=counts.failed if counts else 0,
        )

    async def cancel(self, batch_id: str) -> None:
        """Stop a batch; what it has answered until then is billed and can be collected."""
        await self._client.call(lambda: self._sdk.batches.cancel(batch_id))

    async def collect(self, batch_id: str) -> Collected:
        """Put the answers of a batch that has ended into the cache and book what they cost.

        Collecting again changes nothing. Raises ``EndpointError`` while the batch is under way.
        """
        batch = await self._retrieve(batch_id)
        if batch.status not in FINAL:
            raise EndpointError(f"{self._spec.name}: batch {batch_id} is {batch.status}; collect it when it has ended.")
        kept: dict[str, list[ModelOutput]] = {}
        failures, certain = 0, True
        for line in await self._results(batch.output_file_id):
            key, first, count = _read_id(line.custom_id)
            reply = _reply(line)
            if reply is None:
                failures += 1
                certain = certain and line.response is not None and line.response.status_code >= 400
                continue
            certain = certain and reply.usage is not None
            samples = range(first, first + count)
            discount = self._spec.prices.batch if self._spec.prices else 1.0
            kept.setdefault(key, []).extend(completions_of(reply, samples, self._spec, 0, discount))
        failures += len(await self._results(batch.error_file_id))
        completions = [completion for some in kept.values() for completion in some]
        charge = Charge(
            ref=_ref(batch_id),
            purpose=(batch.metadata or {}).get(PURPOSE, ""),
            model=self._spec.name,
            samples=len(completions),
            usage=sum((completion.usage for completion in completions), Usage()),
            usd=sum(completion.cost_usd for completion in completions),
            certain=True,
        )
        if not certain:  # some answer was billed without saying how much: the worst case stays booked
            charge = self._ledger.unsure(charge.ref) or charge
        await self._book(charge.ref, charge, kept)
        return Collected(completions=len(completions), failures=failures, usd=charge.usd)

    def _missing(self, requests: Sequence[BatchRequest]) -> Iterator[tuple[bytes, Usage]]:
        """Yield a line of the input file, with its worst case, for everything that is not in the cache."""
        seen: set[str] = set()
        for request in requests:
            sampling = request.sampling or self._spec.sampling
            key = completion_key(self._spec, request.messages, sampling)
            have = self._cache.lookup(key, range(request.n))
            missing = [sample for sample in range(request.n) if sample not in have]
            together = self._spec.n_support and missing == list(range(request.n - len(missing), request.n))
            for first in missing[:1] if together else missing:
                count = len(missing) if together else 1
                name = f"{key}:{first}:{count}"
                if name in seen:
                    continue
                seen.add(name)
                body = request_body(self._spec, request.messages, sampling, count, first, self._client.dialect)
                body = {field: value for field, value in body.items() if field not in ("stream", "stream_options")}
                line = {"custom_id": name, "method": "POST", "url": "/v1/chat/completions", "body": body}
                yield msgspec.json.encode(line), worst_case(request.messages, count, sampling)

    async def _submit_lines(self, lines: Sequence[tuple[bytes, Usage]], purpose: str) -> str:
        content = b"\n".join(line for line, _ in lines) + b"\n"
        digest = content_id("batch", content)
        worst = sum((usage for _, usage in lines), Usage())
        discount = self._spec.prices.batch if self._spec.prices else 1.0
        charge = await self._ledger.reserve(purpose, self._spec, worst, discount=discount, ref=f"submission:{digest}")
        await self._book(charge.ref, charge)  # booked, not in flight: others need not wait a day for it
        try:
            batch_id = await self._client.call(lambda: self._find_or_create(content, digest, purpose))
        except RequestRefused:
            await self._book(charge.ref, None)
            raise
        await self._book(charge.ref, msgspec.structs.replace(charge, ref=_ref(batch_id)))
        return batch_id

    async def _book(
        self, ref: str, charge: Charge | None, kept: Mapping[str, Sequence[ModelOutput]] | None = None
    ) -> None:
        await asyncio.to_thread(self._cache.settle, ref, charge, kept or {})
        self._ledger.settle(ref, charge)

    async def _find_or_create(self, content: bytes, digest: str, purpose: str) -> str:
        listed = 0
        async for batch in self._sdk.batches.list(limit=100):
            listed += 1
            empty = batch.status == "completed" and batch.request_counts and not batch.request_counts.completed
            if (batch.metadata or {}).get(LABEL) == digest and batch.status not in BARREN and not empty:
                return batch.id
            if listed == LISTED:
                break
        file = await self._sdk.files.create(file=(f"{digest}.jsonl", content), purpose="batch")
        created = await self._sdk.batches.create(
            input_file_id=file.id,
            endpoint="/v1/chat/completions",
            completion_window="24h",
            metadata={LABEL: digest, PURPOSE: purpose},
        )
        return created.id

    async def _retrieve(self, batch_id: str) -> "Batch":
        return await self._client.call(lambda: self._sdk.batches.retrieve(batch_id))

    async def _results(self, file_id: str | None) -> list[_Line]:
        if not file_id:
            return []
        content = await self._client.call(lambda: self._sdk.files.content(file_id))
        try:
            return [msgspec.json.decode(line, type=_Line) for line in content.content.splitlines() if line.strip()]
        except msgspec.DecodeError as error:
            raise EndpointError(f"{self._spec.name}: the results of a batch cannot be read: {error}.") from None


def _ref(batch_id: str) -> str:
    return f"batch:{batch_id}"


def _read_id(custom_id: str) -> tuple[str, int, int]:
    try:
        key, first, count = custom_id.split(":")
        return key, int(first), int(count)
    except ValueError:
        raise EndpointError(f"this batch is not ours: it has a line called {custom_id!r}.") from None


def _reply(line: _Line) -> ChatResponse | None:
    """Return the answer of a line of results; None where there is none."""
    if line.response is None or line.response.status_code != 200:
        return None
    try:
        return ResponseReader().body(bytes(line.response.body))
    except AttemptError:
        return None
