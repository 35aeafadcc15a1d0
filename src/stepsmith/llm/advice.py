"""What to change about a model, judged by the replies that it gives: limits, reasoning, sampling, prices.

What a server refuses carries its advice in the error (``refusals``).
"""

from collections.abc import Sequence

from stepsmith.core.answers import split_reasoning
from stepsmith.core.model_outputs import ModelOutput
from stepsmith.llm.records import ModelSpec, Sampling

NEARLY = 0.9  # a reply that ended at less than this share of max_tokens was cut off by something else
LONG = 300  # characters, reasoning included, from which on two samples that are equal were not drawn
MOSTLY = 0.7  # share of reasoning tokens from which on they are what used up the limit


def advice_on(outputs: Sequence[ModelOutput], sampling: Sampling, spec: ModelSpec) -> list[str]:
    """Return what to change, one sentence each; none where everything is fine. ``outputs`` answer one request."""
    table = f"models.{spec.name}"
    found: list[str] = []
    if cut := [output for output in outputs if output.finish_reason == "length"]:
        found.append(_on_cut(cut, len(outputs), sampling, table))
    if empty := [output for output in outputs if not output.text and output.finish_reason != "length"]:
        found.append(_on_empty(empty[0], table))
    if any(split_reasoning(output.content)[0].strip() for output in outputs):
        found.append(
            "The reasoning stands in the answer, between tags. It is read as reasoning, but the server counts it as "
            "answer: start it with the reasoning parser of the model (vLLM and SGLang: --reasoning-parser)."
        )
    whole = {output.content + output.reasoning_content for output in outputs}
    if len(outputs) > 1 and len(whole) == 1 and len(*whole) >= LONG:
        found.append(
            f"{len(outputs)} samples are the same to the letter, so pass rates would be 0 or 1: set "
            f"{table}.sampling.temperature above 0 (now {_shown(sampling.temperature)})."
        )
    if any(output.usage.estimated for output in outputs):
        found.append("The server does not say how many tokens it used: tokens and costs are estimates from the length.")
    if spec.prices is None:
        found.append(f"No prices are configured: with [{table}.prices] costs are shown, and budgets in USD hold.")
    return found


def _on_cut(cut: Sequence[ModelOutput], replies: int, sampling: Sampling, table: str) -> str:
    longest = max(output.usage.completion_tokens for output in cut)
    reasoning = max(output.usage.reasoning_tokens for output in cut)
    said = f"{len(cut)} of {replies} replies were cut off" if replies > 1 else "The reply was cut off"
    if replies == 1 and 0 < longest < NEARLY * sampling.max_tokens and not cut[0].usage.estimated:
        return (
            f"{said} after {longest:,} tokens, before max_tokens ({sampling.max_tokens:,}): the server's context is "
            "full. Serve the model with a larger one (vLLM: --max-model-len, llama.cpp: --ctx-size)."
        )
    raised = f"{said} at max_tokens: raise {table}.sampling.max_tokens (now {sampling.max_tokens:,})"
    thinking = reasoning >= MOSTLY * longest > 0 or all(output.reasoning and not output.text for output in cut)
    return (
        f"{raised}, or lower {table}.sampling.reasoning_effort: most of it was reasoning." if thinking else f"{raised}."
    )


def _on_empty(output: ModelOutput, table: str) -> str:
    if output.refusal or output.finish_reason in ("content_filter", "refusal"):
        return (
            f"The model refused to answer ({output.finish_reason}): take another model, or look at its safety settings."
        )
    if output.reasoning:
        return (
            "The whole reply counts as reasoning, and there is no answer: the server's reasoning parser does not fit "
            "the model. Start it with the right one, or without (vLLM and SGLang: --reasoning-parser)."
        )
    return f"The reply is empty (finish_reason {output.finish_reason!r}): look at {table}.sampling.stop and .extra."


def _shown(temperature: float | None) -> str:
    return "the server's default" if temperature is None else f"{temperature:g}"
