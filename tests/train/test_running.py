"""What SFT and RL share: whole checkpoints, and failures that say what to do."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("torch")

import torch
from transformers import TrainerControl

from stepsmith.core.errors import ConfigError, MachineError, TrainingError
from stepsmith.train.running import (
    LogBeforeSaving,
    StopOnNonFiniteLoss,
    common_arguments,
    guarded,
    last_checkpoint,
    shares,
    step_of,
)
from tests.train.small_runs import ByRule, an_rl_trainer, by_hash, rl_config, some_problems

NOBODY: Any = None


def test_the_newest_whole_checkpoint_is_taken(tmp_path: Path) -> None:
    assert last_checkpoint(tmp_path / "none") is None
    for step, state in ((9, "{}"), (50, "{}"), (100, '{"epoch": 0.'), (150, None)):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        if state is not None:
            (folder / "trainer_state.json").write_text(state)
    found = last_checkpoint(tmp_path)
    assert found is not None
    assert (found.name, step_of(found)) == ("checkpoint-50", 50)


def test_where_logs_go_a_run_has_the_name_of_its_folder(tmp_path: Path) -> None:
    config = rl_config()
    arguments = common_arguments(config, tmp_path / "mine/checkpoints", config.rl, steps=1, save_every=1)
    assert (arguments["run_name"], arguments["project"]) == ("mine", "stepsmith")


@pytest.mark.parametrize("stage", ["sft", "rl"])
def test_a_device_that_is_too_small_says_what_to_lower(stage: Any) -> None:
    with pytest.raises(MachineError, match=rf"lower {stage}\.micro_batch .*--resume"), guarded(stage):
        raise torch.OutOfMemoryError("CUDA out of memory")


@pytest.mark.parametrize(
    ("devices", "micro", "at_once", "times"), [(1, None, 64, 1), (4, None, 16, 1), (1, 16, 16, 4), (2, 8, 8, 4)]
)
def test_an_update_is_over_the_batch_on_any_number_of_devices(
    monkeypatch: pytest.MonkeyPatch, devices: int, micro: int | None, at_once: int, times: int
) -> None:
    monkeypatch.setattr("stepsmith.train.running.processes", lambda: SimpleNamespace(num_processes=devices))
    found = shares("sft", 64, micro)
    assert found == {"per_device_train_batch_size": at_once, "gradient_accumulation_steps": times}


@pytest.mark.parametrize(("devices", "micro"), [(3, None), (128, None), (1, 48), (2, 64)])
def test_a_batch_that_cannot_be_shared_out_is_refused(
    monkeypatch: pytest.MonkeyPatch, devices: int, micro: int | None
) -> None:
    monkeypatch.setattr("stepsmith.train.running.processes", lambda: SimpleNamespace(num_processes=devices))
    with pytest.raises(ConfigError, match=rf"on each of {devices} devices does not divide the 64 examples"):
        shares("sft", 64, micro)


def model_with(gradient: float) -> torch.nn.Module:
    model = torch.nn.Linear(2, 2)
    for weight in model.parameters():
        weight.grad = torch.zeros_like(weight)
    model.weight.grad[1, 1] = gradient
    return model


@pytest.mark.parametrize("gradient", [float("nan"), float("inf")])
def test_gradients_that_are_no_numbers_never_reach_the_weights(gradient: float) -> None:
    state: Any = SimpleNamespace(global_step=6)
    with pytest.raises(TrainingError, match=r"gradients is (nan|inf) at step 7; lower learning_rate"):
        StopOnNonFiniteLoss().on_pre_optimizer_step(NOBODY, state, NOBODY, model=model_with(gradient))
    StopOnNonFiniteLoss().on_pre_optimizer_step(NOBODY, state, NOBODY, model=model_with(3.0))


def test_a_logged_loss_that_is_no_number_ends_the_run() -> None:
    state: Any = SimpleNamespace(global_step=6)
    StopOnNonFiniteLoss().on_log(NOBODY, state, NOBODY, {"loss": 0.1, "grad_norm": 2.0})
    StopOnNonFiniteLoss().on_log(NOBODY, state, NOBODY, {"reward": None})  # type: ignore[dict-item]
    with pytest.raises(TrainingError, match="loss is nan at step 6"):
        StopOnNonFiniteLoss().on_log(NOBODY, state, NOBODY, {"loss": float("nan")})


def test_a_window_of_the_log_ends_at_a_checkpoint() -> None:
    for save, log in ((True, False), (False, True), (False, False)):
        control = TrainerControl(should_save=save, should_log=log)
        LogBeforeSaving().on_step_end(NOBODY, NOBODY, control)
        assert control.should_log == (save or log)


def test_what_both_trainers_are_told(tmp_path: Path) -> None:
    config = rl_config(
        {"seed": 3, "runtime": {"log_every": 7, "keep_checkpoints": 4}, "model": {"dtype": "bfloat16"}}, updates=2
    )
    arguments = an_rl_trainer(rl_config(), some_problems(2), ByRule(by_hash), tmp_path).args
    assert (arguments.learning_rate, arguments.save_steps, arguments.logging_steps) == (0.01, 2, 1)
    assert not arguments.bf16
    from stepsmith.train.rl import rl_arguments

    changed = rl_arguments(config, tmp_path)
    assert (changed.seed, changed.logging_steps, changed.save_total_limit, changed.bf16) == (3, 7, 4, True)
    assert not changed.logging_nan_inf_filter
