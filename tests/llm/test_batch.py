"""Models that are asked by batches: the same answers at half the price, and nothing paid twice after a kill."""

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from stepsmith.core.errors import BudgetExceeded, EndpointError, RequestRefused, StepsmithError
from stepsmith.core.model_outputs import ModelOutput
from stepsmith.llm.cache import Cache
from stepsmith.llm.gateway import Gateway
from stepsmith.llm.money import Limit
from stepsmith.llm.records import ModelSpec
from stepsmith.store.completion_cache import CompletionCache
from tests.llm.asking import PRICES, spec_of, user
from tests.llm.hostile_provider import HostileProvider

PROMPTS = [f"q{number}" for number in range(10)]


def batched(provider: HostileProvider, **settings: object) -> ModelSpec:
    """A model that is asked by batches. It waits long enough for threads that start together on a busy machine."""
    given = {"batch": True, "batch_wait_s": 1.0, "batch_poll_s": 0.01, "timeout_s": 30.0, **settings}
    return spec_of(provider, **given)


def ask_all(
    gateway: Gateway, spec: ModelSpec, prompts: Sequence[str] = PROMPTS, n: int = 2, purpose: str = "solve"
) -> list[list[ModelOutput]]:
    """Ask everything at once, as chains do."""
    model = gateway.model(spec)
    with ThreadPoolExecutor(len(prompts)) as pool:
        return list(pool.map(lambda prompt: model.complete(user(prompt), n, None, purpose), prompts))


def lines_of(provider: HostileProvider) -> list[int]:
    """How many lines each batch had."""
    return [len(provider.files[batch["input_file_id"]].splitlines()) for batch in provider.batches.values()]


def test_what_is_asked_at_once_is_one_batch_at_half_the_price(tmp_path: Path) -> None:
    with (
        HostileProvider() as provider,
        CompletionCache(tmp_path / "m.sqlite", run="r") as store,
        Gateway(store) as gateway,
    ):
        answers = ask_all(gateway, batched(provider))
        assert lines_of(provider) == [20]
        assert [[output.sample for output in some] for some in answers] == [[0, 1]] * 10
        assert len({output.text for some in answers for output in some}) == 20
        assert sum(provider.delivered.values()) == 20
        paid = sum(b.tokens_in * PRICES.input + b.tokens_out * PRICES.output for b in provider.bills) / 2e6
        (spend,) = gateway.ledger.spends()
        assert (spend.purpose, spend.completions, spend.unsure_usd) == ("solve", 20, 0.0)
        assert spend.usd == pytest.approx(paid) == pytest.approx(provider.billed_usd(PRICES.input, PRICES.output))
        assert gateway.ledger.batches == 0
        (charge,) = store.charges()
        assert charge.certain
        # The same questions again, by batches or one by one and streamed: nothing is sent.
        assert ask_all(gateway, batched(provider)) == answers
        assert ask_all(gateway, spec_of(provider)) == answers
        assert (len(provider.batches), len(provider.bills)) == (1, 20)


def test_each_stage_has_batches_of_its_own() -> None:
    with HostileProvider() as provider, Gateway() as gateway:
        spec = batched(provider)
        model = gateway.model(spec)
        asked = [("propose", "a"), ("attempt", "b"), ("propose", "c"), ("attempt", "d"), ("attempt", "e")]
        with ThreadPoolExecutor(5) as pool:
            list(pool.map(lambda one: model.complete(user(one[1]), 1, None, one[0]), asked))
        assert sorted(lines_of(provider)) == [2, 3]
        assert {spend.purpose: spend.completions for spend in gateway.ledger.spends()} == {"propose": 2, "attempt": 3}


def test_where_n_is_supported_samples_share_a_line() -> None:
    with HostileProvider() as provider, Gateway() as gateway:
        ask_all(gateway, batched(provider, n_support=True))
        assert lines_of(provider) == [10]
        assert sum(provider.delivered.values()) == 20


@contextmanager
def stopped_run(cache: Cache, spec: ModelSpec, provider: HostileProvider) -> Iterator[tuple[float, int]]:
    """Send a batch and stop before it has ended; yields what is booked then."""
    with Gateway(cache) as gateway:
        asking = threading.Thread(target=_ask_in_vain, args=(gateway, spec))
        asking.start()
        while not provider.batches or gateway.ledger.batches == 0:
            time.sleep(0.005)
        gateway.close(grace_s=0.0)
        asking.join()
    yield gateway.ledger.total()


def _ask_in_vain(gateway: Gateway, spec: ModelSpec) -> None:
    with pytest.raises(EndpointError):
        ask_all(gateway, spec)


@pytest.mark.parametrize("regrouped", [False, True])
def test_a_stopped_run_collects_its_batch_first(tmp_path: Path, regrouped: bool) -> None:
    with HostileProvider(polls_per_batch=10**6) as provider:
        spec = batched(provider)
        with CompletionCache(tmp_path / "m.sqlite", run="r") as store, stopped_run(store, spec, provider):
            (charge,) = store.charges()
            assert not charge.certain  # the worst case, should nobody ever come back
        provider.polls_per_batch = 1
        with (
            CompletionCache(tmp_path / "m.sqlite", run="r") as store,
            Gateway(store, earlier=store.charges()) as gateway,
        ):
            if regrouped:  # chains are not where they were: they ask in another order, and less at once
                for prompt in reversed(PROMPTS):
                    assert len(ask_all(gateway, spec, [prompt])[0]) == 2  # from the cache: no batch is waited for
            else:
                ask_all(gateway, spec)
            assert len(provider.batches) == 1
            assert all(count == 2 for count in provider.delivered.values())
            (charge,) = store.charges()
            assert charge.certain
            assert gateway.ledger.total()[0] == pytest.approx(provider.billed_usd(PRICES.input, PRICES.output))


def test_a_run_that_was_stopped_before_its_batch_was_sent_is_charged_nothing(tmp_path: Path) -> None:
    with HostileProvider(polls_per_batch=10**6) as provider:
        spec = batched(provider)
        with CompletionCache(tmp_path / "m.sqlite", run="r") as store, stopped_run(store, spec, provider):
            pass
        provider.batches.clear()  # as if it had never reached the server
        provider.polls_per_batch = 1
        with (
            CompletionCache(tmp_path / "m.sqlite", run="r") as store,
            Gateway(store, earlier=store.charges()) as gateway,
        ):
            assert gateway.ledger.total()[1] > 0
            ask_all(gateway, spec, ["something else"])
            assert len(provider.batches) == 1
            assert gateway.ledger.total()[0] == pytest.approx(provider.billed_usd(PRICES.input, PRICES.output))


def test_a_lost_reply_to_the_submission_does_not_make_two_batches() -> None:
    with HostileProvider() as provider, Gateway() as gateway:
        provider.script[:] = ["good", "good", "lost-reply"]  # list, upload, and the creation whose reply is lost
        ask_all(gateway, batched(provider))
        assert len(provider.batches) == 1


@pytest.mark.parametrize("fault", ["429-seconds", "500", "lost-reply"])
def test_faults_on_the_way_are_retried(fault: str) -> None:
    with HostileProvider() as provider, Gateway() as gateway:
        provider.script[:] = [fault, "good", fault, "good", fault, "good", fault]
        ask_all(gateway, batched(provider))
        assert len(provider.batches) == 1
        assert all(count == 2 for count in provider.delivered.values())


def test_lines_that_failed_are_sent_again() -> None:
    behaviours = {"500": 0.2, "reasoning-field": 0.3}
    with HostileProvider(seed=3, behaviours=behaviours) as provider, Gateway() as gateway:
        assert all(len(some) == 2 for some in ask_all(gateway, batched(provider)))
        first, *more = lines_of(provider)
        assert first == 20
        assert more  # there were failures
        assert sum(more) < 20
        assert all(count == 2 for count in provider.delivered.values())


def test_a_line_that_always_fails_ends_in_an_error() -> None:
    with HostileProvider(behaviours={"500": 1.0}) as provider, Gateway() as gateway:
        with pytest.raises(EndpointError, match=r"HTTP 500 in a batch: .*Gave up after 6 batches"):
            ask_all(gateway, batched(provider, batch_wait_s=0.01), ["q"], 1)
        assert lines_of(provider) == [1] * 6
        assert gateway.ledger.total() == (0.0, 0)


def test_a_refused_line_is_a_refused_request() -> None:
    class RefusesOne(HostileProvider):
        def _behaviour(self, body: dict[str, object]) -> str:
            return "400 temperature may not be set" if self._prompt(body) == "q3" else "good"

    with RefusesOne() as provider, Gateway() as gateway:
        model = gateway.model(batched(provider))
        found: dict[str, object] = {}

        def one(prompt: str) -> None:
            try:
                found[prompt] = model.complete(user(prompt), 1, None, "solve")
            except StepsmithError as error:
                found[prompt] = error

        with ThreadPoolExecutor(10) as pool:
            list(pool.map(one, PROMPTS))
        refusal = found.pop("q3")
        assert isinstance(refusal, RequestRefused)
        assert "models.teacher.sampling.temperature" in str(refusal)
        assert all(isinstance(value, list) for value in found.values())
        assert len(provider.batches) == 1


@pytest.mark.parametrize("status", ["expired", "cancelled"])
def test_a_batch_that_ends_early_keeps_what_was_answered_and_the_rest_is_sent_again(status: str) -> None:
    class EndsEarly(HostileProvider):
        def _finish_batch(self, name: str, how: str, share: float) -> None:
            early = name == "batch-0"
            super()._finish_batch(name, status if early else how, 0.5 if early else share)

    with EndsEarly() as provider, Gateway() as gateway:
        ask_all(gateway, batched(provider))
        assert lines_of(provider) == [20, 10]
        assert all(count == 2 for count in provider.delivered.values())
        assert gateway.ledger.total()[0] == pytest.approx(provider.billed_usd(PRICES.input, PRICES.output))


@pytest.mark.parametrize(
    ("code", "words", "kind", "batches"),
    [
        ("invalid_model", "there is no such model", RequestRefused, 1),
        ("token_limit_exceeded", "Enqueued token limit reached", EndpointError, 6),
    ],
)
def test_a_batch_that_the_server_rejects(code: str, words: str, kind: type[Exception], batches: int) -> None:
    class Rejects(HostileProvider):
        def _finish_batch(self, name: str, how: str, share: float) -> None:
            self.batches[name]["status"] = "failed"
            self.batches[name]["errors"] = {"object": "list", "data": [{"code": code, "message": words}]}

    with Rejects() as provider, Gateway() as gateway:
        with pytest.raises(kind, match=words):
            ask_all(gateway, batched(provider, batch_wait_s=0.01), ["q"], 1)
        assert len(provider.batches) == batches
        assert gateway.ledger.total() == (0.0, 0)


def test_an_answer_without_usage_stays_booked_at_the_worst_case() -> None:
    with HostileProvider(behaviours={"no-usage": 0.5}) as provider, Gateway() as gateway:
        ask_all(gateway, batched(provider))
        (spend,) = gateway.ledger.spends()
        assert spend.unsure_usd == spend.usd > provider.billed_usd(PRICES.input, PRICES.output)
        assert provider.billed_tokens <= gateway.ledger.total()[1]


def test_a_budget_that_covers_a_part_at_a_time_is_used_up_in_parts() -> None:
    with HostileProvider(words=20) as provider, Gateway(limit=Limit(tokens=6000)) as gateway:
        ask_all(gateway, batched(provider))  # 20 lines of some 380 tokens at worst: never all at once
        assert lines_of(provider) == [10, 10]
        assert provider.billed_tokens == gateway.ledger.total()[1] <= 6000


def test_a_batch_that_the_budget_does_not_cover_is_not_sent() -> None:
    with HostileProvider() as provider, Gateway(limit=Limit(tokens=100)) as gateway:
        with pytest.raises(BudgetExceeded):
            ask_all(gateway, batched(provider, batch_wait_s=0.01), ["q"], 1)
        assert provider.requests == 0


def test_a_refused_submission_costs_nothing() -> None:
    with HostileProvider() as provider, Gateway() as gateway:
        provider.script[:] = ["good", "400"]
        with pytest.raises(RequestRefused):
            ask_all(gateway, batched(provider, batch_wait_s=0.01), ["q"], 1)
        assert gateway.ledger.total() == (0.0, 0)
