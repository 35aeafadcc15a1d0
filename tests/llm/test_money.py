"""Prices, budgets, the books, and estimates."""

import asyncio
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepsmith.core.errors import BudgetExceeded, ConfigError, EndpointError
from stepsmith.core.model_outputs import Charge, Usage
from stepsmith.llm.estimates import estimate, predict
from stepsmith.llm.money import (
    Ledger,
    Limit,
    Spend,
    cost,
    parse_budget,
    prompt_bound,
    worst_case,
    worst_cost,
)
from stepsmith.llm.records import Message, ModelSpec, Prices, Sampling

SPEC = ModelSpec(name="t", base_url="http://localhost/v1", model="m", prices=Prices(input=1.0, output=2.0))


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("5USD", Limit(usd=5.0)),
        ("2.5 USD", Limit(usd=2.5)),
        (" $5 ", Limit(usd=5.0)),
        ("$1.5k", Limit(usd=1500.0)),
        (".5 usd", Limit(usd=0.5)),
        ("200k tokens", Limit(tokens=200_000)),
        ("1.5M tokens", Limit(tokens=1_500_000)),
        ("2B", Limit(tokens=2 * 10**9)),
        ("1000000", Limit(tokens=1_000_000)),
        ("1,000,000 tokens", Limit(tokens=1_000_000)),
        ("1_000 token", Limit(tokens=1_000)),
        ("200,000", Limit(tokens=200_000)),
        ("200 k tokens", Limit(tokens=200_000)),
        ("4.35k tokens", Limit(tokens=4_350)),
        ("5 kUSD", Limit(usd=5000.0)),
        ("$5 USD", Limit(usd=5.0)),
        ("0", Limit(tokens=0)),
    ],
)
def test_budgets_are_read_as_people_write_them(text: str, limit: Limit) -> None:
    assert parse_budget(text) == limit


@pytest.mark.parametrize(
    "text",
    ["", "five", "-5USD", "5 EUR", "2.5", "1.5 tokens", "$5 tokens", "USD", "5USD 3", "inf", "1e3", "nan", "$", "$ ",
     "2,50 USD", "0,5 USD", "$2,50", "1,5M tokens", "1.234,56 USD", "1,500 USD", "1,000,000 USD", "1,0000 tokens",
     "10,00", "1,00,000 tokens", "1,500M tokens", "1.000.000 tokens", "1__000", "1_0", "5 mUSD", "5m USD", "0.0001 k",
     "5 USD tokens", "5k k tokens", "٥ USD", "５USD", "5 000 USD", "5.USD", "5\u00a0USD extra", "9" * 400 + " USD"],
)  # fmt: skip
def test_other_budgets_are_refused_with_an_example(text: str) -> None:
    with pytest.raises(ConfigError, match="200k tokens"):
        parse_budget(text)


def test_cached_and_reasoning_tokens_have_their_own_prices() -> None:
    usage = Usage(prompt_tokens=100, cached_tokens=40, completion_tokens=50, reasoning_tokens=30)
    assert cost(usage, Prices(input=1, output=10)) == pytest.approx((100 + 500) / 1e6)
    prices = Prices(input=1, output=10, cached=0.1, reasoning=20)
    assert cost(usage, prices) == pytest.approx((60 + 4 + 200 + 600) / 1e6)
    assert cost(usage, None) == 0.0


price = st.floats(0, 100)


@given(
    st.text(max_size=50),
    st.integers(1, 4),
    st.integers(1, 500),
    st.builds(Prices, input=price, output=price, cached=st.none() | price, reasoning=st.none() | price),
    st.data(),
)
def test_the_worst_case_bounds_every_cost(text: str, n: int, most: int, prices: Prices, data: st.DataObject) -> None:
    messages = [Message(role="user", content=text)]
    worst = worst_case(messages, n, Sampling(max_tokens=most))
    prompt, completion = data.draw(st.integers(0, len(text.encode()) + 100)), data.draw(st.integers(0, n * most))
    usage = Usage(
        prompt_tokens=prompt,
        cached_tokens=data.draw(st.integers(0, prompt)),
        completion_tokens=completion,
        reasoning_tokens=data.draw(st.integers(0, completion)),
    )
    assert cost(usage, prices) <= worst_cost(worst, prices) * (1 + 1e-9)


def test_the_bound_on_prompts_counts_bytes() -> None:
    ascii_text, emoji = [Message(role="user", content="a" * 10)], [Message(role="user", content="🙂" * 10)]
    assert prompt_bound(emoji) - prompt_bound(ascii_text) == 30


def charge(ref: str, usd: float, *, certain: bool, tokens: int = 0) -> Charge:
    return Charge(
        ref=ref, purpose="p", model="t", samples=1, usage=Usage(completion_tokens=tokens), usd=usd, certain=certain
    )


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 60), st.booleans()), max_size=30), st.integers(0, 200))
def test_booked_and_reserved_never_pass_the_limit(steps: list[tuple[int, int, bool]], limit: int) -> None:
    """Any order of reserving (worst), settling (real) and losing keeps the sum within the limit."""

    async def play() -> None:
        ledger = Ledger(Limit(tokens=limit))
        open_charges: list[Charge] = []
        booked = 0
        for worst, real, lost in steps:
            reserving = asyncio.ensure_future(ledger.reserve("p", SPEC, Usage(completion_tokens=worst)))
            await asyncio.sleep(0)
            if not reserving.done():  # it waits for money in flight: let the oldest finish until it can go on or not
                while open_charges and not reserving.done():
                    oldest = open_charges.pop(0)
                    ledger.settle(oldest.ref, None)
                    await asyncio.sleep(0)
                    await asyncio.sleep(0)
            try:
                open_charges.append(await asyncio.wait_for(reserving, 1))
            except BudgetExceeded:
                assert booked + worst > limit
                continue
            assert booked + sum(o.usage.tokens for o in open_charges) <= limit
            if lost or real <= worst:
                done = open_charges.pop()
                paid = worst if lost else min(real, worst)
                ledger.settle(done.ref, charge(done.ref, 0.0, certain=not lost, tokens=paid))
                booked += paid
            assert ledger.total()[1] == booked <= limit

    asyncio.run(play())


def test_batches_that_were_under_way_are_reserved_again_when_they_are_followed() -> None:
    earlier = [
        charge("a", 3.0, certain=False, tokens=30), charge("batch:b", 2.0, certain=False, tokens=20),
        charge("batch:c", 1.0, certain=True, tokens=10),
    ]  # fmt: skip
    ledger = Ledger(Limit(usd=7.0), earlier)
    assert ledger.total() == (6.0, 60)
    assert ledger.reopen("another") == []
    assert ledger.reopen("t") == [earlier[1]]
    assert ledger.reopen("t") == []
    assert (ledger.total(), ledger.batches, ledger.in_flight) == ((4.0, 40), 1, 0)
    ledger.settle("batch:b", charge("batch:b", 0.5, certain=True, tokens=5))
    (spend,) = ledger.spends()
    assert (spend.usd, spend.unsure_usd, spend.unsure_tokens, spend.requests) == (4.5, 3.0, 30, 3)
    assert ledger.batches == 0


def test_a_closed_ledger_turns_away_those_who_wait() -> None:
    async def play() -> None:
        ledger = Ledger(Limit(tokens=10))
        await ledger.reserve("p", SPEC, Usage(completion_tokens=10))
        waiting = asyncio.ensure_future(ledger.reserve("p", SPEC, Usage(completion_tokens=10)))
        await asyncio.sleep(0.01)
        assert not waiting.done()
        ledger.close()
        with pytest.raises(EndpointError, match="stopping"):
            await waiting

    asyncio.run(play())


def test_the_interval_covers_as_often_as_it_says() -> None:
    rng, covered = random.Random(5), 0
    for _ in range(400):
        predicted = predict([rng.gauss(10, 3) for _ in range(6)], 20)
        covered += predicted.low <= sum(rng.gauss(10, 3) for _ in range(20)) <= predicted.high
    assert 0.91 <= covered / 400 <= 0.985


def test_an_estimate_scales_the_sample() -> None:
    unit = Spend(purpose="p", model="t", requests=3, usage=Usage(prompt_tokens=10), usd=0.5)
    found = estimate([[unit, unit], [unit, unit], [unit, unit]], planned=10)
    assert (found.requests.expected, found.tokens.low, found.usd.high) == (60, 200, 10.0)
    single = estimate([[unit]], planned=10)
    assert (single.usd.expected, single.usd.low, single.usd.high) == (5.0, 0.0, math.inf)
    with pytest.raises(ValueError, match="at least one"):
        estimate([], planned=1)
