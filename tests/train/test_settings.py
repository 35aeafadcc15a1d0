"""The configuration of a training run: presets, files over presets, and mistakes in one line."""

from pathlib import Path

import pytest

from stepsmith.core.errors import ConfigError
from stepsmith.curriculum import load_curriculum
from stepsmith.train.settings import RENAMED_KEYS, TrainConfig, load_training, presets, with_overrides


def test_presets_are_there_and_whole() -> None:
    found = presets()
    assert {"micro", "smollm2"} <= set(found)
    for config in found.values():
        assert config.about
        load_curriculum(config.rl.curriculum)
        assert config.model.context >= config.data.max_prompt_length + config.rl.max_completion_length
        assert config.sft.batch % (config.sft.micro_batch or config.sft.batch) == 0
        per_update = config.rl.groups * config.rl.group_size // config.rl.updates
        assert per_update % (config.rl.micro_batch or per_update) == 0


def test_the_preset_for_one_gpu() -> None:
    config = load_training("smollm2")
    assert config.model.path == "HuggingFaceTB/SmolLM2-135M-Instruct"
    assert (config.model.dtype, config.model.lora_rank, config.model.context) == ("bfloat16", 0, 2048)
    assert (config.data.prompt, config.rl.groups, config.rl.group_size) == ("full", 16, 8)
    assert (config.rl.max_completion_length, config.rl.curriculum) == (512, "learnability")
    assert config.rl.initial_samples > 0


def test_every_value_of_our_presets_has_a_reason() -> None:
    """What is not a paper's is ours, and says why: in the line itself or in one above."""
    text = (Path(__file__).parents[2] / "src/stepsmith/train/presets/smollm2.toml").read_text()
    values = [line for line in text.splitlines() if " = " in line and not line.startswith(("#", "about"))]
    assert len(values) > 25
    assert not [line for line in values if "  # " not in line]


def test_a_file_says_what_differs_from_a_preset(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('preset = "micro"\nseed = 7\n[rl]\nsteps = 9\n[rl.exercises]\ncount = 50\n')
    config, base = load_training(str(file)), load_training("micro")
    assert (config.seed, config.rl.steps) == (7, 9)
    assert base.rl.steps != 9
    assert config.rl.exercises is not None
    assert base.rl.exercises is not None
    assert (config.rl.exercises.count, config.rl.exercises.seed) == (50, base.rl.exercises.seed)
    assert config.sft == base.sft
    further = tmp_path / "further.toml"
    further.write_text(f'preset = "{file}"\nseed = 8\n')
    assert load_training(str(further)) == with_overrides(config, {"seed": 8})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[rl]\nstep = 3\n", "unknown field `step`"),
        ("[rl]\nsteps = 0\n", r"Expected `int` >= 1 - at `\$.rl.steps`"),
        ('[rl]\nloss = "ppo"\n', "Invalid enum value 'ppo'"),
        ("[rl]\ngroups = 3\ngroup_size = 3\nupdates = 2\n", "3 groups of 3 completions cannot be split into 2"),
        ("[model]\nhidden = 10\nheads = 3\n", "hidden 10 is not a multiple of heads 3"),
        ("[rl.teacher]\nlow = 0.9\nhigh = 0.1\n", "low must be below high"),
        ('[sft.exercises]\nfeatures = ["sing"]\n', "there is no feature 'sing'"),
        ("[sft.exercises]\nsteps = { 9 = 1 }\n", "steps are numbers from 1 to 6, not 9"),
        ('preset = "pico"\n', "there is no training preset 'pico'.*micro"),
        ("[rl\n", "mine.toml"),
    ],
)
def test_a_mistake_is_one_line(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=says) as error:
        load_training(str(file))
    assert "\n" not in str(error.value)


def test_what_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load_training(str(tmp_path / "none.toml"))
    with pytest.raises(ConfigError, match=r"give a \.toml file or one of"):
        load_training("nothing")


def test_what_shapes_the_result() -> None:
    """A resumed run may be watched otherwise; it may not be another run. The other stage does not matter."""
    base = TrainConfig()

    def shape(**changes: object) -> object:
        return with_overrides(base, changes).fingerprint_fields()

    for free in ("checkpoint_every", "keep_checkpoints", "log_every", "threads", "judge_workers"):
        assert shape(runtime={free: 3}) == base.fingerprint_fields()
    assert shape(runtime={"report_to": ["tensorboard"]}) == base.fingerprint_fields()
    assert shape(rl={"steps": 3}) == base.fingerprint_fields()
    assert shape(stage="rl", sft={"steps": 3}) == shape(stage="rl")
    for other in ({"seed": 3}, {"sft": {"steps": 3}}, {"model": {"layers": 2}}, {"data": {"held_out": 0.5}}):
        assert shape(**other) != base.fingerprint_fields()


@pytest.mark.parametrize(("old", "new"), RENAMED_KEYS.items())
def test_an_old_name_is_an_error_that_tells_the_new_one(old: str, new: str) -> None:
    changes: dict[str, object] = {}
    place = changes
    *parents, last = old.split(".")
    for name in parents:
        place = place.setdefault(name, {})  # type: ignore[assignment]
    place[last] = 1
    with pytest.raises(ConfigError) as refusal:
        with_overrides(TrainConfig(), changes)
    assert f"`{old}` is now called `{new}`" in str(refusal.value)
