"""A policy small enough for tests, that knows a little."""

from collections.abc import Sequence

import torch

from stepsmith.core.records import Problem
from stepsmith.synth.exercises import ExerciseSettings, exercises
from stepsmith.train.lessons import golden_reply
from stepsmith.train.policy import Policy, PromptFormat, ask
from stepsmith.train.settings import ModelSettings

SIZE = ModelSettings(vocabulary=420, hidden=48, intermediate=96, layers=2, heads=4, context=160)


def lessons(count: int = 400, steps: str = "1", seed: int = 0) -> list[Problem]:
    return list(exercises(ExerciseSettings(count=count, steps={steps: 1.0}, seed=seed)))


def tiny_policy(problems: Sequence[Problem], steps: int = 150, batch: int = 16, seed: int = 0) -> Policy:
    """A decoder from scratch after a few steps of plain supervised training on the golden replies."""
    prompt_format = PromptFormat(prompt="brief", max_completion_length=64)
    texts = [text for problem in problems for text in (ask(problem, prompt_format), golden_reply(problem))]
    policy = Policy.from_scratch(SIZE, prompt_format, texts, seed)
    end = policy.tokenizer.eos_token_id
    rows = []
    for problem in problems:
        prompt = policy.encode(policy.prompt(problem))
        reply = [*policy.tokenizer.encode(golden_reply(problem)), end]
        rows.append((prompt + reply, [-100] * len(prompt) + reply))
    optimizer = torch.optim.AdamW(policy.model.parameters(), lr=5e-3)
    for step in range(steps):
        part = [rows[(step * batch + k) % len(rows)] for k in range(batch)]
        width = max(len(ids) for ids, _ in part)
        ids = torch.tensor([i + [end] * (width - len(i)) for i, _ in part])
        labels = torch.tensor([label + [-100] * (width - len(label)) for _, label in part])
        optimizer.zero_grad()
        policy.model(input_ids=ids, labels=labels).loss.backward()
        optimizer.step()
    return policy
