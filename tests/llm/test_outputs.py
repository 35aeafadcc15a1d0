"""Model outputs from responses: numbering, usage and cost add up whatever the server said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepsmith.core.model_outputs import Usage
from stepsmith.llm.outputs import outputs_of, split_usage
from stepsmith.llm.records import ModelSpec, Prices
from stepsmith.llm.wire import ChatResponse, Choice

SPEC = ModelSpec(name="t", base_url="http://localhost/v1", model="m", prices=Prices(input=1.0, output=2.0))


def choice(text: str, finish_reason: str | None = "stop", refusal: str = "") -> Choice:
    made = Choice()
    made.add("content", text)
    made.add("refusal", refusal)
    made.finish_reason = finish_reason
    return made


def test_choices_get_the_numbers_and_the_prices_of_their_samples() -> None:
    usage = Usage(prompt_tokens=100, completion_tokens=40)
    response = ChatResponse([choice("x" * 30), choice("y" * 10, "length"), choice("too many")], usage, "served")
    first, second = outputs_of(response, [4, 7], SPEC, 0)
    assert (first.sample, first.finish_reason, first.model) == (4, "stop", "served")
    assert (second.sample, second.finish_reason) == (7, "length")
    assert first.usage + second.usage == usage
    assert first.cost_usd + second.cost_usd == pytest.approx((100 * 1.0 + 40 * 2.0) / 1e6)
    half = outputs_of(response, [4, 7], SPEC, 0, discount=0.5)
    assert sum(output.cost_usd for output in half) == pytest.approx((100 * 1.0 + 40 * 2.0) / 2e6)


def test_what_the_server_did_not_say_is_estimated() -> None:
    (output,) = outputs_of(ChatResponse([choice("x" * 30, None)], None, ""), [0], SPEC, 77)
    assert (output.model, output.finish_reason) == ("m", "unknown")
    assert output.usage == Usage(prompt_tokens=77, completion_tokens=30, estimated=True)


def test_a_refusal_is_a_reason_to_finish() -> None:
    (output,) = outputs_of(ChatResponse([choice("", "stop", "I will not.")], None, ""), [0], SPEC, 0)
    assert (output.finish_reason, output.refusal, output.text) == ("refusal", "I will not.", "")


@given(
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.floats(0, 1),
    st.lists(st.integers(0, 10**5), min_size=1, max_size=9),
)
def test_the_parts_of_a_usage_add_up(prompt: int, completion: int, reasoned: float, sizes: list[int]) -> None:
    usage = Usage(
        prompt_tokens=prompt, completion_tokens=completion, reasoning_tokens=int(completion * reasoned),
        cached_tokens=prompt // 2,
    )  # fmt: skip
    choices = [Choice() for _ in sizes]
    for choice, size in zip(choices, sizes, strict=True):
        choice.size = size
    parts = split_usage(usage, choices)
    assert sum(parts, Usage()) == usage
    assert all(0 <= part.reasoning_tokens <= part.completion_tokens for part in parts)
