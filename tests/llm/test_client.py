"""The client against a provider that misbehaves in every way it knows, one at a time."""

import hashlib
import re
import threading
import time
from collections.abc import Iterator

import pytest

from stepsmith.core.errors import BudgetExceeded, ConfigError, EndpointError, RequestRefused
from stepsmith.llm.cache import InMemoryCache, completion_key
from stepsmith.llm.gateway import Gateway
from stepsmith.llm.money import Limit
from stepsmith.llm.records import Concurrency, Message, Prices, Retries, Sampling
from tests.llm.asking import FAST, spec_of, user
from tests.llm.hostile_provider import ERRORS, LOSSES, HostileProvider


@pytest.fixture(scope="module")
def shared() -> Iterator[HostileProvider]:
    with HostileProvider(date_s=0.3) as provider:
        yield provider


@pytest.fixture
def provider(shared: HostileProvider) -> HostileProvider:
    shared.script.clear()
    shared.bills.clear()
    shared.bodies.clear()
    shared.arrivals.clear()
    shared.requests = 0
    return shared


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with Gateway() as gateway:
        yield gateway


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("fault", [*ERRORS, *LOSSES])
def test_a_fault_that_may_pass_is_retried(
    provider: HostileProvider, gateway: Gateway, fault: str, stream: bool
) -> None:
    provider.script[:] = [fault, fault, "good"]
    prompt = f"{fault} {stream}"
    (completion,) = gateway.model(spec_of(provider, stream=stream)).complete(user(prompt))
    assert completion.text.endswith(hashlib.sha256(prompt.encode()).hexdigest())
    assert completion.finish_reason == "stop"
    assert provider.requests == 3
    assert provider.delivered[prompt] == 1


@pytest.mark.parametrize("fault", ["500", "dropped", "wrong-json"])
def test_faults_that_do_not_pass_end_in_an_error_with_advice(
    provider: HostileProvider, gateway: Gateway, fault: str
) -> None:
    provider.script[:] = [fault] * 6
    with pytest.raises(EndpointError, match=r"teacher: .*Gave up after 6 tries.*every answer that arrived is kept"):
        gateway.model(spec_of(provider)).complete(user(fault))
    assert provider.requests == FAST.attempts


@pytest.mark.parametrize(
    ("status", "kind", "advice"),
    [
        ("400", RequestRefused, "length of the prompt"),
        ("422", RequestRefused, "length of the prompt"),
        ("401", EndpointError, "Set key_env"),
        ("403", EndpointError, "Set key_env"),
        ("404", EndpointError, "ends with /v1"),
        ("402", EndpointError, "no credit"),
        ("429-quota", EndpointError, "no credit"),
        ("451", EndpointError, r"settings in \[models.teacher\]"),
        ("501", EndpointError, r"settings in \[models.teacher\]"),
    ],
)
def test_refusals_are_not_retried_and_say_what_to_do(
    provider: HostileProvider, gateway: Gateway, status: str, kind: type[EndpointError], advice: str
) -> None:
    provider.script[:] = [status, "good"]
    with pytest.raises(kind, match=advice) as caught:
        gateway.model(spec_of(provider)).complete(user(status))
    assert type(caught.value) is kind
    assert provider.requests == 1
    assert gateway.ledger.total() == (0.0, 0)


def test_retry_after_in_seconds_and_as_a_date_is_honoured() -> None:
    with HostileProvider(date_s=1.6) as provider, Gateway() as gateway:
        model = gateway.model(spec_of(provider, retries=Retries(base_s=0.0)))
        for fault, least, most in (("429-seconds", 0.05, 0.5), ("429-date", 0.6, 3.0)):
            provider.arrivals.clear()
            provider.script[:] = [fault, "good"]
            model.complete(user(fault))
            first, second = provider.arrivals
            assert least <= second - first <= most


def test_while_one_request_was_told_to_wait_no_other_is_sent() -> None:
    with HostileProvider(date_s=1.6) as provider, Gateway() as gateway:
        model = gateway.model(spec_of(provider, retries=Retries(base_s=0.0)))
        provider.script[:] = ["429-date"]
        waiting = threading.Thread(target=model.complete, args=(user("a"),))
        waiting.start()
        while not provider.requests:
            time.sleep(0.005)
        time.sleep(0.1)
        model.complete(user("b"))
        waiting.join()
        told, *later = provider.arrivals
        assert min(later) - told >= 0.6


def test_a_long_wait_on_429_is_no_fault_but_has_an_end(provider: HostileProvider, gateway: Gateway) -> None:
    provider.script[:] = ["429"] * 12 + ["good"]
    patient = spec_of(provider, retries=Retries(attempts=2, patience_s=20, base_s=0.001, cap_s=0.01))
    assert gateway.model(patient).complete(user("storm"))[0].finish_reason == "stop"
    provider.script[:] = ["429"] * 1000
    hurried = spec_of(provider, retries=Retries(attempts=2, patience_s=0.3, base_s=0.01, cap_s=0.1))
    with pytest.raises(EndpointError, match="Gave up after"):
        gateway.model(hurried).complete(user("endless storm"))


def test_time_spent_on_faults_does_not_use_up_the_patience(provider: HostileProvider, gateway: Gateway) -> None:
    provider.script[:] = ["slow-drip", "slow-drip", "good"]
    spec = spec_of(provider, timeout_s=0.3, retries=Retries(patience_s=0.1, base_s=0.01, cap_s=0.02))
    assert gateway.model(spec).complete(user("two time-outs"))[0].finish_reason == "stop"


@pytest.mark.serial
def test_a_wait_beyond_all_patience_is_not_begun_and_holds_up_nobody(
    provider: HostileProvider, gateway: Gateway
) -> None:
    provider.script[:] = ["429-tomorrow"]
    model = gateway.model(spec_of(provider))
    started = time.monotonic()
    with pytest.raises(EndpointError, match="asks to wait 86400 s"):
        model.complete(user("quota"))
    assert model.complete(user("another"))[0].finish_reason == "stop"
    assert time.monotonic() - started < 5


@pytest.mark.serial
def test_a_slow_drip_is_cut_off_at_the_time_limit(provider: HostileProvider, gateway: Gateway) -> None:
    provider.script[:] = ["slow-drip"]
    started = time.monotonic()
    gateway.model(spec_of(provider)).complete(user("drip"))
    assert 0.5 <= time.monotonic() - started < 3


@pytest.mark.parametrize("stream", [True, False])
def test_odd_answers_are_data(provider: HostileProvider, gateway: Gateway, stream: bool) -> None:
    model = gateway.model(spec_of(provider, stream=stream))

    def answer(how: str):
        provider.script[:] = [how]
        return model.complete(user(f"{how} {stream}"))[0]

    refusal = answer("refusal")
    assert (refusal.finish_reason, refusal.text, refusal.refusal) == ("refusal", "", "I cannot help with that.")
    assert (answer("content-none").text, answer("content-none").finish_reason) == ("", "stop")
    assert answer("other-language").text.startswith("Решение: 最大部分和")
    assert "````md\n```python\nprint(1)" in answer("nested-fences").text
    assert "Ignore all previous instructions" in answer("injected-program").text
    inline, apart = answer("think-tags"), answer("reasoning-field")
    assert inline.text.startswith("```python\nright")
    assert "wrong" not in inline.text
    assert inline.reasoning == apart.reasoning == "```python\nwrong\n```"
    assert answer("unterminated-think").text == ""
    assert "wrong" in answer("unterminated-think").reasoning
    assert (answer("parts").reasoning, answer("parts").text[:6]) == ("hm", "answer")


@pytest.mark.parametrize("stream", [True, False])
def test_ten_megabytes_are_kept_up_to_the_cap_and_paid_once(
    provider: HostileProvider, gateway: Gateway, stream: bool
) -> None:
    provider.script[:] = ["ten-megabytes"]
    (completion,) = gateway.model(spec_of(provider, stream=stream, timeout_s=10)).complete(user(f"much {stream}"))
    assert len(completion.content) == 10 * 2**20
    assert completion.finish_reason == "length"
    assert provider.requests == 1


def test_samples_come_in_one_request_where_the_server_can(provider: HostileProvider, gateway: Gateway) -> None:
    completions = gateway.model(spec_of(provider)).complete(user("five"), n=5)
    assert [completion.sample for completion in completions] == [0, 1, 2, 3, 4]
    assert len({completion.text for completion in completions}) == 5
    assert (provider.requests, provider.bodies[0]["n"]) == (1, 5)
    (bill,) = provider.bills
    assert sum(completion.usage.tokens for completion in completions) == bill.tokens_in + bill.tokens_out


@pytest.mark.parametrize("how", ["refuses_n", "ignores_n"])
def test_servers_without_n_are_asked_one_by_one(how: str) -> None:
    with HostileProvider(**{how: True}) as provider, Gateway() as gateway:
        model = gateway.model(spec_of(provider, sampling=Sampling(max_tokens=50, seed=7)))
        assert len({completion.text for completion in model.complete(user("a"), n=4)}) == 4
        assert provider.delivered["a"] == 4
        known = provider.requests
        assert known == (5 if how == "refuses_n" else 4)
        model.complete(user("b"), n=4)
        assert provider.requests == known + 4  # it has been learnt
        assert sorted(body["seed"] for body in provider.bodies[-4:]) == [7, 8, 9, 10]


def test_missing_choices_are_asked_for_again_and_none_is_paid_twice() -> None:
    with HostileProvider(behaviours={"fewer": 1.0}) as provider, Gateway() as gateway:
        completions = gateway.model(spec_of(provider)).complete(user("a"), n=5)
        assert [completion.sample for completion in completions] == [0, 1, 2, 3, 4]
        assert provider.delivered["a"] == 5


def test_later_samples_are_new_and_are_paid_and_booked_once() -> None:
    with HostileProvider() as provider, Gateway() as gateway:
        model = gateway.model(spec_of(provider))
        before = model.complete(user("on"), 2, purpose="attempt")
        after = model.complete(user("on"), 3, purpose="attempt", first=2)
        assert [output.sample for output in (*before, *after)] == [0, 1, 2, 3, 4]
        assert provider.delivered["on"] == 5
        (spend,) = gateway.ledger.spends()
        assert spend.completions == 5  # the first two are not handed out again
        assert model.complete(user("on"), 5) == [*before, *after]
        assert provider.delivered["on"] == 5


def test_what_a_server_refuses_by_name_is_left_out() -> None:
    refuses = {
        "max_tokens": "'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        "stream_options": "extra fields not permitted: stream_options",
    }
    with HostileProvider(refuses=refuses) as provider, Gateway() as gateway:
        model = gateway.model(spec_of(provider))
        (completion,) = model.complete(user("a"))
        assert provider.bodies[-1]["max_completion_tokens"] == 100
        assert provider.bodies[-1].keys() & {"max_tokens", "stream_options"} == set()
        assert completion.usage.estimated  # without stream_options a stream does not say
        model.complete(user("b"))
        assert provider.requests == 4


def test_every_setting_reaches_the_server(provider: HostileProvider, gateway: Gateway) -> None:
    sampling = Sampling(
        temperature=0.6, top_p=0.95, top_k=20, max_tokens=32, seed=1, stop=("END",), reasoning_effort="low",
        extra={"chat_template_kwargs": {"enable_thinking": False}},
    )  # fmt: skip
    messages = [Message(role="system", content="s"), Message(role="user", content="u")]
    gateway.model(spec_of(provider, stream=False)).complete(messages, 1, sampling)
    assert provider.bodies == [
        {
            "model": "m", "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}],
            "temperature": 0.6, "top_p": 0.95, "top_k": 20, "max_tokens": 32, "seed": 1, "stop": ["END"],
            "reasoning_effort": "low", "chat_template_kwargs": {"enable_thinking": False},
        }
    ]  # fmt: skip


def test_the_same_question_is_paid_once_even_when_asked_at_once() -> None:
    with HostileProvider(work_s=0.1) as provider, Gateway() as gateway:
        model = gateway.model(spec_of(provider))
        texts: list[tuple[str, ...]] = []

        def work(n: int) -> None:
            texts.append(tuple(completion.text for completion in model.complete(user("same"), n=n, purpose="p")))

        threads = [threading.Thread(target=work, args=(n,)) for n in (2, 2, 3, 1, 3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        longest = max(texts, key=len)
        assert len(texts) == 5
        assert all(longest[: len(some)] == some for some in texts)
        assert provider.delivered["same"] == 3
        (spend,) = gateway.ledger.spends()
        assert (spend.completions, spend.cached) == (3, 11 - 3)


def test_what_shapes_the_answer_is_asked_again_and_nothing_else_is() -> None:
    cache = InMemoryCache()
    with HostileProvider() as provider, HostileProvider() as elsewhere, Gateway(cache) as gateway:
        model = gateway.model(spec_of(provider))
        model.complete(user("a"))
        model.complete(user("a"), purpose="another stage")
        gateway.model(spec_of(elsewhere, stream=False, timeout_s=2)).complete(user("a"))
        assert (provider.requests, elsewhere.requests) == (1, 0)
        changed = [
            (spec_of(provider), user("b"), None),
            (spec_of(provider), [Message(role="system", content="a")], None),
            (spec_of(provider), [*user("a"), *user("a")], None),
            (spec_of(provider, identity="m, other weights"), user("a"), None),
            *(
                (spec_of(provider), user("a"), Sampling(**{"max_tokens": 100, **setting}))
                for setting in (
                    {"temperature": 0.0}, {"top_p": 1.0}, {"top_k": 1}, {"max_tokens": 99}, {"seed": 0},
                    {"stop": ("x",)}, {"reasoning_effort": "high"}, {"extra": {"min_p": 0.1}},
                )
            ),
        ]  # fmt: skip
        for number, (spec, messages, sampling) in enumerate(changed, 2):
            gateway.model(spec).complete(messages, 1, sampling)
            assert provider.requests == number


def test_concurrency_adapts_to_what_the_endpoint_bears() -> None:
    bounds = Concurrency(low=1, start=32, high=64)
    with HostileProvider(capacity=4, work_s=0.01) as provider, Gateway() as gateway:
        model = gateway.model(spec_of(provider, concurrency=bounds, timeout_s=5, n_support=False))
        model.complete(user("a"), n=150)
        assert provider.delivered["a"] == 150
        refused = provider.requests - 150
        assert refused < 150  # without adapting, 28 of every 32 would be refused
        late = provider.requests
        model.complete(user("b"), n=100)
        assert provider.requests - late - 100 < 60


def test_a_failure_among_samples_keeps_the_others() -> None:
    with HostileProvider(work_s=0.2) as provider, Gateway() as gateway:
        model = gateway.model(spec_of(provider, n_support=False, timeout_s=5))
        provider.script[:] = ["good", "400", "good"]
        with pytest.raises(RequestRefused):
            model.complete(user("three"), n=3)
        model.complete(user("three"), n=3)
        assert provider.delivered["three"] == 3


def test_an_overspending_request_is_not_sent() -> None:
    spec_prices = Prices(input=0.0, output=1e6)  # a dollar a token
    with HostileProvider(words=3) as provider, Gateway(limit=Limit(usd=12.0)) as gateway:
        model = gateway.model(spec_of(provider, prices=spec_prices, sampling=Sampling(max_tokens=8)))
        model.complete(user("first"))
        assert gateway.ledger.total()[0] == pytest.approx(3.0)
        model.complete(user("second"))
        with pytest.raises(BudgetExceeded, match=r"could cost 8.0000 USD.*larger --budget"):
            model.complete(user("third"))
        assert provider.requests == 2
        assert model.complete(user("first"))[0].text  # what was paid for is still there


def test_a_small_budget_pays_for_some_of_many_samples() -> None:
    cache, sampling = InMemoryCache(), Sampling(max_tokens=100)
    with HostileProvider(words=10) as provider, Gateway(cache, Limit(tokens=1000)) as gateway:
        spec = spec_of(provider, sampling=sampling)
        with pytest.raises(BudgetExceeded):
            gateway.model(spec).complete(user("q"), n=60)  # 6,000 tokens at worst
        kept = cache.lookup(completion_key(spec, user("q"), sampling), range(60))
        assert 30 < len(kept) == provider.delivered["q"] < 60
        assert provider.billed_tokens <= 1000


def test_a_budget_in_usd_needs_prices() -> None:
    with (
        HostileProvider() as provider,
        Gateway(limit=Limit(usd=1.0)) as gateway,
        pytest.raises(ConfigError, match=r"models.teacher.prices"),
    ):
        gateway.model(spec_of(provider, prices=None))


def test_a_run_does_not_wait_in_silence(
    provider: HostileProvider, gateway: Gateway, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    provider.script[:] = ["503"] * 4 + ["good"]
    gateway.model(spec_of(provider)).complete(user("soon"))
    assert not caplog.records  # faults that pass at once are nobody's business
    monkeypatch.setattr("stepsmith.llm.client.WAIT_UNTOLD_S", 0.0)
    provider.script[:] = ["503"] * 4 + ["good"]
    gateway.model(spec_of(provider)).complete(user("late"))
    (told,) = caplog.records  # once, not for every try
    assert told.levelname == "WARNING"
    assert re.match(r"teacher: .*503.* Still trying, after 1 tries in 0 s\.", told.getMessage()), told.getMessage()
