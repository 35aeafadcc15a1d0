"""An asynchronous client of one model behind an OpenAI-compatible endpoint, with a cache, retries and a budget.

A request is first looked up in the cache. For missing samples, the client waits for a free slot, reserves the worst
case, sends the request, and stores the answer together with its price. Identical requests at the same time are sent
once.
"""

import asyncio
import logging
import random
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar
from weakref import WeakValueDictionary

import msgspec

from stepsmith.core.errors import BudgetExceeded, ConfigError, EndpointError, MachineError, RequestRefused
from stepsmith.core.model_outputs import Charge, ModelOutput, Usage
from stepsmith.llm.batch import BatchQueue
from stepsmith.llm.cache import Cache, completion_key
from stepsmith.llm.concurrency import AdaptiveLimiter
from stepsmith.llm.failures import REFUSED, AttemptError, give_up
from stepsmith.llm.money import Ledger, prompt_bound, worst_case
from stepsmith.llm.outputs import outputs_of
from stepsmith.llm.records import Message, ModelSpec, Question, Sampling
from stepsmith.llm.refusals import RefusalWatch, refused
from stepsmith.llm.wire import Dialect, model_names, request_body

if TYPE_CHECKING:
    from stepsmith.llm.transport import OpenAITransport

_T = TypeVar("_T")
_log = logging.getLogger(__name__)

FLOOR_S = 0.1  # shorter latencies count as this one: the limiter ignores differences below it
WAIT_UNTOLD_S, TELL_EVERY_S = 5.0, 30.0  # seconds of retrying before it is logged, and between two such messages
TOKENS_PER_BEAT = 100  # the latency of an answer that is not streamed is taken per this many tokens


class KeyLocks:
    """One lock per key, so that identical requests run one after the other and are paid for once."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def take(self, key: str) -> AsyncIterator[None]:
        """Hold the lock of ``key``."""
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            yield


class EndpointClient:
    """The client of one model. All clients of a run share ``cache``, ``ledger``, ``locks`` and one event loop.

    Raises ``MachineError`` without the ``llm`` extra, and ``ConfigError`` if the key or a needed price is missing.
    """

    def __init__(self, spec: ModelSpec, cache: Cache, ledger: Ledger, locks: KeyLocks | None = None) -> None:
        ledger.check(spec)
        self.spec = spec
        self.transport = _transport(spec)
        self._cache = cache
        self._ledger = ledger
        self._locks = locks or KeyLocks()
        self._limiter = AdaptiveLimiter(spec.concurrency)
        self.dialect = Dialect(n=spec.n_support)
        self._refusals = RefusalWatch()
        self._batches = (
            BatchQueue(spec, self.transport.sdk, self.call, self.dialect, cache, ledger) if spec.batch else None
        )
        self._random = random.Random()
        self._told = float("-inf")  # time of the last message that we wait

    def __repr__(self) -> str:
        return f"EndpointClient({self.spec.name!r}, {self.spec.model!r})"

    @property
    def limit(self) -> int:
        """How many requests may be in flight at the endpoint now; it adapts."""
        return self._limiter.limit

    async def complete(
        self,
        messages: Sequence[Message],
        n: int = 1,
        sampling: Sampling | None = None,
        purpose: str = "",
        *,
        first: int = 0,
    ) -> list[ModelOutput]:
        """Return samples ``first`` to ``first + n - 1`` of the model's answer. Samples in the cache cost nothing.

        Raises ``BudgetExceeded`` if the budget does not cover a request, before it is sent; ``RequestRefused`` and
        ``EndpointError`` if the endpoint keeps failing; samples that have arrived are kept even then. The same refusal
        several times in a row raises ``ConfigError``, as does every later call.
        """
        sampling = sampling or self.spec.sampling
        wanted = range(first, first + n)
        question = Question(
            key=completion_key(self.spec, messages, sampling),
            messages=tuple(messages),
            sampling=sampling,
            purpose=purpose,
        )
        async with self._locks.take(question.key):
            have = await asyncio.to_thread(self._cache.lookup, question.key, wanted)
            cached = len(have)
            missing = [sample for sample in wanted if sample not in have]
            if missing:
                have |= {completion.sample: completion for completion in await self._watched(question, missing)}
        completions = [have[sample] for sample in wanted]
        self._ledger.handed_out(purpose, self.spec.name, completions, cached=cached)
        return completions

    async def served(self) -> list[str]:
        """Return the names of the endpoint's models, sorted."""

        async def ask() -> list[str]:
            return model_names(await self.transport.models())

        return await self.call(ask)

    async def close(self) -> None:
        """Close the connections."""
        await self.transport.close()

    async def _watched(self, question: Question, missing: list[int]) -> list[ModelOutput]:
        """Fetch samples, and stop the run if the endpoint refuses every request."""
        self._refusals.check()
        try:
            fetched = await self._fetch(question, missing)
        except RequestRefused as refusal:
            self._refusals.refused(question.purpose, refusal)
            raise
        self._refusals.answered(question.purpose)
        return fetched

    async def _fetch(self, question: Question, missing: list[int]) -> list[ModelOutput]:
        """Request the missing samples, in as few requests as the endpoint allows, or in batches."""
        if self._batches:
            return await self._batches.fetch(question, missing)
        fetched: list[ModelOutput] = []
        while len(missing) > 1 and self.dialect.n is not False:
            try:
                got = await self._request(question, missing)
            except BudgetExceeded:
                break  # the rest of the budget may still pay for single samples
            except AttemptError as refusal:
                if self.dialect.n or refusal.status not in REFUSED:
                    raise self._give_up(refusal, question.sampling) from None
                got = await self._request_one(question, missing[0])  # if this is refused as well, n was not the reason
                self.dialect.n = False
            else:
                self.dialect.n = len(got) > 1  # servers that ignore n return one
            fetched += got
            missing = missing[len(got) :]
        results = await asyncio.gather(
            *(self._request_one(question, sample) for sample in missing), return_exceptions=True
        )  # wait for all, even if one fails: each answer is paid for and kept
        for result in results:
            if isinstance(result, BaseException):
                raise result
            fetched += result
        return fetched

    async def _request_one(self, question: Question, sample: int) -> list[ModelOutput]:
        try:
            return await self._request(question, [sample])
        except AttemptError as failure:
            raise self._give_up(failure, question.sampling) from None

    async def call(self, action: Callable[[], Awaitable[_T]]) -> _T:
        """Run ``action``, an SDK call that costs nothing, with the same retries as requests."""

        async def attempt() -> _T:
            try:
                return await action()
            except Exception as error:
                raise self.transport.explain(error) from None

        try:
            return await self._persist(attempt)
        except AttemptError as failure:
            raise self._give_up(failure, self.spec.sampling) from None

    async def _request(self, question: Question, samples: Sequence[int]) -> list[ModelOutput]:
        """Send one request until it is answered. Raises ``AttemptError`` if the endpoint refuses it."""
        request_id = uuid.uuid4().hex
        return await self._persist(lambda: self._attempt(question, samples, request_id))

    async def _persist(self, attempt: Callable[[], Awaitable[_T]]) -> _T:
        """Repeat ``attempt`` as long as another try may succeed. Raises ``AttemptError`` for a refusal."""
        policy, started, faults, tries, throttled_s = self.spec.retries, time.monotonic(), 0, 0, 0.0
        while True:
            tries += 1
            try:
                return await attempt()
            except AttemptError as failure:
                if failure.status in REFUSED and self.dialect.learn(failure):
                    continue
                if not failure.retryable:
                    raise
                pause = self._random.uniform(0, min(policy.cap_s, policy.base_s * 2 ** min(tries, 20)))
                pause = max(pause, failure.retry_after_s or 0.0)
                if failure.throttled:
                    throttled_s += pause
                else:
                    faults += 1
                if faults >= policy.attempts or throttled_s > policy.patience_s:
                    asked = f", and it asks to wait {pause:.0f} s" if throttled_s > policy.patience_s else ""
                    tried = f"{tries} tries in {time.monotonic() - started:.0f} s{asked}"
                    raise give_up(failure, self.spec, tried) from None
                self._tell(failure, tries, started)
                await asyncio.sleep(pause)

    def _tell(self, failure: AttemptError, tries: int, started: float) -> None:
        """Log that we wait for an endpoint, so that the user knows why the run stands still; not too often."""
        now = time.monotonic()
        if now - started >= WAIT_UNTOLD_S and now - self._told >= TELL_EVERY_S:
            self._told = now
            _log.warning(
                "%s: %s. Still trying, after %d tries in %.0f s.", self.spec.name, failure, tries, now - started
            )

    async def _attempt(self, question: Question, samples: Sequence[int], request_id: str) -> list[ModelOutput]:
        """Send one request once; store the answer and its cost before returning it."""
        worst = worst_case(question.messages, len(samples), question.sampling)
        body = request_body(self.spec, question.messages, question.sampling, len(samples), samples[0], self.dialect)
        async with self._limiter.slot() as slot:
            charge = await self._ledger.reserve(question.purpose, self.spec, worst)
            final: Charge | None = None
            completions: list[ModelOutput] = []
            try:
                await asyncio.to_thread(self._cache.reserve, charge)
                final = charge  # if this is interrupted from here on, the worst case is booked
                started = time.monotonic()
                reply, first_byte_s = await self.transport.exchange(body, request_id)
                completions = outputs_of(reply, samples, self.spec, prompt_bound(question.messages))
                final = _settled(charge, completions, certain=reply.usage is not None)
                tokens = sum(completion.usage.completion_tokens for completion in completions)
                whole_s = (time.monotonic() - started) * TOKENS_PER_BEAT / max(tokens, TOKENS_PER_BEAT)
                slot.answered(max(first_byte_s if self.spec.stream else whole_s, FLOOR_S))
            except AttemptError as failure:
                final = charge if failure.billable else None
                if failure.overload:
                    pause_s = failure.retry_after_s or 0.0
                    slot.overloaded(pause_s if pause_s <= self.spec.retries.patience_s else 0.0)
                raise
            finally:
                await _uninterrupted(self._settle(charge.ref, final, {question.key: completions}))
        return completions

    async def _settle(self, ref: str, final: Charge | None, kept: dict[str, list[ModelOutput]]) -> None:
        try:
            await asyncio.to_thread(self._cache.settle, ref, final, kept)
        finally:
            self._ledger.settle(ref, final)

    def _give_up(self, failure: AttemptError, sampling: Sampling) -> EndpointError | ConfigError:
        if failure.status in REFUSED:
            return refused(failure, self.spec, sampling)
        return give_up(failure, self.spec, "one try")


def _settled(charge: Charge, completions: Sequence[ModelOutput], *, certain: bool) -> Charge:
    """Return the charge of an answered request: the worst case if the server did not report the usage."""
    if not certain:
        return msgspec.structs.replace(charge, samples=len(completions))
    return msgspec.structs.replace(
        charge,
        samples=len(completions),
        usage=sum((completion.usage for completion in completions), Usage()),
        usd=sum(completion.cost_usd for completion in completions),
        certain=True,
    )


async def _uninterrupted(work: Coroutine[None, None, None]) -> None:
    """Run ``work`` to its end even if the caller is cancelled, because an answer that arrived must be stored."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


def _transport(spec: ModelSpec) -> "OpenAITransport":
    try:
        from stepsmith.llm.transport import OpenAITransport
    except ModuleNotFoundError as missing:
        raise MachineError(
            f"models.{spec.name} needs the package {missing.name}; run pip install 'stepsmith[llm]'"
        ) from None
    return OpenAITransport(spec)
