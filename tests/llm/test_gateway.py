"""The synchronous face: threads, forks, missing extras, impossible settings."""

import multiprocessing
import sys
import warnings

import msgspec
import pytest

from stepsmith.core.errors import EndpointError, MachineError
from stepsmith.llm.gateway import Gateway
from stepsmith.llm.records import Concurrency, ModelSpec, Prices, Sampling
from tests.llm.asking import spec_of, user
from tests.llm.hostile_provider import HostileProvider


def test_without_the_extra_only_building_a_client_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "stepsmith.llm.transport", raising=False)
    monkeypatch.setitem(sys.modules, "openai", None)
    with (
        HostileProvider() as provider,
        Gateway() as gateway,
        pytest.raises(MachineError, match=r"openai.*pip install 'stepsmith\[llm\]'"),
    ):
        gateway.model(spec_of(provider))


def test_one_client_for_one_spec() -> None:
    with HostileProvider() as provider, Gateway() as gateway:
        first, again = gateway.model(spec_of(provider)), gateway.model(spec_of(provider))
        other = gateway.model(spec_of(provider, stream=False))
        assert first._client is again._client is not other._client
        assert first.name == "teacher"


def _ask_in_child(gateway: Gateway, spec: ModelSpec, results: "multiprocessing.Queue[str]") -> None:
    try:
        gateway.model(spec).complete(user("from the child"))
    except EndpointError as error:
        results.put(str(error))


def test_a_forked_child_is_told_to_make_its_own() -> None:
    context = multiprocessing.get_context("fork")
    results: multiprocessing.Queue[str] = context.Queue()  # type: ignore[assignment]
    with HostileProvider() as provider, Gateway() as gateway:
        spec = spec_of(provider)
        gateway.model(spec).complete(user("from the parent"))
        child = context.Process(target=_ask_in_child, args=(gateway, spec, results))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # forking beside threads is what is tested
            child.start()
        assert "another process" in results.get(timeout=30)
        child.join()
        assert provider.requests == 1


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (Sampling, {"max_tokens": 0}),
        (Sampling, {"extra": {"n": 3}}),
        (Sampling, {"extra": {"stream": True}}),
        (Sampling, {"temprature": 1.0}),
        (Concurrency, {"low": 0}),
        (Concurrency, {"low": 9, "start": 8}),
        (Concurrency, {"high": 4}),
        (Prices, {"input": -1.0, "output": 1.0}),
        (Prices, {"input": 1.0}),
        (ModelSpec, {"name": "t", "base_url": "localhost:8000", "model": "m"}),
    ],
)
def test_impossible_settings_are_refused_when_they_are_read(kind: type, settings: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(settings, kind)
