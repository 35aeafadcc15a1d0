"""GRPO through TRL: advantages, loss and gradients by hand, the layout of batches, drawing again, the reward's path."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

import msgspec
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transformers import TrainerCallback

from stepsmith.core.errors import ConfigError, EndpointError, RunFolderError, SandboxError
from stepsmith.core.records import Problem
from stepsmith.curriculum import Sampler, item_of
from stepsmith.envs import ENVIRONMENTS
from stepsmith.judge.local import LocalJudge
from stepsmith.pipeline.training import curriculum_of
from stepsmith.scoring.judge_health import GONE_AFTER
from stepsmith.scoring.scorer import RewardSettings, ScoredCompletion, Scorer, ScoringRequest
from stepsmith.scoring.tests import SplitSettings, split_tests
from stepsmith.train.policy import Policy
from stepsmith.train.rl import RlTrainer, layout_of, read_sampler, replace_rows, rl_arguments, train_rl
from stepsmith.train.settings import TrainConfig, with_overrides
from tests.scoring.scripted import ScriptedJudge, counting
from tests.train.small_runs import (
    ByRule,
    a_policy,
    a_scored_completion,
    an_rl_trainer,
    by_hash,
    rl_config,
    some_problems,
    weights_of,
)
from tests.train.test_cheats import CHEATS, problem_in, reply_of

PROBLEMS = some_problems(8)
REWARDS: list[float | None] = [1, 0, 0, 1, 1, None, 0, 0, 1, 1, 1, 1]  # three groups of four
LENGTHS = [3, 5, 2, 4, 1, 6, 3, 2, 4, 2, 3, 5]  # tokens, the end among them
CUT_OFF = 2  # this reply has no end


class Given(Scorer):
    """Rewards as they are given, in the order of the batch."""

    def __init__(self, rewards: Sequence[float | None]) -> None:
        self._rewards = rewards

    def score_batch(self, requests: Sequence[ScoringRequest], known: object = None) -> list[ScoredCompletion]:
        return [
            a_scored_completion(request.problem, request.completion, reward)
            for request, reward in zip(requests, self._rewards, strict=True)
        ]


class Watcher(TrainerCallback):
    """Keeps the gradients and the weights of every step."""

    def __init__(self) -> None:
        self.gradients: list[dict[str, torch.Tensor]] = []
        self.weights: list[dict[str, torch.Tensor]] = []

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **kept: Any) -> None:
        model = kept["model"]
        self.weights.append({name: w.detach().clone() for name, w in model.named_parameters()})
        self.gradients.append({name: w.grad.clone() for name, w in model.named_parameters()})


def replies_to_feed(policy: Policy, seed: int = 0) -> list[list[int]]:
    rng, end = random.Random(seed), policy.tokenizer.eos_token_id
    written = [[rng.randrange(4, 200) for _ in range(length - 1)] + [end] for length in LENGTHS]
    written[CUT_OFF][-1] = 7
    return written


def feed(trainer: RlTrainer, written: list[list[int]]) -> list[list[int]]:
    """Let the trainer 'generate' these tokens; returns the prompts it asked with, filled while it runs."""
    asked: list[list[int]] = []

    def generate(prompt_ids: list[list[int]], *_: object) -> tuple[list[list[int]], None]:
        asked.extend(prompt_ids)
        return written, None

    trainer._generate_single_turn = generate  # type: ignore[method-assign]
    return asked


def logps(policy: Policy, prompt: list[int], reply: list[int]) -> torch.Tensor:
    """log p of each token of a reply, one sequence at a time and without padding."""
    scores = policy.model(input_ids=torch.tensor([prompt + reply])).logits[0, len(prompt) - 1 : -1]
    return torch.log_softmax(scores, dim=-1)[range(len(reply)), reply]


def by_hand(
    policy: Policy, prompts: list[list[int]], written: list[list[int]], advantages: list[float], old: list[torch.Tensor]
) -> tuple[float, dict[str, torch.Tensor], list[tuple[float, float]]]:
    """The clipped objective in plain arithmetic: loss, gradients, and (ratio, advantage) of every token."""
    tokens = sum(len(reply) for k, reply in enumerate(written) if k != CUT_OFF)
    loss, ratios = torch.tensor(0.0), []
    for k, (prompt, reply, advantage) in enumerate(zip(prompts, written, advantages, strict=True)):
        if k == CUT_OFF:
            continue
        for new, before in zip(logps(policy, prompt, reply), old[k], strict=True):
            ratio = torch.exp(new - before)
            now = float(ratio.detach())
            clipped = min(max(now, 0.8), 1.28)
            loss = (
                loss - (ratio * advantage if now * advantage <= clipped * advantage else clipped * advantage) / tokens
            )
            ratios.append((now, advantage))
    policy.model.zero_grad()
    loss.backward()
    found = {name: w.grad.clone() for name, w in policy.model.named_parameters() if w.grad is not None}
    policy.model.zero_grad()
    return float(loss.detach()), found, ratios


@pytest.mark.parametrize(
    "how", [{}, {"micro_batch": 4}, {"skip_zero_advantage": True, "micro_batch": 4}], ids=["whole", "micro", "silent"]
)
def test_loss_and_gradients_are_those_of_plain_arithmetic(tmp_path: Path, how: dict[str, object]) -> None:
    """Two passes over one generation: the ratios of the first are 1, some of the second are clipped."""
    config = rl_config(
        steps=2, groups=3, iterations=2, mask_truncated=True, max_grad_norm=1e9, learning_rate=0.01, **how
    )
    policy = a_policy(PROBLEMS)
    trainer = an_rl_trainer(config, PROBLEMS, Given(REWARDS), tmp_path, policy)
    written, watcher = replies_to_feed(policy), Watcher()
    prompts = feed(trainer, written)
    trainer.add_callback(watcher)
    losses: list[float] = []
    compute = trainer._compute_loss

    def record(model: Any, inputs: Any) -> torch.Tensor:
        losses.append(float(compute(model, inputs).detach()))
        return compute(model, inputs)

    trainer._compute_loss = record  # type: ignore[method-assign]
    train_rl(trainer, policy, None)

    third = 1 / 3  # the reply without a reward is no part of the second group's mean
    advantages = [0.5, -0.5, -0.5, 0.5, 1 - third, 0, -third, -third, 0, 0, 0, 0]
    check = a_policy(PROBLEMS)
    check.model.load_state_dict(watcher.weights[0], strict=False)
    old = [logps(check, prompt, reply).detach() for prompt, reply in zip(prompts, written, strict=True)]
    passes = len(losses) // 2
    clipped_high = clipped_low = between = 0
    for step in range(2):
        check.model.load_state_dict(watcher.weights[step], strict=False)
        loss, gradients, ratios = by_hand(check, prompts, written, advantages, old)
        assert sum(losses[step * passes : (step + 1) * passes]) == pytest.approx(loss, abs=1e-6)
        for name, gradient in watcher.gradients[step].items():
            torch.testing.assert_close(gradient, gradients[name], rtol=1e-4, atol=1e-6)
        assert float(torch.nn.utils.get_total_norm(list(gradients.values()))) > 0.01
        clipped_high += sum(ratio > 1.28 and advantage > 0 for ratio, advantage in ratios)
        clipped_low += sum(ratio < 0.8 and advantage < 0 for ratio, advantage in ratios)
        between += sum(1.2 < ratio < 1.28 and advantage > 0 for ratio, advantage in ratios)
    assert min(clipped_high, clipped_low, between) > 0  # without these the example would say nothing about clipping


def test_groups_without_variance_and_replies_without_reward_teach_nothing(tmp_path: Path) -> None:
    silent: list[float | None] = [1, 1, 1, 1, None, None, None, 0, 0, 0, 0, 0]
    policy = a_policy(PROBLEMS)
    trainer = an_rl_trainer(rl_config(steps=1, groups=3), PROBLEMS, Given(silent), tmp_path, policy)
    feed(trainer, replies_to_feed(policy))
    before = weights_of(policy)
    train_rl(trainer, policy, None)
    after = weights_of(policy)
    assert all(torch.equal(before[name], after[name]) for name in before)


def kept_inputs(trainer: RlTrainer) -> list[dict[str, torch.Tensor]]:
    """The batches that the loss is computed on, filled while the trainer runs."""
    kept: list[dict[str, torch.Tensor]] = []
    compute = trainer._compute_loss

    def keep(model: Any, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        kept.append(inputs)
        return compute(model, inputs)

    trainer._compute_loss = keep  # type: ignore[method-assign]
    return kept


def rows_of(policy: Policy, inputs: dict[str, torch.Tensor]) -> list[tuple[str, tuple[int, ...], float]]:
    """(prompt, reply, advantage) of a batch."""
    return [
        (
            policy.tokenizer.decode(ids[mask.bool()]),
            tuple(reply[shown.bool()].tolist()),
            round(float(advantage), 5),
        )
        for ids, mask, reply, shown, advantage in zip(
            inputs["prompt_ids"],
            inputs["prompt_mask"],
            inputs["completion_ids"],
            inputs["completion_mask"],
            inputs["advantages"],
            strict=True,
        )
    ]


def test_training_is_on_what_the_sampler_gave(tmp_path: Path) -> None:
    """Micro-batches, updates and iterations: every pass sees each reply once, and the groups are the sampler's."""
    config = rl_config(steps=8, groups=2, group_size=4, micro_batch=2, updates=2, iterations=2)
    policy, scorer = a_policy(PROBLEMS), ByRule(by_hash)
    trainer = an_rl_trainer(config, PROBLEMS, scorer, tmp_path, policy)
    kept = kept_inputs(trainer)
    train_rl(trainer, policy, None)

    alone = Sampler([item_of(p) for p in PROBLEMS], curriculum_of(config.rl), layout_of(config, tmp_path), seed=0)
    ids, repeats = list(alone), 2 * 4  # iterations x micro-batches of a generation
    assert len(scorer.batches) == 2
    for number, batch in enumerate(scorer.batches):
        given = ids[number * 8 * repeats :][:8]
        assert [request.problem.id for request in batch] == given
        assert given == [given[0]] * 4 + [given[4]] * 4
        means = [sum(by_hash(p, r.text) for p, r, _ in batch[g : g + 4]) / 4 for g in (0, 4)]
        wanted = sorted(
            (chat(policy, problem), round(by_hash(problem, reply.text) - means[k // 4], 5))
            for k, (problem, reply, _) in enumerate(batch)
        )
        passes = [kept[number * 8 + 4 * k :][:4] for k in range(2)]
        for micro_batches in passes:
            assert {len(inputs["advantages"]) for inputs in micro_batches} == {2}
            rows = [row for inputs in micro_batches for row in rows_of(policy, inputs)]
            assert sorted((prompt, advantage) for prompt, _, advantage in rows) == wanted
        first, second = ([rows_of(policy, inputs) for inputs in micro_batches] for micro_batches in passes)
        assert first == second


def chat(policy: Policy, problem: Problem) -> str:
    return policy.tokenizer.decode(policy.encode(policy.prompt(problem)))


@pytest.mark.parametrize("micro_batch", [None, 4])
def test_groups_that_fared_alike_are_drawn_again(tmp_path: Path, micro_batch: int | None) -> None:
    dull = {problem.id for problem in PROBLEMS[:5]}
    rule = lambda problem, text: 1.0 if problem.id in dull else by_hash(problem, text)  # noqa: E731
    config = rl_config(steps=3, groups=6, resample=2, micro_batch=micro_batch)
    policy, scorer = a_policy(PROBLEMS), ByRule(rule)
    trainer = an_rl_trainer(config, PROBLEMS, scorer, tmp_path, policy)
    kept, steps, score = kept_inputs(trainer), [], scorer.score_batch

    def noted(requests: Sequence[ScoringRequest], known: object = None) -> list[ScoredCompletion]:
        steps.append(trainer.state.global_step)
        return score(requests)

    scorer.score_batch = noted  # type: ignore[method-assign]
    train_rl(trainer, policy, None)

    generations = [[b for b, at in zip(scorer.batches, steps, strict=True) if at == step] for step in range(3)]
    assert trainer.statistics.resampled == sum(len(again) // 4 for calls in generations for again in calls[1:]) > 0
    per_step = len(kept) // 3
    for step, calls in enumerate(generations):
        assert len(calls) <= 3
        merged = calls[0]
        for again in calls[1:]:
            alike = [g for g in range(6) if len({rule(p, r.text) for p, r, _ in merged[4 * g : 4 * g + 4]}) == 1]
            assert len(again) == 4 * len(alike)  # these and no others
            merged = list(merged)
            for k, g in enumerate(alike):
                merged[4 * g : 4 * g + 4] = again[4 * k : 4 * k + 4]
        wanted = []
        for g in range(6):
            rewards = [rule(p, r.text) for p, r, _ in merged[4 * g : 4 * g + 4]]
            wanted += [
                (chat(policy, p), round(reward - sum(rewards) / 4, 5))
                for (p, *_), reward in zip(merged[4 * g : 4 * g + 4], rewards, strict=True)
            ]
        inputs = kept[step * per_step : (step + 1) * per_step]
        rows = [row for part in inputs for row in rows_of(policy, part)]
        assert sorted((prompt, advantage) for prompt, _, advantage in rows) == sorted(wanted)
        tokens = sum(len(reply) for _, reply, _ in rows)
        assert {int(part["num_items_in_batch"]) for part in inputs} == {tokens}


@pytest.mark.parametrize(
    "how",
    [
        {"steps": 6},
        {"steps": 12, "micro_batch": 2, "updates": 2, "iterations": 2},
        {"steps": 6, "resample": 2, "curriculum": "learnability"},
    ],
    ids=["plain", "micro", "again"],
)
def test_a_checkpoint_goes_on_with_the_same_batches(tmp_path: Path, how: dict[str, Any]) -> None:
    """The same problems, replies, weights and sampler's state as without a stop."""
    config = rl_config({"runtime": {"checkpoint_every": how["steps"] // 3, "keep_checkpoints": 3}}, **how)
    whole, resumed = ByRule(by_hash), ByRule(by_hash)
    first = an_rl_trainer(config, PROBLEMS, whole, tmp_path)
    train_rl(first, first._policy, None)
    checkpoint = tmp_path / f"checkpoint-{how['steps'] // 3}"
    second = an_rl_trainer(config, PROBLEMS, resumed, tmp_path / "resumed")
    read_sampler(second.sampler, checkpoint)
    train_rl(second, second._policy, checkpoint)
    assert len(resumed.batches) >= 2
    assert resumed.batches == whole.batches[-len(resumed.batches) :]
    assert second.sampler.state_dict() == first.sampler.state_dict()
    trained = weights_of(first._policy)
    assert all(torch.equal(weight, trained[name]) for name, weight in weights_of(second._policy).items())


sequences = st.tuples(
    st.lists(st.integers(1, 9), min_size=1, max_size=6),
    st.lists(st.integers(1, 9), min_size=1, max_size=6),
    st.booleans(),
)


def as_generated(rows: Sequence[tuple[list[int], list[int], bool]]) -> dict[str, Any]:
    """A batch as TRL makes it: prompts padded on the left, replies on the right, cut-off replies masked."""
    before, after = max(len(p) for p, _, _ in rows), max(len(r) for _, r, _ in rows)
    shown = [[int(not cut)] * len(r) + [0] * (after - len(r)) for _, r, cut in rows]
    return {
        "prompt_ids": torch.tensor([[0] * (before - len(p)) + p for p, _, _ in rows]),
        "prompt_mask": torch.tensor([[0] * (before - len(p)) + [1] * len(p) for p, _, _ in rows]),
        "completion_ids": torch.tensor([r + [0] * (after - len(r)) for _, r, _ in rows]),
        "completion_mask": torch.tensor(shown),
        "advantages": torch.tensor([float(sum(r)) for _, r, _ in rows]),
        "old_per_token_logps": torch.tensor([[-0.5 * x for x in r] + [0.0] * (after - len(r)) for _, r, _ in rows]),
        "num_items_in_batch": torch.tensor(sum(map(sum, shown))),
    }


def without_margin(batch: dict[str, Any]) -> dict[str, list[list[float]]]:
    """The batch without columns that are padding in every row."""
    left, right = batch["prompt_ids"] != 0, batch["completion_ids"] != 0
    assert not (batch["prompt_mask"].bool() & ~left).any()
    assert not (batch["completion_mask"].bool() & ~right).any()
    assert not (batch["old_per_token_logps"].bool() & ~right).any()
    columns = {"prompt": left.any(0), "completion": right.any(0), "old": right.any(0)}
    return {
        name: value[:, columns[name.split("_")[0]]].tolist() if value.dim() == 2 else value.tolist()
        for name, value in batch.items()
    }


@given(st.lists(sequences, min_size=1, max_size=6), st.lists(sequences, min_size=1, max_size=6), st.randoms())
def test_replaced_rows_are_as_if_generated_at_once(
    first: list[tuple[list[int], list[int], bool]], second: list[tuple[list[int], list[int], bool]], rng: random.Random
) -> None:
    second = second[: len(first)]
    rows = rng.sample(range(len(first)), len(second))
    combined = list(first)
    for row, sequence in zip(rows, second, strict=True):
        combined[row] = sequence
    merged = replace_rows(as_generated(first), as_generated(second), rows, 0)
    assert without_margin(merged) == without_margin(as_generated(combined))


@pytest.fixture(scope="module")
def trainer(tmp_path_factory: pytest.TempPathFactory) -> RlTrainer:
    """A trainer over problems whose right program is a number."""
    problems = [counting(k) for k in range(5)]
    return an_rl_trainer(rl_config(), problems, ByRule(by_hash), tmp_path_factory.mktemp("rl"))


def on(trainer: RlTrainer, tests: SplitSettings) -> None:
    """Let the trainer reward other tests of its problems."""
    trainer._at = [(problem, split_tests(problem, tests)) for problem, _ in trainer._at]


def reward(
    trainer: RlTrainer, problems: Sequence[Problem], texts: Sequence[str], cut: Sequence[bool] | None = None
) -> list[float | None]:
    """What the trainer's own path gives for these texts."""
    end = trainer._policy.tokenizer.eos_token_id
    cut = cut or [False] * len(texts)
    return trainer._reward(
        completions=[[{"role": "assistant", "content": text}] for text in texts],
        completion_ids=[[5, 6] if short else [5, end] for short in cut],
        place=[trainer._places[problem.id] for problem in problems],
    )


def program(text: str) -> str:
    return f"Thus:\n```python\n{text}\n```\n"


def passes_first(code: str, test: Any) -> str:
    """The program "k" passes the tests with outputs below k."""
    return "AC" if int(test.output) < int(code.split("#")[0]) else "WA"


@given(
    st.lists(
        st.tuples(
            st.integers(0, 4), st.sampled_from(["code", "code", "none", "cut"]), st.integers(0, 8), st.integers(0, 4)
        ),
        max_size=5,
    ).map(lambda groups: [one for one in groups for _ in range(4)]),
    st.integers(1, 6),
    st.integers(0, 2**16),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rewards_come_in_the_order_of_the_replies(
    trainer: RlTrainer, batch: list[tuple[int, str, int, int]], workers: int, seed: int
) -> None:
    """Judgements that are shuffled, slow and failing."""
    problems = [counting(k) for k in range(5)]
    texts, failures, wanted = [], {}, []
    for at, (_, kind, passed, fails) in enumerate(batch):
        code = f"{passed}  # {at}"
        texts.append("I do not know." if kind == "none" else program(code))
        if kind == "code":
            failures[f"{code}\n"] = fails
        wanted.append(0.0 if kind != "code" else passed / 8 if fails <= 2 else None)
    judge = ScriptedJudge(
        passes_first, failures=failures, error=lambda: EndpointError("busy"), slowest_s=0.003, seed=seed
    )
    on(trainer, SplitSettings(hold_back=0))
    with Scorer(judge, RewardSettings(reward="fraction"), workers=workers) as trainer._scorer:
        try:
            given_back = reward(
                trainer, [problems[k] for k, *_ in batch], texts, [kind == "cut" for _, kind, *_ in batch]
            )
        except SandboxError:
            assert sum(fails > 2 for fails in failures.values()) >= GONE_AFTER
            return
    assert given_back == wanted


@given(st.lists(st.booleans(), min_size=8, max_size=8), st.lists(st.booleans(), min_size=8, max_size=8))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_held_back_tests_never_reach_the_reward(trainer: RlTrainer, passes: list[bool], others: list[bool]) -> None:
    """Whatever an answer does on held-back tests, its reward is the same."""
    problem = counting(0)
    rewards = []
    for table in (passes, others):
        on(trainer, SplitSettings())
        held = split_tests(problem, SplitSettings()).held_back
        assert len(held) == 2

        def rule(code: str, test: Any, table: list[bool] = table, held: Any = held) -> str:
            return "AC" if (table if test in held else passes)[int(test.output)] else "WA"

        with Scorer(ScriptedJudge(rule)) as trainer._scorer:
            rewards.append(reward(trainer, [problem] * 4, [program(str(k)) for k in range(4)]))
    assert rewards[0] == rewards[1]
    rewarded = [k for k in range(8) if problem.tests[k] not in held]
    assert rewards[0] == [float(all(passes[k] for k in rewarded))] * 4


def test_a_group_is_judged_on_the_same_tests(trainer: RlTrainer) -> None:
    judge = ScriptedJudge(passes_first, slowest_s=0.002)
    problems = [counting(k) for k in (0, 1) for _ in range(4)]
    on(trainer, SplitSettings(most_tests=3))
    with Scorer(judge, workers=3) as trainer._scorer:
        reward(trainer, problems, [program(f"0  # {k}") for k in range(8)])
    asked = dict(judge.asked)
    for group in (0, 4):
        assert len({asked[f"0  # {k}\n"] for k in range(group, group + 4)}) == 1


def test_random_rewards_know_nothing_of_the_replies(tmp_path: Path) -> None:
    problems = [counting(k) for k in range(5)]
    many = [problems[0]] * 200
    found = []
    for rule in (lambda *_: 1.0, lambda *_: 0.0, lambda _, text: None if text == "3" else 1.0):
        trainer = an_rl_trainer(rl_config(random_reward=True), problems, ByRule(rule), tmp_path)
        found.append(reward(trainer, many, [str(k) for k in range(200)]))
    right, wrong, unjudged = found
    assert right == wrong
    assert 70 < sum(right) < 130  # type: ignore[arg-type]
    assert unjudged == [None if k == 3 else lot for k, lot in enumerate(right)]
    trainer.state.global_step = 1
    assert reward(trainer, many, ["x"] * 200) != right
    trainer.state.global_step, trainer.statistics.resampled = 0, 1
    assert reward(trainer, many, ["x"] * 200) != right  # groups that are drawn again draw new lots


def test_cheating_earns_nothing(tmp_path: Path, judge: LocalJudge) -> None:
    """The suite of cheats and an honest answer to each problem, as replies of a policy."""
    known = {path.parent.name: problem_in(path.parent) for path in CHEATS}
    honest = [ENVIRONMENTS[p.environment].write(ENVIRONMENTS[p.environment].golden(p)) for p in known.values()]
    honest = [f"```python\n{p.golden.code.strip()}\n```\n" for p in known.values()]
    with Scorer(judge, workers=2) as scorer:
        trainer = an_rl_trainer(rl_config(), list(known.values()), scorer, tmp_path)
        cheats = reward(
            trainer,
            [known[path.parent.name] for path in CHEATS],
            [reply_of(known[path.parent.name], path).text for path in CHEATS],
        )
        fair = reward(trainer, list(known.values()), honest)
    assert dict(zip([path.stem for path in CHEATS], cheats, strict=True)) == {path.stem: 0.0 for path in CHEATS}
    assert fair == [1.0] * len(known)


def test_what_cannot_be_laid_out_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="micro_batch 3 on each of 1 devices does not divide the 8 "):
        rl_arguments(rl_config(micro_batch=3), tmp_path)
    with pytest.raises(ConfigError, match="cannot be split into 3 equal updates"):
        rl_config(updates=3)
    with pytest.raises(ConfigError, match="skip_zero_advantage needs the loss dapo"):
        rl_config(skip_zero_advantage=True, loss="grpo")


def test_settings_reach_the_trainer(tmp_path: Path) -> None:
    """What Deep Dive uses: no standard deviation, no KL, clip-higher, normalised by the tokens of the batch."""
    used = rl_arguments(TrainConfig(stage="rl"), tmp_path)
    assert (used.scale_rewards, used.beta, used.loss_type) == ("none", 0.0, "dapo")
    assert (used.epsilon, used.epsilon_high) == (0.2, 0.28)
    assert used.mask_truncated_completions
    changed = with_overrides(TrainConfig(stage="rl"), {"rl": {"scale_rewards": "group", "beta": 0.1, "clip_high": 0.3}})
    other = rl_arguments(changed, tmp_path)
    assert (other.scale_rewards, other.beta, other.epsilon_high) == ("group", 0.1, 0.3)


def test_a_checkpoint_of_something_else_is_refused(tmp_path: Path) -> None:
    config = rl_config()
    sampler = Sampler([item_of(p) for p in PROBLEMS], curriculum_of(config.rl), layout_of(config, tmp_path))
    with pytest.raises(RunFolderError, match="it is not a checkpoint of this RL run"):
        read_sampler(sampler, tmp_path)


def test_new_problems_can_be_asked(tmp_path: Path) -> None:
    """There are spare places for problems that come while it runs."""
    config, policy = rl_config(steps=1), a_policy(PROBLEMS)
    old, new = PROBLEMS[:4], PROBLEMS[4:]
    sampler = Sampler([item_of(p) for p in old], curriculum_of(config.rl), layout_of(config, tmp_path))
    scorer = ByRule(by_hash)
    trainer = RlTrainer(policy, old, sampler, scorer, config, tmp_path, [], spare=4)
    trainer.take(new)
    sampler.add(item_of(msgspec.structs.replace(p, pass_rate=None)) for p in new)
    train_rl(trainer, policy, None)
    assert {request.problem.id for request in scorer.batches[0]} <= {problem.id for problem in PROBLEMS}
    assert set(trainer._places) == {problem.id for problem in PROBLEMS}
