"""What SFT teaches: a prompt with its golden answer, or a control of the same number of tokens."""

import random
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from stepsmith.core.ids import derive_rng
from stepsmith.core.records import Problem
from stepsmith.envs import ENVIRONMENTS
from stepsmith.synth.seeds import SeedSource
from stepsmith.synth.worked import worked_reasoning
from stepsmith.train.settings import SftSettings

if TYPE_CHECKING:
    from stepsmith.train.policy import Policy

Lesson = dict[str, object]  # a row of the data set that TRL's trainer reads


def golden_reply(problem: Problem, *, reasoning: bool = False) -> str:
    """Return the completion that SFT teaches: the golden answer in the format that the prompt asks for.

    With ``reasoning``, worked reasoning stands before it where the grammar can write it.
    """
    environment = ENVIRONMENTS[problem.environment]
    thoughts = worked_reasoning(problem) if reasoning else ""
    return (f"{thoughts}\n" if thoughts else "") + environment.write(environment.golden(problem))


def lessons(policy: "Policy", problems: Sequence[Problem], settings: SftSettings, seed: int) -> list[Lesson]:
    """Return one lesson for each problem, in their order. The same arguments give the same lessons.

    The control "shuffled" gives each prompt the answer of another problem of its environment. "raw-code" puts in the
    place of each lesson as many tokens of the code that `stepsmith synth` draws its seeds from by default (Python's
    standard library); there the loss is over every token.
    """
    replies = [golden_reply(problem, reasoning=settings.reasoning) for problem in problems]
    if settings.control == "shuffled":
        replies = _shuffled(problems, replies, seed)
    prompts = [policy.prompt(problem) for problem in problems]
    if settings.control == "raw-code":
        lengths = [len(policy.encode(prompt, reply)) for prompt, reply in zip(prompts, replies, strict=True)]
        return _raw_code(policy, lengths, seed)
    return [_conversation(prompt, reply) for prompt, reply in zip(prompts, replies, strict=True)]


def _shuffled(problems: Sequence[Problem], replies: Sequence[str], seed: int) -> list[str]:
    """Hand each reply to another problem: the places of an environment in random order, moved on by one."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, problem in enumerate(problems):
        places[problem.environment].append(place)
    found = list(replies)
    for environment, own in places.items():
        order = derive_rng(seed, "shuffled answers", environment).sample(own, len(own))
        for place, other in zip(order, (*order[1:], order[0]), strict=True):
            found[place] = replies[other]
    return found


def _raw_code(policy: "Policy", lengths: Sequence[int], seed: int) -> list[Lesson]:
    source, rng = SeedSource(), derive_rng(seed, "raw code")
    found: list[Lesson] = []
    for length in lengths:
        tokens = _some_code(policy, source, length, rng)
        found.append({"input_ids": tokens, "completion_mask": [1] * len(tokens)})
    return found


def _some_code(policy: "Policy", source: SeedSource, length: int, rng: random.Random) -> list[int]:
    tokens: list[int] = []
    while len(tokens) < length:
        text = source.window(rng).code + "\n"
        tokens += policy.tokenizer(text, add_special_tokens=False)["input_ids"]
    return tokens[:length]


def _conversation(prompt: str, completion: str) -> Lesson:
    return {
        "prompt": [{"role": "user", "content": prompt}],
        "completion": [{"role": "assistant", "content": completion}],
    }
