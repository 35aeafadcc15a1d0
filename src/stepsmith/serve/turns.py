"""Threads that do the work of many requests. A request has one piece or many; requests take turns by the piece."""

import asyncio
import contextlib
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")

SMOOTHING = 0.05  # of the mean time that a piece takes
TOGETHER_S = 0.004  # while requests wait for a thread, answers of so many seconds are handed over together


class Turns:
    """``threads`` threads that take the next piece of the next request themselves.

    The event loop is asked for nothing between the pieces of a request, which would cost more than a small piece. While
    other requests wait, it is woken for several answers at once, since waking it costs as much as writing an answer.
    """

    def __init__(self, threads: int) -> None:
        self.seconds_each = 0.05  # running mean of one piece of work
        self._waiting: SimpleQueue[_Request | None] = SimpleQueue()  # each request once, while it has pieces left
        self._answers: deque[_Request] = deque()
        self._told = False  # whether the event loop will take the answers soon
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
            if request.run(index):
                self._answer(request)
            self.seconds_each += SMOOTHING * (time.monotonic() - began - self.seconds_each)

    def _answer(self, request: "_Request") -> None:
        """Have the event loop answer a request: at once, or with others if there is more to do meanwhile."""
        self._answers.append(request)
        idle = self._waiting.empty()
        if idle or not self._told:
            self._told = True
            with contextlib.suppress(RuntimeError):  # the event loop has ended, and with it all callers
                request.answered.get_loop().call_soon_threadsafe(self._settle if idle else self._settle_soon)

    def _settle_soon(self) -> None:
        asyncio.get_running_loop().call_later(TOGETHER_S, self._settle)

    def _settle(self) -> None:
        self._told = False  # before the answers are taken, so that none is left behind
        while self._answers:
            self._answers.popleft().settle()


class _Request:
    """The pieces of one request, and who waits for it."""

    def __init__(self, pieces: Sequence[Callable[[], Any]], answered: "asyncio.Future[None]") -> None:
        self.pieces = pieces
        self.results: list[Any] = [None] * len(pieces)
        self.error: BaseException | None = None
        self.answered = answered
        self.started = 0
        self.ended = False
        self._done = itertools.count(1)  # its ``next`` is one step for all threads

    def run(self, index: int) -> bool:
        """Run one piece; return whether the request must be answered: it was the last one, or has failed."""
        try:
            self.results[index] = self.pieces[index]()
        except BaseException as error:
            self.ended, self.error = True, error
            return True
        return next(self._done) == len(self.pieces)

    def settle(self) -> None:
        """Answer, in the event loop; a caller who was cancelled, or has its error already, gets nothing."""
        if self.answered.done():
            return
        if self.error is None:
            self.answered.set_result(None)
        else:
            self.answered.set_exception(self.error)
