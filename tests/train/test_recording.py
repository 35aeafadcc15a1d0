"""What is written down of a run: true figures of each window, and things that happen at their step."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("torch")

import msgspec

from stepsmith.core.records import Problem
from stepsmith.core.stats import band_of, pass_rate
from stepsmith.scoring.completion import Completion
from stepsmith.store.training_log import Step, Tally
from stepsmith.train.evaluation import length_name
from stepsmith.train.recording import Every, Recorder
from stepsmith.train.rl import train_rl
from stepsmith.train.rollouts import RolloutStatistics
from tests.train.small_runs import ByRule, a_scored_completion, an_rl_trainer, by_hash, rl_config, some_problems

PROBLEMS = [
    msgspec.structs.replace(problem, pass_rate=pass_rate(k, 7) if k else None)
    for k, problem in enumerate(some_problems(8))
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Step], ByRule, list[int]]:
    """Six steps, written down every second one; replies to one problem cannot be judged."""

    def rule(problem: Problem, text: str) -> float | None:
        return None if problem.id == PROBLEMS[2].id else by_hash(problem, text)

    config = rl_config({"runtime": {"log_every": 2, "checkpoint_every": 100}}, steps=6, resample=1)
    steps: list[Step] = []
    times: list[int] = []
    scorer = ByRule(rule)
    trainer = an_rl_trainer(config, PROBLEMS, scorer, tmp_path_factory.mktemp("rl"))
    recorder = Recorder(steps.append, "rl", 6)
    recorder.watch(trainer)
    for callback in (recorder, Every(3, times.append)):
        trainer.add_callback(callback)
    train_rl(trainer, trainer._policy, None)
    return steps, scorer, times


def test_every_window_is_written_once(run: tuple[list[Step], ByRule, list[int]]) -> None:
    steps, _, times = run
    assert [(step.stage, step.step, step.of) for step in steps] == [("rl", k, 6) for k in (1, 2, 4, 6)]
    assert times == [3, 6]


def test_figures_are_those_of_the_replies(run: tuple[list[Step], ByRule, list[int]]) -> None:
    """Counted again from what the scorer was asked."""
    steps, scorer, _ = run
    scored = [[a_scored_completion(p, r, scorer._rule(p, r.text)) for p, r, _ in batch] for batch in scorer.batches]
    known = {problem.id: problem for problem in PROBLEMS}
    at = 0
    for step, generations in zip(steps, (1, 1, 2, 2), strict=True):
        window, groups, again = [], 0, 0
        for _ in range(generations):
            window += scored[at]
            at, groups = at + 1, groups + 2
            if at < len(scored) and any(
                len({g.reward for g in scored[at - 1][k : k + 4] if g.reward is not None}) < 2 for k in (0, 4)
            ):
                window, again, groups = window + scored[at], again + len(scored[at]) // 4, groups + len(scored[at]) // 4
                at += 1
        counted = [one for one in window if one.reward is not None]
        assert step.resampled == again
        assert step.pass_rate == pytest.approx(sum(g.solved for g in counted) / len(counted))
        assert step.masked == pytest.approx(1 - len(counted) / len(window))
        assert step.truncated == pytest.approx(sum(g.status == "truncated" for g in window) / len(window))
        assert step.no_answer == 0.0
        silent = [
            len({g.reward for g in window[k : k + 4] if g.reward is not None}) < 2 for k in range(0, len(window), 4)
        ]
        assert len(silent) == groups
        assert step.zero_variance == pytest.approx(sum(silent) / groups)
        for found, label in (
            (step.by_band, lambda p: band_of(p.pass_rate.rate) if p.pass_rate else "unrated"),
            (step.by_length, lambda p: length_name(len(p.features))),
        ):
            wanted: dict[str, Tally] = {}
            for one in counted:
                name = label(known[one.problem_id])
                old = wanted.get(name, Tally(passes=0, attempts=0))
                wanted[name] = Tally(passes=old.passes + one.solved, attempts=old.attempts + 1)
            assert found == wanted
    assert at == len(scored)
    assert any(step.masked for step in steps)
    assert any(step.resampled for step in steps)


def test_the_rest_of_a_step(run: tuple[list[Step], ByRule, list[int]]) -> None:
    steps, _, _ = run
    tokens = [step.tokens or 0 for step in steps]
    assert tokens == sorted(tokens)
    assert tokens[0] > 0
    for step in steps:
        assert step.weights == {"all": 1.0}
        assert step.entropy is not None
        assert 0 < step.entropy < 5.7  # log of 280 tokens
        assert step.learning_rate == 0.01
        assert step.completion_length is not None
        assert 1 <= step.completion_length <= 6
        assert step.generate_s is not None
        assert step.generate_s > 0
        assert step.judge_s is not None
        assert step.grad_norm is not None
        assert step.held_back_gap is None  # nothing was held back


def test_sft_has_no_rewards_and_the_summary_is_no_step() -> None:
    steps: list[Step] = []
    recorder = Recorder(steps.append, "sft", 9)
    state: Any = SimpleNamespace(global_step=3, is_world_process_zero=True)
    nobody: Any = None
    recorder.on_train_begin(nobody, SimpleNamespace(global_step=0), nobody)  # type: ignore[arg-type]
    recorder.on_log(nobody, state, nobody, {"loss": 1.5, "learning_rate": 0.1, "num_tokens": 40.0})
    recorder.on_log(nobody, state, nobody, {"train_runtime": 3.0, "train_loss": 1.0})
    state.is_world_process_zero = False
    recorder.on_log(nobody, state, nobody, {"loss": 1.0})
    (step,) = steps
    assert (step.stage, step.step, step.of, step.loss, step.tokens, step.reward) == ("sft", 3, 9, 1.5, 40.0, None)


def test_unearned_rewards_are_warned_of() -> None:
    """Replies that pass the rewarded tests and fail those held back, on one problem."""
    statistics = RolloutStatistics({problem.id: problem for problem in PROBLEMS})
    hack = msgspec.structs.replace(a_scored_completion(PROBLEMS[0], Completion(text="x"), 1.0), passed_held_back=False)
    honest = msgspec.structs.replace(hack, passed_held_back=True)
    statistics.observe([honest] * 8, 4)
    assert statistics.suspicions()[1] == ()
    statistics.observe([hack] * 8, 4)
    report, (warning,) = statistics.suspicions()
    assert report.gap == 0.5
    assert warning.startswith(f"8 of 16 rewarded completions fail held-back tests, most on {PROBLEMS[0].id}")


def test_a_folder_of_checkpoints_has_what_resuming_needs(tmp_path: Path) -> None:
    config = rl_config(steps=2)
    trainer = an_rl_trainer(config, PROBLEMS, ByRule(by_hash), tmp_path)
    train_rl(trainer, trainer._policy, None)
    found = {path.name for path in (tmp_path / "checkpoint-2").iterdir()}
    assert {"model.safetensors", "optimizer.pt", "scheduler.pt", "rng_state.pth", "sampler.json"} <= found
