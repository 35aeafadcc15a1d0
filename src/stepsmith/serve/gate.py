"""Admits requests to the workers: the queue is bounded, requests take turns, and a shutdown loses nothing.

A request that does not fit is refused at once and told when to come back (429, or 503 while stopping). An accepted one
is finished. If the grace period of a shutdown or the request's own time ends first, it is answered 503 and not judged.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from typing import TypeVar

from stepsmith.serve.metrics import Metrics
from stepsmith.serve.settings import ServerSettings
from stepsmith.serve.turns import Turns

T = TypeVar("T")

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
        self._turns = Turns(settings.workers)
        self._held = _Held()
        self._held_bytes = _Held()
        metrics.held.set_function(lambda: self._held.total)
        self._draining = False
        self._closed = asyncio.Event()  # set when the grace period is over

    @property
    def held(self) -> int:
        """Judgements that were accepted and are not yet answered."""
        return self._held.total

    @property
    def draining(self) -> bool:
        """True if the server is stopping and accepts nothing new."""
        return self._draining

    def admit(self, count: int) -> AbstractContextManager[None]:
        """Accept ``count`` judgements or raise ``RefusedError``. An empty queue accepts a request of any size."""
        if self._draining:
            raise RefusedError(503, "the server is stopping; send this again to another one", 5)
        if self.held and self.held + count > self._settings.max_queue:
            self._metrics.refused("queue").inc()
            raise RefusedError(429, f"the queue holds {self.held} judgements and is full", self._retry_after())
        return _Holding(self._held, count)

    def hold_bytes(self, size: int) -> AbstractContextManager[None]:
        """Count the size of a request's body before it is read, or raise ``RefusedError``."""
        if self._held_bytes.total and self._held_bytes.total + size > self._settings.max_held_mb * 1e6:
            self._metrics.refused("bytes").inc()
            raise RefusedError(429, "requests under way hold all the memory for bodies", self._retry_after())
        return _Holding(self._held_bytes, size)

    async def run(self, work: Callable[[], T]) -> T:
        """Run one piece of work when it is this caller's turn."""
        return (await self._turns.run_all((work,)))[0]

    async def run_all(self, works: Sequence[Callable[[], T]]) -> list[T]:
        """Run the pieces of one request and return the results in order. Other requests get turns in between."""
        return await self._turns.run_all(works)

    async def finish(self, answer: Awaitable[T], client_left: Callable[[], Awaitable[object]]) -> T:
        """Wait for an answer until the request's time or the grace period ends, or the client disconnects."""
        task = asyncio.current_task()
        assert task is not None
        watch = _Watch(task, client_left, self._closed, self._settings.request_timeout_s)
        later = asyncio.get_running_loop().call_later(WATCH_AFTER_S, watch.begin)
        try:
            return await answer
        except asyncio.CancelledError:
            if not watch.why:
                raise
            task.uncancel()
            raise RefusedError(503, f"{watch.why}; nothing was judged, send it again", self._retry_after()) from None
        finally:
            later.cancel()
            watch.end()

    def drain(self) -> None:
        """Accept nothing new. After the grace period, answer 503 to what is not finished."""
        if not self._draining:
            self._draining = True
            asyncio.get_running_loop().call_later(self._settings.grace_s, self._closed.set)

    def close(self) -> None:
        """Stop the threads after the work that they are running."""
        self._turns.close()

    def _retry_after(self) -> int:
        return max(1, min(60, math.ceil(self.held * self._turns.seconds_each / self._settings.workers)))


class _Held:
    """How much is held at the moment."""

    total = 0


class _Holding:
    """Holds an amount from now on until its block ends."""

    def __init__(self, held: _Held, amount: int) -> None:
        self._held, self._amount = held, amount
        held.total += amount

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        self._held.total -= self._amount


class _Watch:
    """Cancels a request's task when there is a reason to give it up, and says ``why``."""

    def __init__(
        self,
        task: "asyncio.Task[object]",
        client_left: Callable[[], Awaitable[object]],
        closed: asyncio.Event,
        timeout_s: float,
    ) -> None:
        self.why = ""
        self._task, self._client_left, self._closed, self._timeout_s = task, client_left, closed, timeout_s
        self._watching: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Start to watch."""
        self._watching = asyncio.ensure_future(self._watch())

    def end(self) -> None:
        """Watch no longer."""
        if self._watching is not None:
            self._watching.cancel()

    async def _watch(self) -> None:
        left, closed = asyncio.ensure_future(self._client_left()), asyncio.ensure_future(self._closed.wait())
        try:
            await asyncio.wait({left, closed}, timeout=self._timeout_s, return_when=asyncio.FIRST_COMPLETED)
            self.why = "the server is stopping" if closed.done() else "the request took too long"
            self._task.cancel()
        finally:
            left.cancel()
            closed.cancel()
