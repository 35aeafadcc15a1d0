"""The adaptive limit: growth, cuts, pauses, order, and places that are never lost."""

import asyncio
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from stepsmith.llm.concurrency import OVERLOAD_CUT, AdaptiveLimiter
from stepsmith.llm.records import Concurrency


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def answered(limiter: AdaptiveLimiter, clock: Clock, times: int, latency: float = 1.0, together: int = 1) -> None:
    """``times`` rounds of ``together`` requests at once that all end well."""

    async def one() -> None:
        async with limiter.slot() as slot:
            await asyncio.sleep(0)
            clock.now += 0.01
            slot.answered(latency)

    async def rounds() -> None:
        for _ in range(times):
            await asyncio.gather(*(one() for _ in range(together)))

    asyncio.run(rounds())


def test_it_grows_by_one_a_round_while_it_is_the_limit_and_up_to_the_bound() -> None:
    clock = Clock()
    limiter = AdaptiveLimiter(Concurrency(low=1, start=2, high=6), clock)
    answered(limiter, clock, times=3, together=20)
    assert limiter.limit == 6


def test_it_does_not_grow_while_nobody_needs_it() -> None:
    clock = Clock()
    limiter = AdaptiveLimiter(Concurrency(low=1, start=4, high=64), clock)
    answered(limiter, clock, times=50, together=2)
    assert limiter.limit == 4


def test_one_generation_of_failures_makes_one_cut() -> None:
    async def play() -> None:
        clock = Clock()
        limiter = AdaptiveLimiter(Concurrency(low=2, start=20, high=20), clock)

        async def fails() -> None:
            async with limiter.slot() as slot:
                clock.now += 0.01
                await asyncio.sleep(0.001)
                slot.overloaded()

        await asyncio.gather(*(fails() for _ in range(20)))
        assert limiter.limit == int(20 * OVERLOAD_CUT)
        clock.now += 1
        for _ in range(20):
            await fails()
            clock.now += 1
        assert limiter.limit == 2

    asyncio.run(play())


def test_queueing_at_the_endpoint_cuts_and_recovery_grows_again() -> None:
    clock = Clock()
    limiter = AdaptiveLimiter(Concurrency(low=1, start=16, high=16), clock)
    answered(limiter, clock, times=5, latency=0.5, together=16)
    answered(limiter, clock, times=10, latency=10.0, together=16)
    assert limiter.limit < 16
    answered(limiter, clock, times=60, latency=0.5, together=30)
    assert limiter.limit == 16


def test_a_pause_holds_everybody_back() -> None:
    async def play() -> None:
        limiter = AdaptiveLimiter(Concurrency(low=1, start=4, high=4))
        async with limiter.slot() as slot:
            slot.overloaded(pause_s=0.1)
        started = asyncio.get_running_loop().time()
        async with limiter.slot():
            assert asyncio.get_running_loop().time() - started >= 0.09

    asyncio.run(play())


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 10**6), st.integers(1, 5), st.integers(1, 40))
def test_the_limit_holds_and_no_place_is_lost_when_holders_and_waiters_are_cancelled(
    seed: int, limit: int, requests: int
) -> None:
    rng = random.Random(seed)

    async def play() -> None:
        limiter = AdaptiveLimiter(Concurrency(low=limit, start=limit, high=limit))
        inside, most, order = 0, 0, []

        async def one(number: int) -> None:
            nonlocal inside, most
            async with limiter.slot():
                order.append(number)
                inside += 1
                most = max(most, inside)
                try:
                    await asyncio.sleep(rng.choice([0, 0, 0.0005]))
                finally:
                    inside -= 1

        tasks = [asyncio.create_task(one(number)) for number in range(requests)]
        for task in tasks:
            if rng.random() < 0.4:
                await asyncio.sleep(0)
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert most <= limit
        assert order == sorted(order)  # first come, first served
        await asyncio.wait_for(asyncio.gather(*(one(-1) for _ in range(limit))), 5)  # every place is free again
        assert all(not task.cancelled() or task.done() for task in tasks)

    asyncio.run(play())
