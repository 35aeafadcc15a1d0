"""Turn a server's response into model outputs: each sample gets its number and its part of the cost."""

from collections.abc import Sequence

from stepsmith.core.model_outputs import ModelOutput, Usage
from stepsmith.llm.money import cost
from stepsmith.llm.records import ModelSpec
from stepsmith.llm.wire import ChatResponse, Choice


def outputs_of(
    response: ChatResponse, samples: Sequence[int], spec: ModelSpec, prompt_tokens: int, discount: float = 1.0
) -> list[ModelOutput]:
    """Return the response's choices as ``samples``, with the cost of the request split among them.

    If the server reports no usage, it is estimated from ``prompt_tokens`` and the length of the text.
    """
    choices = response.choices[: len(samples)]
    usage = response.usage or Usage(
        prompt_tokens=prompt_tokens, completion_tokens=sum(choice.size for choice in choices), estimated=True
    )
    outputs = []
    for choice, sample, part in zip(choices, samples, split_usage(usage, choices), strict=False):
        refusal = choice.text("refusal")
        finish_reason = choice.finish_reason if choice.whole else "length"
        outputs.append(
            ModelOutput(
                content=choice.text("content"),
                reasoning_content=choice.text("reasoning"),
                refusal=refusal,
                finish_reason="refusal" if refusal else finish_reason or "unknown",
                model=response.model or spec.model,
                sample=sample,
                usage=part,
                cost_usd=cost(part, spec.prices) * discount,
            )
        )
    return outputs


def split_usage(usage: Usage, choices: Sequence[Choice]) -> list[Usage]:
    """Split the usage of a request among its samples: completion tokens by length; prompt tokens to the first sample.

    The parts add up to the whole.
    """
    total, parts, given, given_reasoning, read = sum(choice.size for choice in choices), [], 0, 0, 0
    for number, choice in enumerate(choices, 1):
        read += choice.size
        share = read / total if total else number / len(choices)
        upto, reasoning_upto = round(usage.completion_tokens * share), round(usage.reasoning_tokens * share)
        parts.append(
            Usage(
                prompt_tokens=usage.prompt_tokens if number == 1 else 0,
                cached_tokens=usage.cached_tokens if number == 1 else 0,
                completion_tokens=upto - given,
                reasoning_tokens=min(reasoning_upto - given_reasoning, upto - given),
                estimated=usage.estimated,
            )
        )
        given, given_reasoning = upto, given_reasoning + parts[-1].reasoning_tokens
    return parts
