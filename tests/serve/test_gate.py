"""The gate: bounded, fair, never more at once than there are workers, and nothing lost when it closes."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine

import pytest

from stepsmith.serve.gate import Gate, RefusedError
from stepsmith.serve.metrics import Metrics
from stepsmith.serve.settings import ServerSettings


def in_gate(test: Callable[[Gate], Coroutine[None, None, None]], **settings: object) -> None:
    async def main() -> None:
        gate = Gate(ServerSettings(**settings), Metrics())
        try:
            await test(gate)
        finally:
            gate.close()

    asyncio.run(main())


async def never() -> None:
    await asyncio.Event().wait()


def test_what_does_not_fit_is_refused_with_a_time_to_come_back() -> None:
    async def test(gate: Gate) -> None:
        with gate.admit(3):
            with gate.admit(2):
                assert gate.held == 5
                with pytest.raises(RefusedError) as refusal, gate.admit(1):
                    pass
                assert refusal.value.status == 429
                assert 1 <= refusal.value.retry_after_s <= 60
            with gate.admit(2):
                assert gate.held == 5
        assert gate.held == 0

    in_gate(test, max_queue=5)


def test_a_request_larger_than_the_queue_is_taken_when_it_is_empty() -> None:
    async def test(gate: Gate) -> None:
        with gate.admit(100), pytest.raises(RefusedError), gate.admit(1):
            pass

    in_gate(test, max_queue=5)


def test_bodies_are_bounded_by_their_sum() -> None:
    async def test(gate: Gate) -> None:
        with gate.hold_bytes(900_000):
            with pytest.raises(RefusedError) as refusal, gate.hold_bytes(200_000):
                pass
            assert refusal.value.status == 429
        with gate.hold_bytes(200_000):
            pass

    in_gate(test, max_held_mb=1.0)


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

    async def test(gate: Gate) -> None:
        results = await gate.run_all([lambda n=n: work(n) for n in range(50)])
        assert results == list(range(50))

    in_gate(test, workers=3)


def test_small_requests_get_their_turn_beside_a_large_one() -> None:
    done: list[str] = []

    async def test(gate: Gate) -> None:
        large = asyncio.create_task(gate.run_all([lambda: time.sleep(0.002) or done.append("large")] * 60))
        await asyncio.sleep(0.02)
        await gate.run(lambda: done.append("small"))
        assert not large.done()
        await large

    in_gate(test, workers=1)
    assert done.index("small") < 40


def test_cancelled_callers_keep_their_slots_until_their_threads_are_done() -> None:
    release = threading.Event()

    async def test(gate: Gate) -> None:
        first = [asyncio.create_task(gate.run(lambda: release.wait(10)))]
        await asyncio.sleep(0.02)
        for caller in first:
            caller.cancel()
        second = asyncio.create_task(gate.run(lambda: 2))
        await asyncio.sleep(0.05)
        assert not second.done()
        release.set()
        assert await second == 2

    in_gate(test, workers=1)


def test_one_failing_piece_ends_its_request_and_starts_no_more() -> None:
    started: list[int] = []

    def work(number: int) -> None:
        started.append(number)
        if number == 1:
            raise ValueError("broken")

    async def test(gate: Gate) -> None:
        with pytest.raises(ValueError, match="broken"):
            await gate.run_all([lambda n=n: work(n) for n in range(1000)])
        await asyncio.sleep(0.05)
        assert len(started) < 20

    in_gate(test, workers=1)


def test_after_the_grace_period_what_is_held_is_given_back() -> None:
    release = threading.Event()

    async def test(gate: Gate) -> None:
        answer = asyncio.create_task(gate.finish(gate.run(lambda: release.wait(10)), never))
        await asyncio.sleep(0.02)
        gate.drain()
        with pytest.raises(RefusedError) as refusal, gate.admit(1):
            pass
        assert refusal.value.status == 503
        with pytest.raises(RefusedError, match="stopping") as given_back:
            await answer
        assert given_back.value.status == 503
        release.set()

    in_gate(test, grace_s=0.1)


def test_a_request_has_only_so_much_time() -> None:
    release = threading.Event()

    async def test(gate: Gate) -> None:
        with pytest.raises(RefusedError, match="too long"):
            await gate.finish(gate.run(lambda: release.wait(10)), never)
        release.set()

    in_gate(test, request_timeout_s=0.1)


def test_work_of_a_client_that_left_is_not_started() -> None:
    release = threading.Event()
    started: list[int] = []

    def work() -> None:
        started.append(1)
        release.wait(10)

    async def test(gate: Gate) -> None:
        left = asyncio.Event()
        answer = asyncio.create_task(gate.finish(gate.run_all([work] * 10), left.wait))
        await asyncio.sleep(1.1)
        left.set()
        with pytest.raises(RefusedError):
            await answer
        release.set()
        await gate.run(lambda: None)
        assert len(started) == 1

    in_gate(test, workers=1)
