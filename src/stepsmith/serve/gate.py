"""The way from many connections to a few workers: bounded, fair between requests, and able to stop with nothing lost.

What does not fit is refused at once with a time to come back (429, or 503 while stopping). What was taken is finished,
or, when the grace period of a shutdown or the time of a request ends first, answered 503: never with a verdict.
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

SPARE = 1  # calls that wait at the judge beyond its workers, so that one that becomes idle has work at once
PATIENCE_S = 1.0  # a request that takes longer is watched for a client that has gone


class RefusedError(Exception):
    """The request is not answered with a judgement; the client may come back after ``retry_after_s``."""

    def __init__(self, status: int, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after_s = retry_after_s


class Gate:
    """Admits work and runs it on threads, which keep the workers of the judge busy."""

    def __init__(self, settings: ServerSettings, metrics: Metrics) -> None:
        self._settings = settings
        self._metrics = metrics
        self._size = settings.workers + SPARE
        self._slots = asyncio.Semaphore(self._size)  # first come, first served, so requests take turns
        self._threads = ThreadPoolExecutor(self._size, thread_name_prefix="serve")
        self._held = 0
        self._held_bytes = 0
        self._seconds_each = 0.05  # running mean of one piece of work
        self._draining = False
        self._closed = asyncio.Event()  # set when the grace period is over

    @property
    def held(self) -> int:
        """Judgements taken and not yet answered."""
        return self._held

    @property
    def draining(self) -> bool:
        """Whether the server is stopping and takes nothing new."""
        return self._draining

    @contextmanager
    def admit(self, count: int) -> Iterator[None]:
        """Take ``count`` judgements or raise ``RefusedError``; more than the queue holds are taken when it is empty."""
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
        """Account for a request's body before it is read, or raise ``RefusedError``."""
        if self._held_bytes and self._held_bytes + size > self._settings.max_held_mb * 1e6:
            self._metrics.refused.labels("bytes").inc()
            raise RefusedError(429, "requests under way hold all the memory for bodies", self._retry_after())
        self._held_bytes += size
        try:
            yield
        finally:
            self._held_bytes -= size

    async def run(self, work: Callable[[], T]) -> T:
        """Run one piece of work on a worker, when it is this caller's turn."""
        await self._slots.acquire()
        began = time.monotonic()
        future = self._threads.submit(work)
        loop = asyncio.get_running_loop()
        # The slot belongs to the thread, not to the caller, who may be cancelled before the thread is done.
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(self._done, began))
        return await asyncio.wrap_future(future)

    async def run_all(self, works: Sequence[Callable[[], T]]) -> list[T]:
        """Run many pieces of one request; results in order. Other requests get their turns in between."""
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
        """Await an answer, but not past the request's time, the end of the grace period or the client's leaving."""
        task = asyncio.ensure_future(answer)
        await asyncio.wait({task}, timeout=PATIENCE_S)
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
        """Take nothing new; after the grace period, give back what is not finished."""
        if not self._draining:
            self._draining = True
            asyncio.get_running_loop().call_later(self._settings.grace_s, self._closed.set)

    def close(self) -> None:
        """Stop the threads; work that runs is finished first."""
        self._threads.shutdown(cancel_futures=True)

    def _done(self, began: float) -> None:
        self._slots.release()
        self._seconds_each += 0.05 * (time.monotonic() - began - self._seconds_each)

    def _retry_after(self) -> int:
        return max(1, min(60, math.ceil(self._held * self._seconds_each / self._size)))
