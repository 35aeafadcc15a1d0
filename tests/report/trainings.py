"""Logs of training runs as a trainer would write them: policies that get better, with the noise of sampling."""

import math
import random
from collections.abc import Callable
from pathlib import Path

import msgspec

from stepsmith.core.stats import wilson_interval
from stepsmith.curriculum import Schedule, load_curriculum
from stepsmith.store.folder_lock import CONFIG
from stepsmith.store.training_log import TRAINING, EvalResult, Score, Step, Tally, Training, TrainingLog
from stepsmith.train.settings import TrainConfig, load_training, with_overrides

BANDS = {"easy": 0.9, "easy-medium": 0.72, "medium": 0.42, "hard": 0.14}  # pass rate before training


def make_sft(folder: Path, *, steps: int = 450, done: int | None = None, every: int = 5, measure: bool = True) -> Path:
    """An SFT run of the micro preset; ``done`` ends it early, without a manifest."""
    rng = random.Random(5)
    config = with_overrides(load_training("micro"), {"stage": "sft", "sft": {"steps": steps}})
    log = _begin(folder, config)
    if measure:
        log.evaluated(_measurement(rng, "sft", 0, lambda features: 0.0))
    for step in _logged(done or steps, every):
        fall = math.exp(-step / 60)
        log.step(
            Step(
                stage="sft",
                step=step,
                of=steps,
                seconds=0.31 * step,
                loss=0.16 + 5.6 * fall + rng.gauss(0, 0.02 + 0.2 * fall),
                entropy=0.14 + 5.4 * fall + rng.gauss(0, 0.02),
                learning_rate=4e-3,
                grad_norm=0.5 + fall,
                tokens=9_600.0 * step,
            )
        )
    if done is None:
        if measure:
            log.evaluated(_measurement(rng, "sft", steps, lambda features: 0.93 * 0.72 ** (features - 1)))
        _finish(folder, config, start="from scratch", seconds=0.31 * steps, tokens=9_600.0 * steps, problems=9_412)
    return folder


def make_rl(
    folder: Path, *, curriculum: str = "soft", steps: int = 200, done: int | None = None, every: int = 5,
    measure_every: int = 0, bands: bool = True, scopes: tuple[str, ...] = ("",),
) -> Path:  # fmt: skip
    """An RL run with the weights of a curriculum; ``done`` ends it early, without a manifest."""
    rng = random.Random(11)
    config = with_overrides(
        load_training("micro"),
        {
            "stage": "rl",
            "model": {"path": "runs/sft/model"},
            "rl": {"steps": steps, "curriculum": curriculum},
            "eval": {"every": measure_every},
        },
    )
    schedule = load_curriculum(curriculum)
    log = _begin(folder, config)
    log.evaluated(_measurement(rng, "rl", 0, lambda features: 0.93 * 0.72 ** (features - 1)))
    for step in _logged(done or steps, every):
        part = step / steps
        weights = schedule.weights(min(part, 0.999)) if isinstance(schedule, Schedule) else {"all": 1.0}
        drawn = (
            weights
            if isinstance(schedule, Schedule)
            else {"easy": 0.1, "medium": 0.5 - 0.2 * part, "hard": 0.4 + 0.2 * part}
        )
        tallies = {
            band: _tally(
                rng, round(96 * every * weight), BANDS[band] + (0.97 - BANDS[band]) * 0.8 * (1 - math.exp(-2 * part))
            )
            for band, weight in drawn.items()
        }
        lengths = {f"{n} features": _tally(rng, 24 * every, 0.9 * (0.6 + 0.25 * part) ** (n - 1)) for n in (2, 3, 4, 5)}
        total = Tally(
            passes=sum(t.passes for t in tallies.values()), attempts=sum(t.attempts for t in tallies.values())
        )
        rate = total.passes / max(1, total.attempts)
        named = {f"{scope}/{band}" if scope else band: w for scope in scopes for band, w in weights.items()}
        log.step(
            Step(
                stage="rl",
                step=step,
                of=steps,
                seconds=1.9 * step,
                loss=rng.gauss(0, 0.01),
                grad_norm=0.3,
                entropy=0.32 * math.exp(-1.3 * part) + rng.gauss(0, 0.01),
                tokens=7_000.0 * step,
                reward=rate,
                pass_rate=rate,
                by_band=tallies if bands else {},
                by_length=lengths,
                weights=named,
                completion_length=38 + 6 * part + rng.gauss(0, 1),
                truncated=max(0.0, 0.03 - 0.02 * part + rng.gauss(0, 0.004)),
                no_answer=max(0.0, 0.02 * math.exp(-4 * part) + rng.gauss(0, 0.002)),
                masked=max(0.0, 0.03 - 0.02 * part),
                zero_variance=0.3 + 0.25 * part + rng.gauss(0, 0.04),
                resampled=2,
                judge_s=0.35 + rng.random() * 0.1,
                generate_s=0.9 + rng.random() * 0.1,
                step_s=1.8 + rng.random() * 0.2,
                held_back_gap=0.02 + (0.05 * part if part > 0.5 else 0.0),
                warnings=("replies pass the rewarded tests and fail 7% of those held back: look at prob_12",)
                if part > 0.8
                else (),
            )
        )
        if measure_every and step % measure_every == 0 and step < steps:
            log.evaluated(_measurement(rng, "rl", step, lambda features, part=part: _solved(features, part)))
    if done is None:
        log.evaluated(_measurement(rng, "rl", steps, lambda features: _solved(features, 1.0)))
        _finish(folder, config, start="runs/sft/model", seconds=1.9 * steps, tokens=7_000.0 * steps, problems=578)
    return folder


def _solved(features: int, part: float) -> float:
    return float((0.93 + 0.04 * part) * (0.72 + 0.14 * part) ** (features - 1))


def _logged(steps: int, every: int) -> list[int]:
    return sorted({1, *range(every, steps + 1, every), steps})


def _tally(rng: random.Random, attempts: int, rate: float) -> Tally:
    return Tally(passes=sum(rng.random() < rate for _ in range(attempts)), attempts=attempts)


def _measurement(rng: random.Random, stage: str, step: int, solved: Callable[[int], float]) -> EvalResult:
    rates = {n: [sum(rng.random() < solved(n) for _ in range(4)) / 4 for _ in range(60)] for n in range(1, 6)}
    groups = {"all": [rate for found in rates.values() for rate in found]}
    groups |= {f"{n} feature{'' if n == 1 else 's'}": found for n, found in rates.items()}
    return EvalResult(
        stage=stage,  # type: ignore[arg-type]
        step=step,
        name="held-out",
        temperature=1.0,
        groups={name: _score(found) for name, found in groups.items()},
    )


def _score(rates: list[float]) -> Score:
    low, high = wilson_interval(sum(rates), len(rates))
    mean = sum(rates) / len(rates)
    at_4 = sum(rate > 0 for rate in rates) / len(rates)
    return Score(
        problems=len(rates), samples=4, pass_at_1=mean, low=low, high=high, pass_at_k={"1": mean, "4": at_4},
        truncated=0.02 * (1 - mean), no_answer=0.1 * (1 - mean),
    )  # fmt: skip


def _begin(folder: Path, config: TrainConfig) -> TrainingLog:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CONFIG).write_bytes(msgspec.json.encode(config.fingerprint_fields()))
    return TrainingLog(folder)


def _finish(folder: Path, config: TrainConfig, *, start: str, seconds: float, tokens: float, problems: int) -> None:
    manifest = Training(
        stage=config.stage,
        versions={"stepsmith": "0.1.0", "torch": "2.13.0", "trl": "1.16.0"},
        config=msgspec.Raw(msgspec.json.encode(config.fingerprint_fields())),
        seed=config.seed,
        data_id="data_0123456789abcdef0123456789abcdef",
        problems=problems,
        held_out=300,
        left_out={"prompt too long": 12, "composition held out": 580},
        start_model=start,
        parameters=394_176,
        device="cpu, 2 threads",
        steps=config.sft.steps if config.stage == "sft" else config.rl.steps,
        seconds=seconds,
        tokens=tokens,
        spent={"make": 3.2, "evaluate": 11.0, "train": seconds - 14.2},
        isolation="L2",
        peak_memory_mb=1_103.4,
    )
    (folder / TRAINING).write_bytes(msgspec.json.encode(manifest))
