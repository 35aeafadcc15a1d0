import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepsmith.core.model_outputs import ModelOutput, Usage

counts = st.integers(0, 10**6)
usages = st.builds(
    Usage, prompt_tokens=counts, completion_tokens=counts, cached_tokens=counts, reasoning_tokens=counts
)  # fmt: skip


@given(usages, usages)
def test_usages_add_and_subtract(one: Usage, other: Usage) -> None:
    assert one + other == other + one
    assert one + other - other == one
    assert (one + other).tokens == one.tokens + other.tokens
    assert one + Usage() == one


def test_a_sum_with_an_estimate_is_an_estimate() -> None:
    assert (Usage(prompt_tokens=1) + Usage(prompt_tokens=2, estimated=True)).estimated
    assert not (Usage(prompt_tokens=1) + Usage(prompt_tokens=2)).estimated


@pytest.mark.parametrize(
    ("content", "field", "text", "reasoning"),
    [
        ("<think>\nhm\n</think>\n  42 \n", "", "42", "hm"),
        ("42", "in its own field", "42", "in its own field"),
        ("<think>\nhm\n</think>\n42", "before", "42", "before\nhm"),
        ("<think>\nnever closed", "", "", "never closed"),
        ("", "", "", ""),
    ],
)
def test_reasoning_is_separated_from_the_answer(content: str, field: str, text: str, reasoning: str) -> None:
    output = ModelOutput(
        content=content, reasoning_content=field, finish_reason="stop", model="m", sample=0, usage=Usage()
    )
    assert (output.text, output.reasoning) == (text, reasoning)
