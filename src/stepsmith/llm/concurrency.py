"""How many requests may be in flight at one endpoint: additive increase, multiplicative decrease (Chiu and Jain 1989).

While all slots are in use, the limit grows by one after as many good answers as the limit is. It is cut when the
endpoint says that it is overloaded, and cut gently when answers take much longer than the best so far. Failures of
requests that were sent before the last cut do not cut it again.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from stepsmith.llm.records import Concurrency

OVERLOAD_CUT, LATENCY_CUT = 0.6, 0.85
SLOW_FACTOR = 4.0  # servers that batch get slower under normal load; so much slower means that requests queue
SMOOTHING = 0.1  # weight of one answer in the moving average of latency
DRIFT = 1.002  # the best latency grows by this factor per answer, so that it adapts if the endpoint changes


class Slot:
    """One request in flight. The holder reports its result."""

    def __init__(self, limiter: "AdaptiveLimiter", sent_at: float) -> None:
        self._limiter = limiter
        self._sent_at = sent_at

    def answered(self, latency: float) -> None:
        """Report a good answer. ``latency`` may have any unit, the same for all answers of the endpoint."""
        self._limiter._answered(latency, self._sent_at)

    def overloaded(self, pause_s: float = 0.0) -> None:
        """Report an overload: 429, 5xx or a time-out. Nothing more is sent for ``pause_s`` seconds."""
        self._limiter._overloaded(pause_s, self._sent_at)


class AdaptiveLimiter:
    """Gives slots to requests in the order in which they ask; the number adapts to the endpoint. For one event loop."""

    def __init__(self, bounds: Concurrency, clock: Callable[[], float] = time.monotonic) -> None:
        self._bounds = bounds
        self._clock = clock
        self._limit = float(bounds.start)
        self._in_flight = 0
        self._queue: deque[asyncio.Future[None]] = deque()
        self._cut_at = self._resume_at = float("-inf")
        self._best = self._usual = 0.0

    @property
    def limit(self) -> int:
        """Requests that may be in flight now."""
        return int(self._limit)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[Slot]:
        """Wait for a free slot and hold it."""
        await self._enter()
        try:
            while (wait := self._resume_at - self._clock()) > 0:
                await asyncio.sleep(wait)
            yield Slot(self, self._clock())
        finally:
            self._in_flight -= 1
            self._admit()

    async def _enter(self) -> None:
        admitted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append(admitted)
        self._admit()
        try:
            await admitted
        except asyncio.CancelledError:
            if admitted.done() and not admitted.cancelled():  # the slot was given at the same moment: pass it on
                self._in_flight -= 1
                self._admit()
            raise

    def _admit(self) -> None:
        while self._queue and self._in_flight < self.limit:
            waiting = self._queue.popleft()
            if not waiting.done():
                self._in_flight += 1
                waiting.set_result(None)

    def _answered(self, latency: float, sent_at: float) -> None:
        self._best = min(self._best * DRIFT, latency) if self._best else latency
        self._usual += SMOOTHING * (latency - self._usual) if self._usual else latency
        if self._usual > SLOW_FACTOR * self._best and latency > SLOW_FACTOR * self._best:
            self._cut(LATENCY_CUT, sent_at)
        elif self._in_flight + len(self._queue) >= self.limit:
            self._limit = min(self._limit + 1 / self._limit, float(self._bounds.high))
            self._admit()

    def _overloaded(self, pause_s: float, sent_at: float) -> None:
        self._resume_at = max(self._resume_at, self._clock() + pause_s)
        self._cut(OVERLOAD_CUT, sent_at)

    def _cut(self, factor: float, sent_at: float) -> None:
        if sent_at >= self._cut_at:
            self._limit = max(self._limit * factor, float(self._bounds.low))
            self._cut_at = self._clock()
