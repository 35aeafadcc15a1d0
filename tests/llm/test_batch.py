"""Batches: answers reach the same cache at half price, and no kill or lost reply makes them paid twice."""

from pathlib import Path

import pytest

from stepsmith.core.errors import BudgetExceeded, ConfigError, EndpointError
from stepsmith.llm.batch import BatchRequest
from stepsmith.llm.gateway import Gateway
from stepsmith.llm.money import Limit
from stepsmith.llm.records import Sampling
from stepsmith.store.completion_cache import CompletionCache
from tests.llm.asking import PRICES, spec_of, user
from tests.llm.hostile_provider import HostileProvider

WORK = [BatchRequest(messages=tuple(user(f"q{number}")), n=2) for number in range(10)]


def finish(gateway: Gateway, spec, batch_id: str):  # type: ignore[no-untyped-def]
    batches = gateway.batches(spec)
    while not (state := batches.poll(batch_id)).final:
        pass
    return state, batches.collect(batch_id)


def test_answers_of_a_batch_are_cached_at_half_price(tmp_path: Path) -> None:
    with (
        HostileProvider() as provider,
        CompletionCache(tmp_path / "m.sqlite", run="r") as store,
        Gateway(store) as gateway,
    ):
        spec = spec_of(provider, batch=True)
        (batch_id,) = gateway.batches(spec).submit(WORK, "solve")
        (spend,) = gateway.ledger.spends()
        assert spend.unsure_usd == spend.usd > 0  # the worst case is booked while nobody knows
        with pytest.raises(EndpointError, match="collect it when it has ended"):
            gateway.batches(spec).collect(batch_id)
        state, collected = finish(gateway, spec, batch_id)
        assert (state.status, collected.completions, collected.failures) == ("completed", 20, 0)
        assert sum(provider.delivered.values()) == 20
        assert collected.usd == pytest.approx(provider.billed_usd(PRICES.input, PRICES.output))
        assert collected.usd == pytest.approx(
            sum(b.tokens_in * PRICES.input + b.tokens_out * PRICES.output for b in provider.bills) / 2e6
        )
        (spend,) = gateway.ledger.spends()
        assert (spend.purpose, spend.unsure_usd, spend.usd) == ("solve", 0.0, pytest.approx(collected.usd))
        for request in WORK:  # the same questions one by one, streamed: nothing is sent
            completions = gateway.model(spec).complete(request.messages, n=2)
            assert [completion.sample for completion in completions] == [0, 1]
        assert sum(provider.delivered.values()) == 20
        assert gateway.batches(spec).collect(batch_id) == collected  # again changes nothing
        assert gateway.ledger.total()[0] == pytest.approx(collected.usd)
        assert gateway.batches(spec).submit(WORK) == []


def test_a_killed_run_finds_its_batch_again_without_knowing_its_id(tmp_path: Path) -> None:
    with HostileProvider() as provider:
        spec = spec_of(provider, batch=True)
        with CompletionCache(tmp_path / "m.sqlite", run="r") as store, Gateway(store) as gateway:
            (first,) = gateway.batches(spec).submit(WORK, "solve")
            booked = gateway.ledger.total()
        with (
            CompletionCache(tmp_path / "m.sqlite", run="r") as store,
            Gateway(store, earlier=store.charges()) as gateway,
        ):
            assert gateway.ledger.total() == booked
            assert gateway.batches(spec).submit(WORK, "solve") == [first]
            assert gateway.ledger.total() == booked
            _, collected = finish(gateway, spec, first)
            assert len(provider.batches) == 1
            assert gateway.ledger.total()[0] == pytest.approx(collected.usd)
            (charge,) = store.charges()
            assert charge.certain


def test_a_lost_reply_to_the_submission_does_not_make_two_batches() -> None:
    with HostileProvider() as provider, Gateway() as gateway:
        provider.script[:] = ["good", "good", "lost-reply"]  # list, upload, and the creation whose reply is lost
        (batch_id,) = gateway.batches(spec_of(provider, batch=True)).submit(WORK)
        assert list(provider.batches) == [batch_id]


@pytest.mark.parametrize("fault", ["429-seconds", "500", "dropped"])
def test_faults_on_the_way_are_retried(fault: str) -> None:
    with HostileProvider() as provider, Gateway() as gateway:
        provider.script[:] = [fault if fault != "dropped" else "lost-reply"]
        spec = spec_of(provider, batch=True)
        (batch_id,) = gateway.batches(spec).submit(WORK)
        provider.script[:] = [fault if fault != "dropped" else "lost-reply"]
        assert finish(gateway, spec, batch_id)[1].completions == 20


def test_failed_lines_are_reported_and_can_be_asked_again() -> None:
    behaviours = {"500": 0.2, "empty-choices": 0.1, "reasoning-field": 0.3}
    with HostileProvider(seed=3, behaviours=behaviours) as provider, Gateway() as gateway:
        spec = spec_of(provider, batch=True)
        done = rounds = 0
        while ids := gateway.batches(spec).submit(WORK):
            (batch_id,) = ids
            _, collected = finish(gateway, spec, batch_id)
            assert collected.completions + collected.failures == 20 - done
            done += collected.completions
            rounds += 1
        assert done == 20
        assert rounds > 1
        assert all(count == 2 for count in provider.delivered.values())


def test_a_cancelled_batch_keeps_what_was_answered() -> None:
    with HostileProvider(polls_per_batch=99) as provider, Gateway() as gateway:
        spec = spec_of(provider, batch=True)
        (batch_id,) = gateway.batches(spec).submit(WORK)
        gateway.batches(spec).cancel(batch_id)
        assert gateway.batches(spec).collect(batch_id).completions == 10
        (rest,) = gateway.batches(spec).submit(WORK)
        assert len(provider.files[provider.batches[rest]["input_file_id"]].splitlines()) == 10


def test_where_n_is_supported_samples_share_a_line() -> None:
    with HostileProvider() as provider, Gateway() as gateway:
        spec = spec_of(provider, batch=True, n_support=True)
        (batch_id,) = gateway.batches(spec).submit([*WORK, *WORK])  # the same work twice is the same line
        assert len(provider.files[provider.batches[batch_id]["input_file_id"]].splitlines()) == 10
        assert finish(gateway, spec, batch_id)[1].completions == 20


def test_an_answer_without_usage_stays_booked_at_the_worst_case() -> None:
    with HostileProvider(behaviours={"no-usage": 0.5}) as provider, Gateway() as gateway:
        spec = spec_of(provider, batch=True)
        (batch_id,) = gateway.batches(spec).submit(WORK)
        booked = gateway.ledger.total()
        finish(gateway, spec, batch_id)
        assert gateway.ledger.total() == booked
        assert provider.billed_tokens <= booked[1]


def test_a_batch_that_the_budget_does_not_cover_is_not_sent() -> None:
    with HostileProvider() as provider, Gateway(limit=Limit(tokens=5000)) as gateway:
        with pytest.raises(BudgetExceeded):
            gateway.batches(spec_of(provider, batch=True)).submit(WORK)
        assert provider.requests == 0


def test_a_refused_batch_costs_nothing() -> None:
    with HostileProvider() as provider, Gateway() as gateway:
        provider.script[:] = ["good", "400"]
        with pytest.raises(EndpointError):
            gateway.batches(spec_of(provider, batch=True)).submit(WORK)
        assert gateway.ledger.total() == (0.0, 0)


def test_an_endpoint_has_to_be_marked_and_a_batch_has_to_be_ours() -> None:
    with HostileProvider() as provider, Gateway() as gateway:
        with pytest.raises(ConfigError, match="batch = true"):
            gateway.batches(spec_of(provider))
        spec = spec_of(provider, batch=True)
        (batch_id,) = gateway.batches(spec).submit([BatchRequest(messages=tuple(user("q")), sampling=Sampling())])
        name = provider.batches[batch_id]["input_file_id"]
        provider.files[name] = provider.files[name].replace(b"cmp_", b"foreign:")
        with pytest.raises(EndpointError, match="not ours"):
            finish(gateway, spec, batch_id)
