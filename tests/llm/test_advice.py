"""What replies show about the settings of a model and its server."""

import pytest

from stepsmith.core.model_outputs import ModelOutput, Usage
from stepsmith.llm.advice import advice_on
from stepsmith.llm.records import ModelSpec, Prices, Sampling

SAMPLING = Sampling(max_tokens=1000, temperature=0.0)
SPEC = ModelSpec(
    name="m", base_url="http://x/v1", model="x", sampling=SAMPLING, prices=Prices(input=1.0, output=2.0)
)  # fmt: skip


def reply(text: str = "An answer.", finish: str = "stop", tokens: int = 100, **more: object) -> ModelOutput:
    usage = Usage(prompt_tokens=10, completion_tokens=tokens, reasoning_tokens=int(more.pop("thought", 0)))  # type: ignore[call-overload]
    given = {"content": text, "finish_reason": finish, "model": "x", "sample": 0, "usage": usage, **more}
    return ModelOutput(**given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("outputs", "words"),
    [
        ([reply()], []),
        ([reply("half", "length", 1000)], ["raise models.m.sampling.max_tokens (now 1,000)."]),
        (
            [reply("", "length", 1000, reasoning_content="hm" * 500, thought=990)],
            ["or lower models.m.sampling.reasoning"],
        ),
        ([reply("half", "length", 400)], ["after 400 tokens", "--max-model-len"]),
        ([reply(), reply("half", "length", 1000)], ["1 of 2 replies were cut off at max_tokens"]),
        ([reply("", reasoning_content="The answer is 4.")], ["--reasoning-parser", "no answer"]),
        ([reply("<think>hm</think>\nFour.")], ["between tags"]),
        ([reply("", "refusal", refusal="No.")], ["refused to answer"]),
        ([reply("")], ["finish_reason 'stop'", "models.m.sampling.stop"]),
        ([reply("word " * 100)] * 2, ["the same to the letter", "temperature above 0 (now 0)"]),
        ([reply("[1, 2]")] * 2, []),  # a short answer may well be given twice
    ],
)
def test_each_symptom_names_its_setting(outputs: list[ModelOutput], words: list[str]) -> None:
    advice = " ".join(advice_on(outputs, SAMPLING, SPEC))
    assert bool(advice) == bool(words)
    for word in words:
        assert word in advice


def test_missing_prices_and_usage_are_told() -> None:
    spec = ModelSpec(name="m", base_url="http://x/v1", model="x")
    estimated = reply(usage=Usage(completion_tokens=5, estimated=True))
    advice = advice_on([estimated], spec.sampling, spec)
    assert [line.split(":")[0] for line in advice] == [
        "The server does not say how many tokens it used",
        "No prices are configured",
    ]
    assert "[models.m.prices]" in advice[1]
