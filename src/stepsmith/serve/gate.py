"""Admits requests to the workers: the queue is bounded, requests take turns, and a shutdown loses nothing.

A request that does not fit is refused at once and told when to come back (429, or 503 while stopping). An accepted one
is finished. If the grace period of a shutdown or the request's own time ends first, it is answered 503 and not judged.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from stepsmith.serve.metrics import Metrics
from stepsmith.serve.settings import ServerSettings

T = TypeVar("T")

SPARE = 1  # calls that wait for a worker, so that one that becomes idle has work at once
WATCH_AFTER_S = 1.0  # for requests that take longer, look whether the client has disconnected


class RefusedError(Exception):
    """The request is not judged; the client may send it again after ``retry_after_s``."""

    def __init__(self, status: int, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after_s = retry_after_s


class Gate:
    """Accepts or refuses work, and runs it on threads that keep the judge's workers busy."""

    def __init__(self, settings: ServerSettings, metrics: Metrics) -> None:
        self._settings = settings
        self._metrics = metrics
        self._size = settings.workers + SPARE
        self._slots = asyncio.Semaphore(self._size)  # in the order of waiting, so that requests take turns
        self._threads = ThreadPoolExecutor(self._size, thread_name_prefix="serve")
        self._held = 0
        self._held_bytes = 0
        self._seconds_each = 0.05  # running mean of one piece of work
        self._draining = False
        self._closed = asyncio.Event()  # set when the grace period is over

    @property
    def held(self) -> int:
        """Judgements that were accepted and are not yet answered."""
        return self._held

    @property
    def draining(self) -> bool:
        """True if the server is stopping and accepts nothing new."""
        return self._draining

    @contextmanager
    def admit(self, count: int) -> Iterator[None]:
        """Accept ``count`` judgements or raise ``RefusedError``. An empty queue accepts a request of any size."""
        if self._draining:
            raise RefusedError(503, "the server is stopping; send this again to another one", 5)
        if self._held and self._held + count > self._settings.max_queue:
            self._metrics.refused.labels("queue").inc()
            raise RefusedError(429, f"the queue holds {self._held} judgements and is full", self._retry_after())
        self._held += count
        self._metrics.held.set(self._held)
        try:
            yield
        finally:
            self._held -= count
            self._metrics.held.set(self._held)

    @contextmanager
    def hold_bytes(self, size: int) -> Iterator[None]:
        """Count the size of a request's body before it is read, or raise ``RefusedError``."""
        if self._held_bytes and self._held_bytes + size > self._settings.max_held_mb * 1e6:
            self._metrics.refused.labels("bytes").inc()
            raise RefusedError(429, "requests under way hold all the memory for bodies", self._retry_after())
        self._held_bytes += size
        try:
            yield
        finally:
            self._held_bytes -= size

    async def run(self, work: Callable[[], T]) -> T:
        """Run one piece of work when it is this caller's turn."""
        await self._slots.acquire()
        began = time.monotonic()
        future = self._threads.submit(work)
        loop = asyncio.get_running_loop()
        # The slot belongs to the thread, not to the caller, who may be cancelled before the thread is done.
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(self._done, began))
        return await asyncio.wrap_future(future)

    async def run_all(self, works: Sequence[Callable[[], T]]) -> list[T]:
        """Run the pieces of one request and return the results in order. Other requests get turns in between."""
        results: dict[int, T] = {}
        left = iter(enumerate(works))

        async def feed() -> None:
            for index, work in left:
                results[index] = await self.run(work)

        feeders = [asyncio.ensure_future(feed()) for _ in range(min(len(works), 2 * self._size))]
        try:
            await asyncio.gather(*feeders)
        finally:
            for feeder in feeders:
                feeder.cancel()
        return [results[index] for index in range(len(works))]

    async def finish(self, answer: Awaitable[T], client_left: Callable[[], Awaitable[object]]) -> T:
        """Wait for an answer until the request's time or the grace period ends, or the client disconnects."""
        task = asyncio.ensure_future(answer)
        await asyncio.wait({task}, timeout=WATCH_AFTER_S)
        if task.done():
            return task.result()
        left = asyncio.ensure_future(client_left())
        closed = asyncio.ensure_future(self._closed.wait())
        try:
            await asyncio.wait(
                {task, left, closed}, timeout=self._settings.request_timeout_s, return_when=asyncio.FIRST_COMPLETED
            )
            if task.done():
                return task.result()
            why = "the server is stopping" if closed.done() else "the request took too long"
            raise RefusedError(503, f"{why}; nothing was judged, send it again", self._retry_after())
        finally:
            for waiting in (task, left, closed):
                waiting.cancel()

    def drain(self) -> None:
        """Accept nothing new. After the grace period, answer 503 to what is not finished."""
        if not self._draining:
            self._draining = True
            asyncio.get_running_loop().call_later(self._settings.grace_s, self._closed.set)

    def close(self) -> None:
        """Stop the threads after the work that they are running."""
        self._threads.shutdown(cancel_futures=True)

    def _done(self, began: float) -> None:
        self._slots.release()
        self._seconds_each += 0.05 * (time.monotonic() - began - self._seconds_each)

    def _retry_after(self) -> int:
        return max(1, min(60, math.ceil(self._held * self._seconds_each / self._size)))
