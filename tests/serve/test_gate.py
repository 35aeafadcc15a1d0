"""The gate: bounded, fair, never more at once than there are workers, and nothing lost when it closes."""

import asyncio
import threading
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
