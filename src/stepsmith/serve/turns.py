"""Threads that do the work of many requests. A request has one piece or many; requests take turns by the piece."""

import asyncio
import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")

SMOOTHING = 0.05  # of the mean time that a piece takes


class Turns:
    """``threads`` threads that take the next piece of the next request themselves.

    The event loop is asked for nothing between the pieces of a request, which would cost more than a small piece.
    """

    def __init__(self, threads: int) -> None:
        self.seconds_each = 0.05  # running mean of one piece of work
        self._waiting: SimpleQueue[_Request | None] = SimpleQueue()  # each request once, while it has pieces left
        self._closed = False
        self._threads = [threading.Thread(target=self._work, name=f"serve_{n}", daemon=True) for n in range(threads)]
        for thread in self._threads:
            thread.start()

    async def run_all(self, pieces: Sequence[Callable[[], T]]) -> list[T]:
        """Run the pieces of one request and return their results in order.

        The first piece that fails ends the request with its error. Of a request that has ended, or whose caller was
        cancelled, no other piece is started.
        """
        if not pieces:
            return []
        request = _Request(pieces, asyncio.get_running_loop().create_future())
        self._waiting.put(request)
        try:
            await request.answered
        finally:
            request.ended = True
        return request.results

    def close(self) -> None:
        """Start nothing more, and wait for the pieces that are under way."""
        self._closed = True
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while (request := self._waiting.get()) is not None:
            if request.ended or self._closed:
                continue
            index = request.started  # only the thread that holds the request counts on
            request.started += 1
            if request.started < len(request.pieces):
                self._waiting.put(request)
            began = time.monotonic()
            request.run(index)
            self.seconds_each += SMOOTHING * (time.monotonic() - began - self.seconds_each)


class _Request:
    """The pieces of one request, and who waits for it."""

    def __init__(self, pieces: Sequence[Callable[[], Any]], answered: "asyncio.Future[None]") -> None:
        self.pieces = pieces
        self.results: list[Any] = [None] * len(pieces)
        self.answered = answered
        self.started = 0
        self.ended = False
        self._done = itertools.count(1)  # its ``next`` is one step for all threads

    def run(self, index: int) -> None:
        """Run one piece, and answer if it was the last one or has failed."""
        try:
            self.results[index] = self.pieces[index]()
        except BaseException as error:
            self.ended = True
            self._answer(error)
        else:
            if next(self._done) == len(self.pieces):
                self._answer(None)

    def _answer(self, error: BaseException | None) -> None:
        with contextlib.suppress(RuntimeError):  # the event loop has ended, and with it all callers
            self.answered.get_loop().call_soon_threadsafe(_settle, self.answered, error)


def _settle(answered: "asyncio.Future[None]", error: BaseException | None) -> None:
    if answered.done():  # the caller was cancelled, or another piece has failed
        return
    if error is None:
        answered.set_result(None)
    else:
        answered.set_exception(error)
