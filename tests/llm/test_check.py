import pytest

from stepsmith.core.errors import ConfigError, EndpointError
from stepsmith.llm.check import PURPOSE, QUESTION, check
from stepsmith.llm.gateway import Gateway
from stepsmith.llm.records import Sampling
from tests.llm.asking import spec_of, user
from tests.llm.hostile_provider import HostileProvider


def test_the_question_is_asked_once_with_the_models_own_settings() -> None:
    with HostileProvider(reply=lambda prompt: "OK") as provider, Gateway() as gateway:
        model = gateway.model(spec_of(provider, sampling=Sampling(max_tokens=77, temperature=0.3, top_p=0.9)))
        assert check(model).text == check(model).text == "OK"
        (body,) = provider.bodies
        assert body["messages"] == [{"role": "user", "content": QUESTION}]
        assert (body["max_tokens"], body["temperature"], body["top_p"]) == (77, 0.3, 0.9)
        assert [spend.purpose for spend in gateway.ledger.spends()] == [PURPOSE]


def test_a_refusal_is_a_mistake_in_the_configuration() -> None:
    with HostileProvider(refuses={"temperature": "temperature may not be set"}) as provider, Gateway() as gateway:
        model = gateway.model(spec_of(provider, sampling=Sampling(max_tokens=9, temperature=1.0)))
        with pytest.raises(ConfigError, match=r"temperature may not be set. .*models\.teacher\.sampling\.temperature"):
            check(model)


def test_a_server_that_does_not_answer_is_an_endpoint_error() -> None:
    with HostileProvider() as provider, Gateway() as gateway:
        provider.script[:] = ["404"]
        with pytest.raises(EndpointError, match="ends with /v1"):
            check(gateway.model(spec_of(provider)))
        assert user(QUESTION)
