"""Refused requests: which setting they are about, and when they end a run."""

import pytest

from stepsmith.core.errors import ConfigError, RequestRefused
from stepsmith.llm.failures import AttemptError
from stepsmith.llm.gateway import Gateway
from stepsmith.llm.records import ModelSpec, Sampling
from stepsmith.llm.refusals import MOST_AT_FIRST, MOST_LATER, RefusalWatch, refused
from tests.llm.asking import spec_of, user
from tests.llm.hostile_provider import HostileProvider

SPEC = ModelSpec(name="t", base_url="http://localhost/v1", model="m")

# What servers say when max_tokens is beyond their limit (here 4096), or prompt and answer together are.
TOO_LONG = {
    "OpenAI, output": "max_tokens is too large: 16384. This model supports at most 4096 completion tokens, whereas you "
    "provided 16384.",
    "OpenAI, context": "This model's maximum context length is 4096 tokens. However, you requested 16500 tokens (116 "
    "in the messages, 16384 in the completion). Please reduce the length of the messages or completion.",
    "vLLM": "'max_tokens' or 'max_completion_tokens' is too large: 16384. This model's maximum context length is 4096 "
    "tokens and your request has 116 input tokens (16384 > 4096 - 116). None",
    "SGLang": "Requested token count exceeds the model's maximum context length of 4096 tokens. You requested a total "
    "of 16500 tokens: 116 tokens from the input messages and 16384 tokens for the completion.",
    "Anthropic, output": "max_tokens: 16384 > 4096, which is the maximum allowed number of output tokens for claude",
    "Anthropic, context": "input length and `max_tokens` exceed context limit: 116 + 16384 > 4096, decrease input "
    "length or `max_tokens` and try again",
    "Mistral": "Prompt contains 116 tokens and 0 draft tokens, too large for model with 4096 maximum context length",
    "DeepSeek": "Invalid max_tokens value, the valid range of max_tokens is [1, 4096]",
    "Qwen": "Range of max_tokens should be [1, 4096]",
    "Groq": "`max_tokens` must be less than or equal to `4096`, the maximum value for `max_tokens` is less than the "
    "`context_window` for this model",
    "TGI": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 116 `inputs` tokens and "
    "16384 `max_new_tokens`",
    "llama.cpp": "the request exceeds the available context size (4096 tokens), try increasing it",
    "Gemini": "Unable to submit request because it has a maxOutputTokens value of 16384 but the supported range is "
    "from 1 (inclusive) to 4096 (exclusive).",
}


@pytest.mark.parametrize("server", TOO_LONG)
def test_max_tokens_beyond_the_servers_limit_is_recognised(server: str) -> None:
    failure = AttemptError(f"HTTP 400: {TOO_LONG[server]}", status=400)
    error = refused(failure, SPEC, Sampling(max_tokens=16_384))
    assert isinstance(error, ConfigError)
    assert "models.t.sampling.max_tokens is 16384, and the server's limit is 4096: lower it." in str(error)
    assert TOO_LONG[server].rstrip(".")[:60] in str(error)
    fits = refused(failure, SPEC, Sampling(max_tokens=4000))
    assert isinstance(fits, RequestRefused)  # this prompt is too long; a shorter one may pass
    assert "context of 4096 tokens: lower models.t.sampling.max_tokens (now 4000)" in str(fits)


@pytest.mark.parametrize(
    "failure",
    [
        AttemptError("HTTP 400: too much", status=400, code="context_length_exceeded"),
        AttemptError("HTTP 400: prompt is too long for this model", status=400),
        AttemptError("HTTP 413: the input exceeds the context window", status=413),
    ],
)
def test_a_prompt_that_is_too_long_is_recognised_without_a_number(failure: AttemptError) -> None:
    error = refused(failure, SPEC, Sampling(max_tokens=500))
    assert isinstance(error, RequestRefused)
    assert "do not fit into the server's context: lower models.t.sampling.max_tokens (now 500)" in str(error)


@pytest.mark.parametrize(
    ("words", "param", "setting"),
    [
        ("temperature may not be set for this model", "", "models.t.sampling.temperature."),
        ("Unsupported value", "top_p", "models.t.sampling.top_p."),
        ("unknown field chat_template_kwargs", "", "models.t.sampling.extra.chat_template_kwargs."),
        ("reasoning_effort: expected low, medium or high", "", "models.t.sampling.reasoning_effort."),
        (
            "`temperature` and `top_p` cannot both be given",
            "",
            "models.t.sampling.temperature and models.t.sampling.top_p.",
        ),
        ("model not loaded", "", "[models.t], [models.t.sampling] and the length of the prompt."),
        ("model not loaded", "model", "models.t.model."),
        ("n must be 1", "n", "models.t.n_support."),
    ],
)
def test_the_setting_to_look_at_is_named(words: str, param: str, setting: str) -> None:
    sampling = Sampling(extra={"chat_template_kwargs": {}})
    error = refused(AttemptError(f"HTTP 400: {words}", status=400, param=param), SPEC, sampling)
    assert str(error) == f"t: HTTP 400: {words}. The endpoint refuses this request; look at {setting}"


def test_refusals_end_a_run_only_when_they_repeat_in_a_row() -> None:
    watch = RefusalWatch()
    for number in range(MOST_AT_FIRST - 1):
        watch.refused("attempt", RequestRefused(f"too long by {number} tokens"))
    watch.refused("propose", RequestRefused("too long by 7 tokens"))  # each stage has a count of its own
    watch.refused("attempt", RequestRefused("something else"))  # as has each message
    watch.answered("attempt")
    for number in range(MOST_LATER - 1):
        watch.refused("attempt", RequestRefused(f"too long by {number} tokens"))
    watch.check()
    watch.answered("attempt")
    for number in range(MOST_LATER - 1):
        watch.refused("attempt", RequestRefused(f"too long by {number} tokens"))
    with pytest.raises(ConfigError, match=f"the last {MOST_LATER} requests of the stage attempt .* too long by 99"):
        watch.refused("attempt", RequestRefused("too long by 99 tokens"))
    for _ in range(2):
        with pytest.raises(ConfigError, match="too long by 99"):
            watch.check()


def test_a_client_sends_nothing_more_once_refusals_have_ended_the_run() -> None:
    with HostileProvider() as provider, Gateway() as gateway:
        model = gateway.model(spec_of(provider))
        provider.script[:] = ["400 no such thing"] * 100
        for number in range(MOST_AT_FIRST - 1):
            with pytest.raises(RequestRefused, match="no such thing"):
                model.complete(user(f"{number}"), purpose="attempt")
        for number in range(5):
            with pytest.raises(ConfigError, match=r"attempt were refused in the same way.*no such"):
                model.complete(user(f"{number} again"), purpose="attempt")
        assert provider.requests == MOST_AT_FIRST
        assert gateway.ledger.total() == (0.0, 0)


def test_answers_from_the_cache_are_no_sign_of_life() -> None:
    with HostileProvider() as provider, Gateway() as gateway:
        model = gateway.model(spec_of(provider))
        model.complete(user("known"), purpose="attempt")
        provider.script[:] = ["400 closed"] * 100
        for number in range(MOST_LATER - 1):
            with pytest.raises(RequestRefused):
                model.complete(user(f"new {number}"), purpose="attempt")
            assert model.complete(user("known"), purpose="attempt")
        with pytest.raises(ConfigError, match="closed"):
            model.complete(user("the last"), purpose="attempt")
