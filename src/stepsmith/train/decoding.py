"""Generating on the CPU: equal prompts are read once, and finished completions leave the batch.

transformers reads a prompt as often as it has completions, and computes every row until the longest one ends. With a
small model on the CPU that takes twice as long. Greedy completions are the same, and random ones have the same
distribution.
"""

from collections.abc import Container, Sequence

import torch
from transformers import DynamicCache, PreTrainedModel

LEAVE = 1 / 8  # share of the rows that must be finished before they are taken out of the batch


def decode(
    model: PreTrainedModel,
    prompts: Sequence[Sequence[int]],
    *,
    ends: Container[int],
    temperature: float,
    max_tokens: int,
) -> list[list[int]]:
    """Return the tokens of one completion for each prompt, with the one of ``ends`` that ended it, if any did.

    Temperature 0 is greedy. The random numbers are those of torch's generator. The caller turns gradients off.
    """
    cache, mask, logits = _read(model, prompts)
    place = mask.sum(1)
    written: list[list[int]] = [[] for _ in prompts]
    rows = list(range(len(prompts)))  # the completion of each row of the batch
    for _ in range(max_tokens):
        chosen = _choose(logits, temperature)
        for row, token in zip(rows, chosen.tolist(), strict=True):
            if not _ended(written[row], ends):
                written[row].append(token)
        going = [k for k, row in enumerate(rows) if not _ended(written[row], ends)]
        if not going:
            break
        if len(going) <= (1 - LEAVE) * len(rows):
            kept = torch.tensor(going, device=chosen.device)
            cache.batch_select_indices(kept)
            mask, place, chosen, rows = mask[kept], place[kept], chosen[kept], [rows[k] for k in going]
        mask = torch.cat([mask, mask.new_ones(len(rows), 1)], dim=1)
        logits = _next(model, chosen[:, None], mask, place[:, None], cache)
        place = place + 1
    return written


def _read(model: PreTrainedModel, prompts: Sequence[Sequence[int]]) -> tuple[DynamicCache, torch.Tensor, torch.Tensor]:
    """Read each different prompt once; return for all prompts their keys and values, mask and next logits."""
    different = {tuple(prompt): None for prompt in prompts}
    numbers = {prompt: number for number, prompt in enumerate(different)}
    width = max(map(len, different))
    tokens = torch.tensor([[0] * (width - len(prompt)) + list(prompt) for prompt in different], device=model.device)
    mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in different], device=model.device)
    cache = DynamicCache(config=model.config)
    logits = _next(model, tokens, mask, (mask.cumsum(1) - 1).clamp(min=0), cache)
    spread = torch.tensor([numbers[tuple(prompt)] for prompt in prompts], device=model.device)
    cache.batch_select_indices(spread)
    return cache, mask[spread], logits[spread]


def _next(
    model: PreTrainedModel, tokens: torch.Tensor, mask: torch.Tensor, places: torch.Tensor, cache: DynamicCache
) -> torch.Tensor:
    """Return the logits (rows, vocabulary) that follow ``tokens`` (rows, tokens)."""
    found = model(
        input_ids=tokens,
        attention_mask=mask,
        position_ids=places,
        past_key_values=cache,
        use_cache=True,
        logits_to_keep=1,
    )
    logits: torch.Tensor = found.logits[:, -1].float()
    return logits


def _choose(logits: torch.Tensor, temperature: float) -> torch.Tensor:
    """Return a token for each row: the likeliest one, or by inverting the cumulative probabilities."""
    if not temperature:
        return logits.argmax(-1)
    cumulative = torch.softmax(logits / temperature, -1).cumsum(-1)
    lots = 1 - torch.rand(len(logits), 1, device=logits.device)  # above 0, so that no token of probability 0 is chosen
    return (cumulative < lots * cumulative[:, -1:]).sum(-1)


def _ended(tokens: Sequence[int], ends: Container[int]) -> bool:
    return bool(tokens) and tokens[-1] in ends
