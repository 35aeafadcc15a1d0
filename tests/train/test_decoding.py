"""Generating on the CPU: greedy completions are those of transformers, random ones follow the model's probabilities."""

import pytest

pytest.importorskip("torch")

import torch

from stepsmith.train.decoding import decode
from stepsmith.train.policy import Policy
from tests.train.small_runs import a_policy, some_problems

PROMPTS = [
    "Add 1.",
    "Given a list of numbers, return the sum of those that are even, then negate it.",
    "Sort.",
    "Add 1.",
]


@pytest.fixture(scope="module")
def policy() -> Policy:
    """Return a policy with strong opinions, so that a wrong mask or position shows."""
    policy = a_policy(some_problems(4))
    with torch.no_grad():
        for weight in policy.model.parameters():
            weight.mul_(8)
    return policy


def test_greedy_completions_are_those_of_transformers(policy: Policy) -> None:
    """Whatever ends a completion, here the commonest tokens, some rows leave the batch before others."""
    asked = [policy.encode(prompt) for prompt in PROMPTS]
    width, pad = max(map(len, asked)), policy.tokenizer.pad_token_id
    tokens = torch.tensor([[pad] * (width - len(ids)) + ids for ids in asked])
    mask = torch.tensor([[0] * (width - len(ids)) + [1] * len(ids) for ids in asked])
    with torch.inference_mode():
        whole = policy.model.generate(
            input_ids=tokens, attention_mask=mask, max_new_tokens=12, do_sample=False, eos_token_id=None
        )[:, width:].tolist()
        for end in {token for row in whole for token in row}:
            found = decode(policy.model, asked, ends={end}, temperature=0.0, max_tokens=12)
            assert found == [row[: row.index(end) + 1] if end in row else row for row in whole]


def test_tokens_come_as_often_as_the_model_says(policy: Policy) -> None:
    """The first two tokens of 4,000 completions of one prompt, against the model's probabilities."""
    mild = a_policy(some_problems(4))
    asked = mild.encode("Sort.")
    torch.manual_seed(0)
    with torch.inference_mode():
        for weight in mild.model.parameters():
            weight.mul_(3)
        found = torch.tensor(decode(mild.model, [asked] * 4000, ends=(), temperature=0.7, max_tokens=2))
        for column in range(2):
            before = torch.cat([torch.tensor([asked] * 4000), found[:, :column]], dim=1)
            probabilities = torch.softmax(mild.model(input_ids=before).logits[:, -1] / 0.7, -1)
            wanted, seen = probabilities.sum(0), torch.bincount(found[:, column], minlength=probabilities.shape[1])
            sigma = (probabilities * (1 - probabilities)).sum(0).sqrt()
            assert ((seen - wanted).abs() < 5 * sigma + 1).all()
            assert seen.max() > 20  # some tokens are likelier than others
