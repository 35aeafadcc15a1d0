"""One request over the network: which key it carries, where it goes, and that the key shows up nowhere else."""

import logging

import pytest

from stepsmith.core.errors import ConfigError, EndpointError
from stepsmith.llm.gateway import Gateway
from tests.llm.asking import spec_of, user
from tests.llm.hostile_provider import HostileProvider

SECRET = "sk-very-secret-0123456789"


def test_the_key_comes_from_its_variable_and_shows_up_nowhere(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TEACHER_KEY", SECRET)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-another")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "Authorization: Bearer sk-injected")
    with caplog.at_level(logging.DEBUG), HostileProvider(key=SECRET) as provider, Gateway() as gateway:
        model = gateway.model(spec_of(provider, key_env="TEACHER_KEY"))
        model.complete(user("a"))
        provider.key = "rotated"  # the server repeats the key in its 401
        with pytest.raises(EndpointError, match=r"\$TEACHER_KEY is not accepted") as caught:
            model.complete(user("b"))
        shown = [repr(model), repr(gateway), str(caught.value), repr(caught.value), caplog.text]
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__
        assert "***" in str(caught.value)
        assert not any(SECRET in text for text in shown)


def test_a_keyless_endpoint_is_not_told_the_openai_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-another")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-another")
    with HostileProvider(key="EMPTY") as provider, Gateway() as gateway:
        assert gateway.model(spec_of(provider)).complete(user("a"))
        assert "openai-organization" not in provider.headers
        monkeypatch.delenv("TEACHER_KEY", raising=False)
        with pytest.raises(ConfigError, match=r"\$TEACHER_KEY, which is not set"):
            gateway.model(spec_of(provider, key_env="TEACHER_KEY"))


@pytest.mark.parametrize("url", ["ftp://x/v1", "x", "http://user:secret@x/v1", "https://x/v1?key=secret"])
def test_addresses_with_secrets_or_without_a_host_are_refused(url: str) -> None:
    with HostileProvider() as provider:
        spec = spec_of(provider)
    with pytest.raises(ValueError, match="base_url") as caught:
        type(spec)(name="teacher", base_url=url, model="m")
    assert "secret" not in str(caught.value)


def test_no_connection_is_retried_and_costs_nothing() -> None:
    with HostileProvider() as provider:
        spec = spec_of(provider)
    with Gateway() as gateway:
        with pytest.raises(EndpointError, match="no connection"):
            gateway.model(spec).complete(user("nobody there"))
        assert gateway.ledger.total() == (0.0, 0)
