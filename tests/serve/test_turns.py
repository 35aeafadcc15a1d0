"""Turns: results in order, never more at once than there are threads, and nothing lost when they close."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine

import pytest

from stepsmith.serve.turns import Turns


def with_turns(threads: int, test: Callable[[Turns], Coroutine[None, None, None]]) -> None:
    async def main() -> None:
        turns = Turns(threads)
        try:
            await test(turns)
        finally:
            turns.close()

    asyncio.run(main())


def test_results_keep_their_order_and_no_more_run_than_there_are_workers() -> None:
    running = []
    lock = threading.Lock()

    def work(number: int) -> int:
        with lock:
            running.append(1)
            assert len(running) <= 3
        time.sleep(0.001 * (number % 5))
        with lock:
            running.pop()
        return number

    async def test(turns: Turns) -> None:
        results = await turns.run_all([lambda n=n: work(n) for n in range(50)])
        assert results == list(range(50))

    with_turns(3, test)


def test_small_requests_get_their_turn_beside_a_large_one() -> None:
    done: list[str] = []

    async def test(turns: Turns) -> None:
        large = asyncio.create_task(turns.run_all([lambda: time.sleep(0.002) or done.append("large")] * 60))
        await asyncio.sleep(0.02)
        await turns.run_all([lambda: done.append("small")])
        assert not large.done()
        await large

    with_turns(1, test)
    assert done.index("small") < 40


def test_cancelled_callers_keep_their_slots_until_their_threads_are_done() -> None:
    release = threading.Event()

    async def test(turns: Turns) -> None:
        first = [asyncio.create_task(turns.run_all([lambda: release.wait(10)]))]
        await asyncio.sleep(0.02)
        for caller in first:
            caller.cancel()
        second = asyncio.create_task(turns.run_all([lambda: 2]))
        await asyncio.sleep(0.05)
        assert not second.done()
        release.set()
        assert await second == [2]

    with_turns(1, test)


def test_one_failing_piece_ends_its_request_and_starts_no_more() -> None:
    started: list[int] = []

    def work(number: int) -> None:
        started.append(number)
        if number == 1:
            raise ValueError("broken")

    async def test(turns: Turns) -> None:
        with pytest.raises(ValueError, match="broken"):
            await turns.run_all([lambda n=n: work(n) for n in range(1000)])
        await asyncio.sleep(0.05)
        assert len(started) < 20

    with_turns(1, test)


def test_closing_waits_for_what_runs_and_starts_no_more() -> None:
    started: list[int] = []

    async def main() -> None:
        turns = Turns(1)
        caller = asyncio.create_task(turns.run_all([lambda: started.append(1) or time.sleep(0.05)] * 20))
        await asyncio.sleep(0.02)
        await asyncio.to_thread(turns.close)
        caller.cancel()

    asyncio.run(main())
    assert len(started) == 1


def test_a_request_without_pieces_is_answered() -> None:
    async def test(turns: Turns) -> None:
        assert await turns.run_all([]) == []

    with_turns(1, test)


def test_answers_are_handed_over_together_while_others_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """The event loop is woken less than once an answer; one that nobody waits behind comes at once."""
    woken: list[float] = []

    async def test(turns: Turns) -> None:
        loop = asyncio.get_running_loop()
        real = loop.call_soon_threadsafe
        monkeypatch.setattr(loop, "call_soon_threadsafe", lambda *a: woken.append(time.monotonic()) or real(*a))
        answers = await asyncio.gather(*(turns.run_all([lambda n=n: n]) for n in range(300)))
        assert answers == [[n] for n in range(300)]
        assert 1 <= len(woken) < 100
        before = len(woken)
        assert await turns.run_all([lambda: 1]) == [1]
        assert len(woken) == before + 1

    with_turns(1, test)
