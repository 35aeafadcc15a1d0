"""SFT through TRL: the loss is over the reply alone, adapters train, a resumed run ends where a whole one does."""

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

from itertools import pairwise

import msgspec
import torch
import trl.trainer.utils
from hypothesis import given
from hypothesis import strategies as st
from trl import SFTTrainer

from stepsmith.envs import ENVIRONMENTS
from stepsmith.train.lessons import golden_reply
from stepsmith.train.policy import Policy
from stepsmith.train.running import last_checkpoint
from stepsmith.train.settings import TrainConfig, with_overrides
from stepsmith.train.sft import ShortestFirst, lora, train_sft
from tests.train.small_runs import FORM, MODEL, a_policy, rl_config, some_problems, weights_of

PROBLEMS = some_problems(6)


def sft_config(model: dict[str, object] | None = None, **changes: object) -> TrainConfig:
    sft = {"steps": 4, "batch": 4, "warmup": 0, "learning_rate": 0.01, "schedule": "constant"}
    return with_overrides(rl_config(), {"stage": "sft", "sft": sft | changes, "model": model or {}})


@pytest.mark.parametrize("how", [{}, {"micro_batch": 2}, {"packing": True}], ids=["whole", "micro", "packed"])
def test_the_loss_is_over_the_reply_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: dict[str, object]
) -> None:
    taught: list[str] = []
    compute = SFTTrainer.compute_loss

    def watch(self: Any, model: Any, inputs: dict[str, torch.Tensor], *rest: Any, **more: Any) -> Any:
        for labels in inputs["labels"]:
            runs = "".join(chr(2) if label < 0 else chr(3) for label in labels.tolist())
            start = 0
            for part in runs.replace(f"{chr(3)}{chr(2)}", f"{chr(3)}\n{chr(2)}").split("\n"):
                shown = [label for label in labels[start : start + len(part)].tolist() if label >= 0]
                start += len(part)
                if shown:
                    taught.append(policy.tokenizer.decode(shown))
        return compute(self, model, inputs, *rest, **more)

    monkeypatch.setattr(SFTTrainer, "compute_loss", watch)
    policy = a_policy(PROBLEMS)
    train_sft(policy, PROBLEMS, sft_config(**how), tmp_path, [], None)
    replies = {golden_reply(problem) + "<|end|>" for problem in PROBLEMS}
    assert set(taught) == replies
    if not how.get("packing"):
        assert len(taught) == 2 * len(PROBLEMS)  # four steps: twice a batch of four and the two that are left


def test_what_is_taught_is_the_golden_answer() -> None:
    """Read back by the environment, in the form that is asked for."""
    for problem in PROBLEMS:
        environment = ENVIRONMENTS[problem.environment]
        assert environment.parse(problem, golden_reply(problem)) == msgspec.structs.replace(
            environment.golden(problem), text=problem.golden.code.rstrip() + "\n"
        )


def test_a_lesson_is_learnt(tmp_path: Path) -> None:
    """One lesson, often enough, is known by heart."""
    problem = PROBLEMS[0]
    settings = msgspec.structs.replace(MODEL, vocabulary=320, hidden=32, intermediate=64)
    prompt_format = msgspec.structs.replace(FORM, max_completion_length=80)
    policy = Policy.from_scratch(settings, prompt_format, [problem.statement, golden_reply(problem)] * 3, 0)
    before = policy.complete([policy.prompt(problem)], 1, 0.0, 80, seed=0)
    train_sft(policy, [problem], sft_config(steps=60, batch=1, learning_rate=0.02), tmp_path, [], None)
    ((after,),) = policy.complete([policy.prompt(problem)], 1, 0.0, 80, seed=0)
    assert before[0][0].text != after.text == golden_reply(problem)
    assert not after.truncated


def test_micro_batches_of_the_shortest_first_are_the_same_update(tmp_path: Path) -> None:
    """Also in the second epoch, whose order is another one."""
    after = []
    for micro in (4, 2):
        policy = a_policy(PROBLEMS)
        train_sft(policy, PROBLEMS, sft_config(micro_batch=micro, schedule="linear"), tmp_path / str(micro), [], None)
        after.append(weights_of(policy))
    assert all(torch.allclose(weight, after[1][name], atol=1e-4) for name, weight in after[0].items())


@given(st.lists(st.integers(1, 9), min_size=1, max_size=30), st.integers(1, 8), st.integers(0, 5))
def test_an_update_goes_from_short_to_long(lengths: list[int], update: int, seed: int) -> None:
    sampler = ShortestFirst(lengths, update, seed)
    orders = []
    for epoch in (0, 1, 0):
        sampler.set_epoch(epoch)
        orders.append(list(sampler))
        assert sorted(orders[-1]) == list(range(len(lengths)))
        assert len(sampler) == len(lengths)
        chunks = [orders[-1][start : start + update] for start in range(0, len(lengths), update)]
        assert all(lengths[a] <= lengths[b] for chunk in chunks for a, b in pairwise(chunk))
    assert orders[0] == orders[2]


def test_only_labels_are_projected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many tokens pass the head as completions have."""
    heads: list[int] = []
    apply = trl.trainer.utils._ChunkedLogProbFunction.apply
    monkeypatch.setattr(
        trl.trainer.utils._ChunkedLogProbFunction,
        "apply",
        lambda rows, *rest: heads.append(len(rows)) or apply(rows, *rest),
    )
    policy = a_policy(PROBLEMS)
    train_sft(policy, PROBLEMS[:1], sft_config(steps=1, batch=1), tmp_path, [], None)
    prompt = policy.prompt(PROBLEMS[0])
    assert heads == [len(policy.encode(prompt, golden_reply(PROBLEMS[0]))) - len(policy.encode(prompt))]


@pytest.mark.parametrize("rank", [0, 2], ids=["full", "lora"])
def test_a_resumed_run_ends_where_a_whole_one_does(tmp_path: Path, rank: int) -> None:
    """In the middle of the second pass over the data, with and without adapters; the folder opens by itself."""
    config = sft_config({"lora_rank": rank, "lora_alpha": 4}, micro_batch=2, steps=5)
    whole, stopped, resumed = (a_policy(PROBLEMS) for _ in range(3))
    train_sft(whole, PROBLEMS, config, tmp_path / "whole", [], None)
    train_sft(stopped, PROBLEMS, config, tmp_path / "part", [], None)
    for later in ("checkpoint-4", "checkpoint-5"):
        (tmp_path / "part" / later).rename(tmp_path / f"{later}-gone")
    (tmp_path / "checkpoint-4-gone").rename(tmp_path / "part" / "checkpoint-4")
    train_sft(resumed, PROBLEMS, config, tmp_path / "part", [], last_checkpoint(tmp_path / "part"))
    trained = weights_of(whole)
    assert all(torch.equal(weight, trained[name]) for name, weight in weights_of(resumed).items())
    assert (lora(config) is None) == (rank == 0)
    assert any("lora" in name for name in trained) == (rank > 0)
    answers = whole.complete(["Add 1."], 1, 0.0, 8, seed=0)
    whole.save(tmp_path / "model")
    again = Policy.open(msgspec.structs.replace(MODEL, path=str(tmp_path / "model")))
    assert again.complete(["Add 1."], 1, 0.0, 8, seed=0) == answers


def test_a_finished_run_is_not_trained_further(tmp_path: Path) -> None:
    """Killed after its last checkpoint, a run is resumed by loading it: not one step is added."""
    policy, again = a_policy(PROBLEMS), a_policy(PROBLEMS)
    train_sft(policy, PROBLEMS, sft_config(), tmp_path, [], None)
    train_sft(again, PROBLEMS, sft_config(), tmp_path, [], last_checkpoint(tmp_path))
    assert all(torch.equal(weight, weights_of(policy)[name]) for name, weight in weights_of(again).items())


def test_raw_code_is_taught_token_by_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A control of equal tokens: no chat template, and the loss is over all of it."""
    batches: list[dict[str, torch.Tensor]] = []
    compute = SFTTrainer.compute_loss

    def watch(self: Any, model: Any, inputs: dict[str, torch.Tensor], *rest: Any, **more: Any) -> Any:
        batches.append(dict(inputs))
        return compute(self, model, inputs, *rest, **more)

    monkeypatch.setattr(SFTTrainer, "compute_loss", watch)
    train_sft(a_policy(PROBLEMS), PROBLEMS, sft_config(steps=1, control="raw-code"), tmp_path, [], None)
    (batch,) = batches
    real = batch["labels"] >= 0
    assert real.sum() > 100
    assert torch.equal(batch["labels"][real], batch["input_ids"][real])
