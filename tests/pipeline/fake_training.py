"""A trainer that writes the logs of a run instead of training; small, since other processes import it."""

import json
from pathlib import Path

import msgspec

from stepsmith.core.errors import SandboxError
from stepsmith.core.ids import content_id
from stepsmith.store.folder_lock import write_whole
from stepsmith.store.training_log import MODEL, TRAINING, EvalResult, Score, Step, Training, TrainingLog
from stepsmith.train.settings import TrainConfig

GAIN = {"learnability": 0.20, "shuffled": 0.10, "hard-only": 0.02}  # of RL, by curriculum
SFT_STEP_S, RL_STEP_S, RATE_S = 0.5, 3.0, 20.0


def fake_train(
    config: TrainConfig, folder: Path, observer: object, *, resume: bool = False, calls: Path, break_on: str = ""
) -> Training:
    """Write what a training run leaves behind: RL gains by its curriculum, and nothing by a random reward."""
    with calls.open("a") as file:
        file.write(json.dumps({"folder": folder.name, "resume": resume, **msgspec.to_builtins(config)}) + "\n")
    folder.mkdir(parents=True, exist_ok=True)
    if break_on and config.stage == "rl" and config.rl.curriculum == break_on:
        raise SandboxError("the judge is gone")
    rl, steps = config.stage == "rl", config.rl.steps if config.stage == "rl" else config.sft.steps
    before = 0.0
    if config.model.path:
        before = json.loads((Path(config.model.path) / "skill.json").read_text())
    noise = int(content_id("noise", config.seed)[-4:], 16) / 16**4 / 50
    gain = 0.3 + noise if not rl else 0.0 if config.rl.random_reward else GAIN[config.rl.curriculum] + noise / 10
    log = TrainingLog(folder)
    for step in (1, *range(5, steps + 1, 5)):
        log.step(Step(stage=config.stage, step=step, of=steps, seconds=5 + step * (RL_STEP_S if rl else SFT_STEP_S)))
    for step, rate in ((0, before), (steps, before + gain)):
        scores = {
            name: Score(problems=50, samples=4, pass_at_1=rate * factor, low=0, high=1, pass_at_k={"4": rate})
            for name, factor in (("all", 1.0), ("4 features", 0.5))
        }
        log.evaluated(EvalResult(stage=config.stage, step=step, name="held-out", temperature=1.0, groups=scores))
    (folder / MODEL).mkdir()
    (folder / MODEL / "skill.json").write_text(json.dumps(before + gain))
    training = Training(
        stage=config.stage, versions={}, config=msgspec.Raw(b"{}"), seed=config.seed, data_id="data", problems=1,
        held_out=50, left_out={}, start_model=config.model.path, parameters=1, device="CPU", steps=steps,
        seconds=steps * 1.0, tokens=0, spent={"rate": RATE_S} if rl else {},
    )  # fmt: skip
    write_whole(folder / TRAINING, msgspec.json.encode(training))
    return training
