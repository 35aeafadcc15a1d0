"""Specs and messages for tests against a provider."""

from typing import Any

from stepsmith.llm.records import Message, ModelSpec, Prices, Retries, Sampling
from tests.llm.hostile_provider import HostileProvider

FAST = Retries(attempts=6, patience_s=20.0, base_s=0.01, cap_s=0.1)
PRICES = Prices(input=1.0, output=2.0)


def spec_of(provider: HostileProvider, **settings: Any) -> ModelSpec:
    """A model at ``provider`` with short waits."""
    given: dict[str, Any] = {"retries": FAST, "timeout_s": 0.5, "sampling": Sampling(max_tokens=100), "prices": PRICES}
    return ModelSpec(name="teacher", base_url=provider.url, model="m", **{**given, **settings})


def user(text: str) -> list[Message]:
    """A conversation of one message."""
    return [Message(role="user", content=text)]
