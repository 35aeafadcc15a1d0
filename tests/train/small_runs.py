"""Runs of a second: policies of a few thousand parameters, settings for them, and graders that need no judge."""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from stepsmith.core.ids import content_id
from stepsmith.core.records import Problem, Verdict
from stepsmith.curriculum import Sampler, item_of
from stepsmith.pipeline.training import curriculum_of
from stepsmith.store.training_log import EvalResult, Step
from stepsmith.synth.exercises import ExerciseSettings, exercises
from stepsmith.train.corpus import is_held_out
from stepsmith.train.grading import Grade, Grader, GradingSettings, Reply
from stepsmith.train.policy import Policy, PromptFormat, ask
from stepsmith.train.rl import RlTrainer, layout_of
from stepsmith.train.settings import ModelSettings, TrainConfig, with_overrides
from stepsmith.train.sft import golden_reply

MODEL = ModelSettings(vocabulary=280, hidden=16, intermediate=32, layers=1, heads=2, context=512)
FORM = PromptFormat(prompt="brief", max_reply_tokens=6)


def some_problems(count: int = 6, *, seed: int = 0, held_out: float = 0.0) -> list[Problem]:
    """Exercises of one or two operations, none twice, none of a held-out composition."""
    settings = ExerciseSettings(count=count, steps={"1": 1.0, "2": 1.0}, seed=seed)
    wanted = exercises(settings, lambda c: not is_held_out([step.feature for step in c.steps], held_out), distinct=True)
    return list(wanted)


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
        "max_reply_tokens": FORM.max_reply_tokens,
        "curriculum": "shuffled",
        "mask_truncated": False,  # a policy that knows nothing hardly ever ends a reply
    }
    plain: dict[str, object] = {
        "stage": "rl",
        "threads": 1,
        "judges": 1,
        "log_every": 1,
        "checkpoint_every": 2,
        "data": {"prompt": "brief", "held_out": 0.0, "max_prompt_tokens": 500},
        "measure": {"problems": 2, "samples": 1},
        "rl": rl | changes,
    }
    return with_overrides(with_overrides(TrainConfig(), plain), top or {})


def an_rl_trainer(
    config: TrainConfig, problems: Sequence[Problem], grader: Grader, folder: Path, policy: Policy | None = None
) -> RlTrainer:
    """The trainer as the pipeline makes it, over a fresh policy if none is given."""
    sampler = Sampler(
        [item_of(problem) for problem in problems],
        curriculum_of(config.rl),
        layout_of(config, folder),
        mix=config.rl.mix,
        seed=config.seed,
    )
    return RlTrainer(policy or a_policy(problems), problems, sampler, grader, config, folder, [])


class ByRule(Grader):
    """Rewards by a rule over (problem, text) instead of a judge: every reply is judged. Remembers its batches."""

    def __init__(self, rule: Callable[[Problem, str], float | None], *_: object, **__: object) -> None:
        self._rule, self.settings = rule, GradingSettings()
        self.batches: list[list[tuple[Problem, Reply]]] = []

    def grade(self, batch: Sequence[tuple[Problem, Reply]]) -> list[Grade]:
        self.batches.append(list(batch))
        return [a_grade(problem, reply, self._rule(problem, reply.text)) for problem, reply in batch]

    def close(self) -> None:
        pass


def a_grade(problem: Problem, reply: Reply, reward: float | None) -> Grade:
    """The grade of a reply that was judged; solved where the reward is 1."""
    return Grade(
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
        self.measurements: list[EvalResult] = []
        self.started_with: tuple[int, int, int, int] | None = None

    def started(self, config: TrainConfig, problems: int, held_out: int, steps: int, done: int) -> None:
        self.started_with = (problems, held_out, steps, done)

    def stepped(self, step: Step) -> None:
        self.steps.append(step)

    def measured(self, measurement: EvalResult) -> None:
        self.measurements.append(measurement)

    def note(self, text: str) -> None:
        pass


def weights_of(policy: Policy) -> dict[str, torch.Tensor]:
    """The weights of a policy, by name."""
    return {name: weight.detach().clone() for name, weight in policy.model.state_dict().items()}
