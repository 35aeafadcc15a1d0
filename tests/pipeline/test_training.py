"""Whole training runs: what they leave, what resuming gives back, and everything that can go wrong on the way."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

import msgspec
import torch
from safetensors.torch import load_file

import stepsmith.pipeline.training_run as conductor
from stepsmith.core.errors import ConfigError, MachineError, RunFolderError, SandboxError, TrainingError
from stepsmith.core.records import Problem
from stepsmith.core.stats import pass_rate
from stepsmith.pipeline.training import curriculum_of, train
from stepsmith.scoring.scorer import ScoredCompletion
from stepsmith.store.dataset import PROBLEM_SCHEMA, problem_row, write_rows
from stepsmith.store.json_lines import read_lines
from stepsmith.store.training_log import EvalResult, Step, Training, read_training
from stepsmith.train.policy import Policy
from stepsmith.train.rl import RlTrainer
from stepsmith.train.settings import ModelSettings, TrainConfig, with_overrides
from tests.train.small_runs import MODEL, ByRule, Seen, by_hash, rl_config, some_problems

TINY = msgspec.to_builtins(MODEL)
PROBLEMS = some_problems(8, held_out=0.3)
NOBODY: Any = None
WINDOWS: dict[str, object] = {"runtime": {"log_every": 50}}  # windows of the log that a checkpoint cuts short


def data(folder: Path, problems: list[Problem] = PROBLEMS) -> str:
    write_rows(folder / "problems.parquet", PROBLEM_SCHEMA, map(problem_row, problems))
    return str(folder / "problems.parquet")


def sft_config(place: str, **changes: dict[str, object]) -> TrainConfig:
    plain: dict[str, object] = {
        "stage": "sft",
        "model": TINY,
        "data": {"problems": [place], "held_out": 0.3},
        "sft": {"steps": 4, "batch": 4, "warmup": 0},
        "eval": {"exercises": {"count": 3, "steps": {"1": 1.0}}},
    }
    return with_overrides(with_overrides(rl_config(), plain), dict(changes))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> str:
    return data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def taught(place: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Training, Seen]:
    """A run of SFT with the real judge."""
    folder, seen = tmp_path_factory.mktemp("sft") / "run", Seen()
    return folder, train(sft_config(place), folder, seen), seen


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rewards by hash: a policy that knows nothing would never get one from a judge."""
    monkeypatch.setattr(conductor, "Scorer", lambda *_, **__: ByRule(by_hash))


def rl_run(
    taught: tuple[Path, Training, Seen], place: str, top: dict[str, object] | None = None, **rl: object
) -> TrainConfig:
    base: dict[str, object] = {
        "model": {"path": str(taught[0] / "model")},
        "data": {"problems": [place], "held_out": 0.3},
        "eval": {"every": 3, "exercises": {"count": 3, "steps": {"1": 1.0}}},
    }
    return with_overrides(
        rl_config(base, **({"steps": 6, "initial_samples": 2, "curriculum": "learnability"} | rl)), top or {}
    )


def records(folder: Path) -> tuple[list[Step], list[EvalResult]]:
    """What was written down, but for wall times."""
    steps = read_lines(folder / "metrics.jsonl", Step)
    timeless = [msgspec.structs.replace(s, seconds=0.0, judge_s=None, generate_s=None, step_s=None) for s in steps]
    return timeless, list(read_lines(folder / "eval_results.jsonl", EvalResult))


def same_weights(one: Path, other: Path) -> bool:
    first, second = load_file(one / "model/model.safetensors"), load_file(other / "model/model.safetensors")
    return all(torch.equal(first[name], second[name]) for name in first)


def test_a_run_leaves_what_it_promises(taught: tuple[Path, Training, Seen], place: str) -> None:
    folder, manifest, seen = taught
    assert seen.started_with == (8, 2, 4, 0)
    assert (manifest.stage, manifest.steps, manifest.problems, manifest.held_out) == ("sft", 4, 8, 2)
    assert manifest.start_model == "from scratch"
    assert {"torch", "trl", "transformers", "stepsmith"} <= set(manifest.versions)
    assert manifest.isolation
    assert manifest.tokens > 0
    assert {"make", "train", "evaluate"} <= set(manifest.spent)
    steps, measurements = records(folder)
    assert [step.step for step in steps] == [1, 2, 3, 4] == [step.step for step in seen.steps]
    assert [m.step for m in measurements] == [0, 4]
    assert measurements == seen.evals
    assert steps[-1].loss is not None
    assert steps[0].loss is not None
    assert steps[-1].loss < steps[0].loss
    policy = Policy.open(ModelSettings(path=str(folder / "model")))
    assert policy.parameters == manifest.parameters
    assert policy.prompt_format.max_completion_length == 6
    again = train(sft_config(place), folder, Seen(), resume=True)
    assert msgspec.json.encode(again) == msgspec.json.encode(read_training(folder))
    assert msgspec.structs.replace(again, config=manifest.config) == manifest
    with pytest.raises(RunFolderError):
        train(sft_config(place), folder, Seen())


@pytest.fixture(scope="module")
def whole(taught: tuple[Path, Training, Seen], place: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An undisturbed run of RL: six steps in three generations, each gone over twice."""
    folder = tmp_path_factory.mktemp("rl") / "whole"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conductor, "Scorer", lambda *_, **__: ByRule(by_hash))
        train(rl_run(taught, place, WINDOWS, iterations=2), folder, Seen())
    return folder


VICTIM = """
import os, signal, sys
from pathlib import Path
import msgspec
import stepsmith.pipeline.training_run as conductor
from stepsmith.pipeline.training import train
from stepsmith.train.rl import RlTrainer
from stepsmith.train.settings import TrainConfig
from tests.train.small_runs import ByRule, Seen, by_hash
conductor.Scorer = lambda *_, **__: ByRule(by_hash)
compute = RlTrainer._compute_loss
def until_the_end(self, model, inputs):
    if self.state.global_step == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    return compute(self, model, inputs)
RlTrainer._compute_loss = until_the_end
train(msgspec.json.decode(sys.argv[1], type=TrainConfig), Path(sys.argv[2]), Seen())
"""


def test_a_run_that_learns_nothing_says_what_to_change(whole: Path) -> None:
    """Its completions are all cut off."""
    *before, last = read_lines(whole / "metrics.jsonl", Step)
    assert not any(step.warnings for step in before)
    (warning,) = last.warnings
    assert "cut off at rl.max_completion_length = 6" in warning


def test_kill_dash_nine_then_resume(
    taught: tuple[Path, Training, Seen], place: str, whole: Path, tmp_path: Path, hashed: None
) -> None:
    """Killed in the middle of a step: the same ids, replies, weights, measurements and metrics as undisturbed."""
    config, folder = rl_run(taught, place, WINDOWS, iterations=2), tmp_path / "killed"
    words = [sys.executable, "-c", VICTIM, msgspec.json.encode(config).decode(), str(folder)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    root = Path(__file__).parents[2]
    done = subprocess.run(words, cwd=root, env=environment, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    with pytest.raises(RunFolderError, match="--resume"):
        train(config, folder, Seen())
    other = with_overrides(config, {"rl": {"learning_rate": 0.5}})
    with pytest.raises(RunFolderError):
        train(other, folder, Seen(), resume=True)
    seen = Seen()
    train(config, folder, seen, resume=True)
    assert seen.started_with is not None
    assert seen.started_with[3] == 4
    assert [step.step for step in seen.steps] == [6]
    assert [step.step for step in records(whole)[0]] == [1, 2, 4, 6]
    before, after = [step.seconds for step in read_lines(folder / "metrics.jsonl", Step)][-2:]
    assert 0 < before < after <= read_training(folder).spent["train"] < read_training(folder).seconds
    assert records(folder) == records(whole)
    assert same_weights(folder, whole)


def test_a_run_that_was_killed_before_its_manifest_is_not_trained_further(
    taught: tuple[Path, Training, Seen], place: str, whole: Path, tmp_path: Path, hashed: None
) -> None:
    import shutil

    folder = tmp_path / "run"
    shutil.copytree(whole, folder)
    (folder / "training.json").unlink()
    shutil.rmtree(folder / "model")
    train(rl_run(taught, place, WINDOWS, iterations=2), folder, Seen(), resume=True)
    assert same_weights(folder, whole)
    assert records(folder)[0] == records(whole)[0]
    assert [m.step for m in records(folder)[1]] == [0, 3, 6, 6]


class Leaves(ByRule):
    """A judge that goes away for good after so many batches."""

    def __init__(self, batches: int) -> None:
        super().__init__(by_hash)
        self._left = batches

    def score_batch(self, requests: Any, known: object = None) -> list[ScoredCompletion]:
        self._left -= 1
        if self._left < 0:
            raise SandboxError("the judge failed on 16 answers in a row; see that it runs, then resume")
        return super().score_batch(requests)


@pytest.mark.parametrize("when", ["in a step", "while measuring"])
def test_a_judge_that_goes_away(
    taught: tuple[Path, Training, Seen], place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """What was learnt until then is saved, and goes on from there."""
    config = rl_run(taught, place, {"runtime": {"checkpoint_every": 50}}, steps=5)
    batches = 1 + 1 + 4 if when == "in a step" else 1 + 1 + 3  # measured, rated, and steps (with a measurement after 3)
    monkeypatch.setattr(conductor, "Scorer", lambda *_, **__: Leaves(batches))
    with pytest.raises(SandboxError, match="then resume"):
        train(config, tmp_path / "run", Seen())
    assert [path.name for path in (tmp_path / "run/checkpoints").glob("checkpoint-*")] == ["checkpoint-3"]
    monkeypatch.setattr(conductor, "Scorer", lambda *_, **__: ByRule(by_hash))
    seen = Seen()
    manifest = train(config, tmp_path / "run", seen, resume=True)
    assert [step.step for step in seen.steps] == [4, 5]
    logged = [step.step for step in records(tmp_path / "run")[0]]
    assert logged == (
        [1, 2, 3, 4, 5] if when == "in a step" else [1, 2, 4, 5]
    )  # a step is logged after its measurement
    assert manifest.steps == 5


class Interrupts(Seen):
    """Someone who presses ^C at a step."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self._step = step

    def stepped(self, step: Step) -> None:
        super().stepped(step)
        if step.step == self._step:
            raise KeyboardInterrupt


def test_an_interrupt_loses_no_step(
    taught: tuple[Path, Training, Seen], place: str, tmp_path: Path, hashed: None
) -> None:
    config = rl_run(taught, place, {"runtime": {"checkpoint_every": 50}, "eval": {"every": 0}}, steps=3)
    with pytest.raises(KeyboardInterrupt):
        train(config, tmp_path / "run", Interrupts(1))
    seen = Seen()
    train(config, tmp_path / "run", seen, resume=True)
    assert [step.step for step in seen.steps] == [2, 3]


def spoiling(at: int, how: Callable[[torch.Tensor], torch.Tensor]) -> Callable[..., torch.Tensor]:
    compute = RlTrainer._compute_loss

    def spoilt(self: RlTrainer, model: Any, inputs: Any) -> torch.Tensor:
        loss = compute(self, model, inputs)
        return how(loss) if self.state.global_step == at else loss

    return spoilt


def test_a_loss_that_is_no_number_leaves_a_checkpoint_that_works(
    taught: tuple[Path, Training, Seen], place: str, whole: Path, tmp_path: Path, hashed: None
) -> None:
    config = rl_run(taught, place, {"runtime": {"log_every": 50}}, iterations=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RlTrainer, "_compute_loss", spoiling(4, lambda loss: loss * float("nan")))
        with pytest.raises(TrainingError, match="is nan at step 5; lower learning_rate"):
            train(config, tmp_path / "run", Seen())
    kept = tmp_path / "run/checkpoints/checkpoint-4"
    assert all(weight.isfinite().all() for weight in load_file(kept / "model.safetensors").values())
    Policy.open(ModelSettings(path=str(kept)))  # where a new run may start
    train(config, tmp_path / "run", Seen(), resume=True)
    assert same_weights(tmp_path / "run", whole)


def test_a_device_that_is_too_small(
    taught: tuple[Path, Training, Seen], place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hashed: None
) -> None:
    def full(loss: torch.Tensor) -> torch.Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RlTrainer, "_compute_loss", spoiling(2, full))
        with pytest.raises(MachineError, match=r"lower rl\.micro_batch"):
            train(rl_run(taught, place), tmp_path / "run", Seen())
    seen = Seen()
    train(rl_run(taught, place), tmp_path / "run", seen, resume=True)
    assert [step.step for step in seen.steps] == [3, 4, 5, 6]


def test_adapters_end_up_in_the_model(
    taught: tuple[Path, Training, Seen], place: str, tmp_path: Path, hashed: None
) -> None:
    """RL over a low rank: what is saved opens by itself and is not the model it started from."""
    config = rl_run(taught, place, {"model": {"lora_rank": 2}, "eval": {"every": 0}}, steps=2, learning_rate=0.1)
    manifest = train(config, tmp_path / "run", Seen())
    model = tmp_path / "run/model"
    assert not list(model.glob("adapter*"))
    assert Policy.open(ModelSettings(path=str(model))).parameters == taught[1].parameters == manifest.parameters
    assert not same_weights(tmp_path / "run", taught[0])


def test_what_does_not_fit_is_left_out_and_counted(place: str, tmp_path: Path) -> None:
    config = sft_config(place, sft={"steps": 1}, eval={"exercises": None})
    policy = conductor._Run(config, tmp_path, Seen(), NOBODY, NOBODY, first=True)._policy(
        conductor.read_corpus(config, NOBODY)
    )
    prompts = sorted(len(policy.encode(policy.prompt(p))) for p in PROBLEMS)
    limit = prompts[5]
    seen = Seen()
    manifest = train(with_overrides(config, {"data": {"max_prompt_length": limit}}), tmp_path / "a", seen)
    assert manifest.left_out == {"prompt too long": sum(length > limit for length in prompts)}
    assert manifest.problems == 8 - manifest.left_out["prompt too long"]

    lessons = sorted(len(policy.encode(policy.prompt(p), conductor_reply(p))) for p in PROBLEMS)
    context = lessons[4]
    fits = with_overrides(config, {"model": {"context": context}})
    manifest = train(fits, tmp_path / "b", Seen())
    too_long = sum(length > context - 6 for length in prompts)
    assert manifest.problems == sum(length <= context for length in lessons) < 8
    assert sum(manifest.left_out.values()) == 8 - manifest.problems
    assert manifest.left_out.get("prompt too long", 0) == too_long
    assert manifest.left_out["answer too long"] > 0

    with pytest.raises(ConfigError, match=rf"longer than 5 tokens \(the shortest has {prompts[0]}\)"):
        train(with_overrides(config, {"data": {"max_prompt_length": 5}}), tmp_path / "c", Seen())
    with pytest.raises(ConfigError, match=r"raise data\.max_prompt_length, and model\.context"):
        train(with_overrides(config, {"model": {"context": prompts[0]}}), tmp_path / "d", Seen())


def conductor_reply(problem: Problem) -> str:
    from stepsmith.train.lessons import golden_reply

    return golden_reply(problem)


@pytest.mark.parametrize(
    ("rl", "says"),
    [
        ({"curriculum": "classic"}, "pass rate|rated"),
        ({"curriculum": "none such"}, "there is no curriculum 'none such'"),
        ({"curriculum": "hard-only", "initial_samples": 2}, "hard"),
        ({"select": {"low": 0.9, "high": 1.0}, "initial_samples": 2}, "leaves no problem to train on"),
    ],
)
def test_bands_without_problems_are_told_before_anything_is_trained(
    taught: tuple[Path, Training, Seen],
    place: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    rl: dict[str, object],
    says: str,
) -> None:
    monkeypatch.setattr(conductor, "Scorer", lambda *_, **__: ByRule(lambda *_: 0.5 if "select" in rl else 1.0))
    config = rl_run(taught, place, {"eval": {"exercises": None}}, **({"initial_samples": 0} | rl))
    with pytest.raises(ConfigError, match=says):
        train(config, tmp_path / "run", Seen())
    assert not (tmp_path / "run/checkpoints").exists()


def test_what_cannot_work_is_refused_at_once(place: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="RL needs a trained model to start from"):
        train(rl_config(), tmp_path / "rl", Seen())
    nothing = with_overrides(rl_config(), {"stage": "sft", "model": TINY})
    with pytest.raises(ConfigError, match=r"nothing to train on: give data\.problems, or exercises"):
        train(nothing, tmp_path / "sft", Seen())


def test_pass_rates_are_measured_once(
    taught: tuple[Path, Training, Seen], place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the policy that is trained, in place of what another student scored; a resumed run reads them."""
    old = [msgspec.structs.replace(p, pass_rate=pass_rate(32, 32)) for p in PROBLEMS]
    people = data(tmp_path, old)
    scorers: list[ByRule] = []

    def scorer(*_: object, **__: object) -> ByRule:
        scorers.append(ByRule(lambda *_: 0.0))
        return scorers[-1]

    monkeypatch.setattr(conductor, "Scorer", scorer)
    config = rl_run(taught, place, {"eval": {"exercises": None, "every": 0}}, steps=2, initial_samples=3)
    config = with_overrides(config, {"data": {"problems": [], "real": [people]}, "rl": {"mix": {"real": 1.0}}})
    seen = Seen()
    train(config, tmp_path / "run", seen)
    assert len(scorers[0].batches[0]) == 24
    assert {band for step in seen.steps for band in step.by_band} == {"hard"}
    shared = with_overrides(config, {"runtime": {"rollouts": str(tmp_path / "run/rollouts")}})
    train(shared, tmp_path / "again", seen)
    assert len(scorers[1].batches) == len(scorers[0].batches) - 1
    first, again = (read_training(tmp_path / name) for name in ("run", "again"))
    assert again.spent["rate"] == first.spent["rate"] > 0  # what it cost, whoever paid


def test_logs_go_where_they_are_asked_to(place: str, tmp_path: Path) -> None:
    """To TensorBoard, with what our own log holds; a place that nobody knows is refused before anything is made."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    train(sft_config(place, runtime={"report_to": ["tensorboard"]}), tmp_path / "run", Seen())  # type: ignore[arg-type]
    (events,) = (tmp_path / "run/checkpoints/runs").glob("*/events.*")
    board = EventAccumulator(str(events))
    board.Reload()
    logged = [step.loss for step in records(tmp_path / "run")[0]]
    assert [point.value for point in board.Scalars("train/loss")] == pytest.approx(logged)
    with pytest.raises(ConfigError, match=r"report_to 'tensorbord': .*supported"):
        train(sft_config(place, runtime={"report_to": ["tensorbord"]}), tmp_path / "other", Seen())  # type: ignore[arg-type]
    assert not (tmp_path / "other").exists()


def test_empty_bands_may_be_filled_by_their_neighbours() -> None:
    curriculum = curriculum_of(rl_config(curriculum="classic", empty_bands="nearest").rl)
    assert curriculum.empty == "nearest"  # type: ignore[union-attr]
    assert curriculum_of(rl_config(curriculum="learnability", empty_bands="nearest").rl) == curriculum_of(
        rl_config(curriculum="learnability").rl
    )
