"""Runs of a second: policies of a few thousand parameters, settings for them, and scorers that need no judge."""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from stepsmith.core.ids import content_id
from stepsmith.core.records import Problem, Verdict
from stepsmith.curriculum import Sampler, item_of
from stepsmith.scoring.completion import Completion
from stepsmith.scoring.scorer import RewardSettings, ScoredCompletion, Scorer, ScoringRequest
from stepsmith.store.training_log import EvalResult, Step
from stepsmith.synth.exercises import ExerciseSettings, exercises
from stepsmith.train.corpus import is_held_out
from stepsmith.train.lessons import golden_reply
from stepsmith.train.policy import Policy, PromptFormat, ask
from stepsmith.train.rl import RlTrainer, layout_of
from stepsmith.train.settings import ModelSettings, TrainConfig, curriculum_of, with_overrides

MODEL = ModelSettings(vocabulary=280, hidden=16, intermediate=32, layers=1, heads=2, context=512)
FORM = PromptFormat(prompt="brief", max_completion_length=6)


def some_problems(count: int = 6, *, seed: int = 0, held_out: float = 0.0) -> list[Problem]:
    """Exercises of one or two operations, none twice, none of a held-out composition."""
    settings = ExerciseSettings(count=count, distinct=True, steps={"1": 1.0, "2": 1.0}, seed=seed)
    return list(exercises(settings, lambda c: not is_held_out([step.feature for step in c.steps], held_out)))


def a_policy(problems: Sequence[Problem], prompt_format: PromptFormat = FORM, seed: int = 0) -> Policy:
    """A fresh decoder whose tokenizer knows little more than bytes."""
    texts = [text for problem in problems for text in (ask(problem, prompt_format), golden_reply(problem))]
    return Policy.from_scratch(MODEL, prompt_format, texts, seed)


def rl_config(top: dict[str, object] | None = None, **changes: object) -> TrainConfig:
    """RL of four steps on two groups of four replies; ``changes`` go to ``rl``, and ``top`` to the rest."""
    rl = {
        "steps": 4,
        "groups": 2,
        "group_size": 4,
        "learning_rate": 0.01,
        "warmup": 0,
        "max_completion_length": FORM.max_completion_length,
        "curriculum": "shuffled",
        "mask_truncated": False,  # a policy that knows nothing hardly ever ends a reply
    }
    plain: dict[str, object] = {
        "stage": "rl",
        "runtime": {"threads": 1, "judge_workers": 1, "log_every": 1, "checkpoint_every": 2},
        "data": {"prompt": "brief", "held_out": 0.0, "max_prompt_length": 500},
        "eval": {"problems": 2, "samples": 1},
        "rl": rl | changes,
    }
    return with_overrides(with_overrides(TrainConfig(), plain), top or {})


def an_rl_trainer(
    config: TrainConfig, problems: Sequence[Problem], scorer: Scorer, folder: Path, policy: Policy | None = None
) -> RlTrainer:
    """The trainer as the pipeline makes it, over a fresh policy if none is given."""
    sampler = Sampler(
        [item_of(problem) for problem in problems],
        curriculum_of(config.rl),
        layout_of(config, folder),
        mix=config.rl.mix,
        seed=config.seed,
    )
    return RlTrainer(policy or a_policy(problems), problems, sampler, scorer, config, folder, [])


class ByRule(Scorer):
    """Rewards by a rule over (problem, text) instead of a judge: every reply is judged. Remembers its batches."""

    def __init__(self, rule: Callable[[Problem, str], float | None], *_: object, **__: object) -> None:
        self._rule, self.rewards = rule, RewardSettings()
        self.batches: list[list[ScoringRequest]] = []

    def score_batch(self, requests: Sequence[ScoringRequest], known: object = None) -> list[ScoredCompletion]:
        self.batches.append(list(requests))
        return [
            a_scored_completion(r.problem, r.completion, self._rule(r.problem, r.completion.text)) for r in requests
        ]

    def close(self) -> None:
        pass


def a_scored_completion(problem: Problem, reply: Completion, reward: float | None) -> ScoredCompletion:
    """A completion that was judged; solved where the reward is 1."""
    return ScoredCompletion(
        problem_id=problem.id,
        environment=problem.environment,
        status="truncated" if reply.truncated else "judged",
        reward=reward,
        verdict=Verdict.AC if reward == 1 else Verdict.WA,
        passed=int(reward == 1),
        tests=1,
        solved=reward == 1,
    )


def by_hash(problem: Problem, text: str) -> float:
    """A reward that looks random and depends on nothing but problem and text."""
    return float(int(content_id("coin", problem.id, text)[-1], 16) % 2)


class Seen:
    """An observer that remembers."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.evals: list[EvalResult] = []
        self.started_with: tuple[int, int, int, int] | None = None

    def started(self, config: TrainConfig, problems: int, held_out: int, steps: int, done: int) -> None:
        self.started_with = (problems, held_out, steps, done)

    def stepped(self, step: Step) -> None:
        self.steps.append(step)

    def evaluated(self, result: EvalResult) -> None:
        self.evals.append(result)

    def note(self, text: str) -> None:
        pass


def weights_of(policy: Policy) -> dict[str, torch.Tensor]:
    """The weights of a policy, by name."""
    return {name: weight.detach().clone() for name, weight in policy.model.state_dict().items()}
