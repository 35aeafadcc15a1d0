"""Under random faults nothing is lost, nothing is paid twice, no budget is overspent, and a killed run replays free."""

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stepsmith.core.errors import BudgetExceeded, EndpointError
from stepsmith.core.model_outputs import Charge
from stepsmith.llm.gateway import Gateway
from stepsmith.llm.money import Limit
from stepsmith.llm.records import Concurrency, Prices, Retries, Sampling
from stepsmith.store.completion_cache import CompletionCache
from tests.llm.asking import PRICES, spec_of, user
from tests.llm.hostile_provider import ERRORS, LOSSES, ODDITIES, HostileProvider

STORM = {
    **dict.fromkeys(ERRORS, 0.02), **dict.fromkeys(LOSSES, 0.015), **dict.fromkeys(ODDITIES, 0.03), "fewer": 0.05,
    "429-date": 0.001, "slow-drip": 0.002, "ten-megabytes": 0.001,
}  # fmt: skip
PATIENT = Retries(attempts=30, patience_s=120, base_s=0.005, cap_s=0.1)
WIDE = Concurrency(low=8, start=32, high=64)


def test_a_thousand_requests_under_random_faults(tmp_path: Path) -> None:
    prompts = [f"question {number}" for number in range(1000)]
    with HostileProvider(seed=1, behaviours=STORM) as provider:
        specs = [
            spec_of(provider, retries=PATIENT, timeout_s=10.0, concurrency=WIDE, stream=stream)
            for stream in (True, False)
        ]

        def run(gateway: Gateway) -> dict[str, list[str]]:
            def one(number: int) -> list[str]:
                model = gateway.model(specs[number % 2])
                completions = model.complete(user(prompts[number]), n=1 + number % 2)
                return [completion.content for completion in completions]

            with ThreadPoolExecutor(48) as pool:
                return dict(zip(prompts, pool.map(one, range(1000)), strict=True))

        with CompletionCache(tmp_path / "cache.sqlite") as store, Gateway(store) as gateway:
            answers = run(gateway)
            (spend,) = gateway.ledger.spends()
        sent = provider.requests
        assert sent > 1200  # the storm was one
        for number, prompt in enumerate(prompts):
            assert provider.delivered[prompt] == len(answers[prompt]) == 1 + number % 2
            digest = hashlib.sha256(prompt.encode()).hexdigest()
            assert all(digest in text for text in answers[prompt] if text and not text.startswith("xxx"))
        kept = [text for texts in answers.values() for text in texts if len(text) > 64 and text[:3] != "xxx"]
        assert len(set(kept)) == len(kept)  # no answer was handed out twice
        delivered = sum(bill.tokens_in + bill.tokens_out for bill in provider.bills if bill.delivered)
        assert spend.completions == sum(provider.delivered.values()) == 1500
        assert spend.usage.tokens - spend.unsure_tokens <= delivered
        assert provider.billed_tokens <= spend.usage.tokens
        assert provider.billed_usd(PRICES.input, PRICES.output) <= spend.usd

        with CompletionCache(tmp_path / "cache.sqlite") as store, Gateway(store) as again:
            assert run(again) == answers
            (spend,) = again.ledger.spends()
        assert provider.requests == sent
        assert (spend.requests, spend.usd, spend.cached) == (0, 0.0, 1500)
        assert spend.value_usd > 0


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    budget=st.one_of(
        st.floats(0.0, 0.05).map(lambda usd: Limit(usd=usd)), st.integers(0, 20_000).map(lambda n: Limit(tokens=n))
    ),
    faults=st.dictionaries(st.sampled_from([*ERRORS[:2], *LOSSES[:3], *LOSSES[4:], "no-usage", "fewer"]), st.just(0.1)),
    prices=st.tuples(st.floats(0, 5), st.floats(0, 20)),
    n=st.integers(1, 4),
    workers=st.integers(1, 16),
)
def test_no_budget_is_overspent(
    seed: int, budget: Limit, faults: dict[str, float], prices: tuple[float, float], n: int, workers: int
) -> None:
    with HostileProvider(seed=seed, behaviours=faults) as provider, Gateway(limit=budget) as gateway:
        spec = spec_of(
            provider, retries=PATIENT, prices=Prices(input=prices[0], output=prices[1]), concurrency=WIDE,
            sampling=Sampling(max_tokens=200), timeout_s=5.0,
        )  # fmt: skip
        model = gateway.model(spec)

        def one(number: int) -> bool:
            try:
                model.complete(user(f"question {number}"), n=n)
            except BudgetExceeded:
                return False
            return True

        with ThreadPoolExecutor(workers) as pool:
            answered = list(pool.map(one, range(40)))
        usd, tokens = gateway.ledger.total()
        assert budget.allows(provider.billed_usd(*prices), provider.billed_tokens)
        assert budget.allows(usd, tokens)
        assert provider.billed_usd(*prices) <= usd + 1e-12
        assert provider.billed_tokens <= tokens
        if not all(answered):  # it stopped only because the next request could have been too much
            worst_tokens = len("question 39") + 16 + 256 + n * 200
            worst_usd = ((worst_tokens - n * 200) * prices[0] + n * 200 * prices[1]) / 1e6
            assert not budget.allows(usd + worst_usd + 1e-12, tokens + worst_tokens)


def test_requests_in_flight_wait_for_money_that_may_come_back() -> None:
    # One request at a time fits at its worst; each really costs a hundredth of that.
    with HostileProvider(words=10) as provider, Gateway(limit=Limit(tokens=2200)) as gateway:
        model = gateway.model(spec_of(provider, sampling=Sampling(max_tokens=1000), concurrency=WIDE))
        with ThreadPoolExecutor(16) as pool:
            assert len(list(pool.map(lambda number: model.complete(user(f"{number}")), range(40)))) == 40


_RUN = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from stepsmith.llm.gateway import Gateway
from stepsmith.llm.records import Concurrency, Message, ModelSpec, Prices, Sampling
from stepsmith.store.completion_cache import CompletionCache

url, path = sys.argv[1:]
spec = ModelSpec(name="teacher", base_url=url, model="m", prices=Prices(input=1.0, output=2.0),
                 sampling=Sampling(max_tokens=100), concurrency=Concurrency(low=4, start=4, high=4))
with CompletionCache(Path(path), run="r") as store, Gateway(store, earlier=store.charges()) as gateway:
    model = gateway.model(spec)
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda i: model.complete([Message(role="user", content=f"q{i}")]), range(60)))
    print(len(done), sum(spend.usd for spend in gateway.ledger.spends()))
"""


def test_a_killed_run_pays_again_for_nothing_that_arrived(tmp_path: Path) -> None:
    cache = tmp_path / "cache.sqlite"
    with HostileProvider(work_s=0.03) as provider:
        command = [sys.executable, "-c", _RUN, provider.url, str(cache)]
        process = subprocess.Popen(command)
        deadline = time.monotonic() + 60
        while sum(provider.delivered.values()) < 25 and time.monotonic() < deadline:
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        finished = subprocess.run(command, check=True, capture_output=True, text=True)
        count, usd = finished.stdout.split()
        assert int(count) == 60
        assert set(provider.delivered) == {f"q{number}" for number in range(60)}
        # Only what was on its way at the moment of a kill can have been billed and lost: four at a time.
        assert sum(provider.delivered.values()) - 60 <= 4
        assert float(usd) >= provider.billed_usd(PRICES.input, PRICES.output)  # and the books know of it
        with CompletionCache(cache, run="r") as store:
            charges = store.charges()
            assert sum(not charge.certain for charge in charges) <= 4
            assert sum(charge.usd for charge in charges) == pytest.approx(float(usd))
        with CompletionCache(cache, run="another") as store:
            assert store.charges() == []


def test_closing_lets_answers_arrive_and_sends_nothing_new(tmp_path: Path) -> None:
    with HostileProvider(work_s=0.3) as provider, CompletionCache(tmp_path / "cache.sqlite") as store:
        gateway = Gateway(store)
        model = gateway.model(spec_of(provider, concurrency=Concurrency(low=2, start=2, high=2), timeout_s=5))
        failures: list[EndpointError] = []

        def work(number: int) -> None:
            try:
                model.complete(user(f"q{number}"))
            except EndpointError as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        while provider.in_flight < 2:
            time.sleep(0.005)
        gateway.close()
        for thread in threads:
            thread.join()
        assert provider.requests == sum(provider.delivered.values()) == 2
        assert len(failures) == 4
        assert sum(row.completions for row in store.stats()) == 2
        with pytest.raises(EndpointError, match="closed"):
            model.complete(user("after"))


def test_closing_without_grace_books_the_worst_case(tmp_path: Path) -> None:
    with HostileProvider(work_s=5.0) as provider, CompletionCache(tmp_path / "cache.sqlite") as store:
        gateway = Gateway(store)
        model = gateway.model(spec_of(provider, timeout_s=9))

        def work() -> None:
            with pytest.raises(EndpointError, match="closed"):
                model.complete(user("q"))

        thread = threading.Thread(target=work)
        thread.start()
        while provider.in_flight < 1:
            time.sleep(0.005)
        gateway.close(grace_s=0.0)
        thread.join()
        (charge,) = store.charges()
        assert isinstance(charge, Charge)
        assert (charge.certain, charge.usage.completion_tokens) == (False, 100)
        assert gateway.ledger.total() == (charge.usd, charge.usage.tokens)
