from pathlib import Path

import msgspec
import pytest

from stepsmith.core.errors import ConfigError
from stepsmith.pipeline.config import Config, RuntimeSettings, as_file, load_config, with_changes


def write(folder: Path, text: str) -> Path:
    path = folder / "c.toml"
    path.write_text(text)
    return path


def test_defaults_carry_the_papers_numbers() -> None:
    config = load_config(None)
    assert (config.synth.turns, config.synth.attempts) == (6, 32)
    assert config.synth.styles == {"codeforces": 0.70, "atcoder": 0.15, "leetcode": 0.15}
    assert (config.refine.harder_above, config.refine.keep_low, config.refine.keep_high) == (0.65, 0.01, 0.97)


def test_a_file_overrides_and_flags_override_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, '[synth]\nchains = 5\nturns = 2\nprofile = "micro"\n[simulated]\nskill = 1.0\n')
    config = with_changes(load_config(path), workers=3, allow_unsafe=None, synth={"turns": 4, "seed": None})
    assert (config.synth.chains, config.synth.turns, config.synth.profile) == (5, 4, "micro")
    assert (config.simulated.skill, config.runtime.workers) == (1.0, 3)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[synth]\nchians = 5\n", "chians"),
        ("[sinth]\n", "sinth"),
        ('[synth]\nchains = "many"\n', "synth.chains"),
        ("[synth]\nchains = 0\n", "synth.chains"),
        ('[synth]\nmode = "upside-down"\n', "synth.mode`, which is one of: multi-turn, hard-first, single-turn"),
        ('[judge]\nisolation = "L9"\n', "judge.isolation`, which is one of: auto, L0, L1, L2, L3"),
        ('[models.a]\nbase_url = "http://h/v1"\nmodel = "m"\nstream = "yes"\n', "stream"),
        ("[synth]\nenvironments = {induction = 0.0}\n", "environments"),
        ("[synth]\nstyles = {codeforces = -1.0, atcoder = 2.0}\n", "styles"),
        ("[refine]\nkeep_low = 0.9\nkeep_high = 0.1\n", "keep_low"),
        ('memory = "x"\n', "the setting `memory` is now called `runtime.cache`; rename it"),
        (
            "[two_stage]\nmax_reply_tokens = 9\n",
            "`two_stage.max_reply_tokens` is now called `two_stage.max_completion_tokens`",
        ),
        ("[synth\n", "c.toml"),
    ],
)
def test_mistakes_are_one_clear_line(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(ConfigError, match=word.replace(".", r"\.")) as caught:
        load_config(write(tmp_path, text))
    assert "\n" not in str(caught.value).strip()


@pytest.mark.parametrize(
    ("voters", "method", "published"),
    [("auto", "two-stage", True), ("auto", "teacher-student", False), ("consensus", "two-stage", False),
     ("dual-verification", "teacher-student", True)],
)  # fmt: skip
def test_each_method_has_its_papers_way_of_settling_labels(
    tmp_path: Path, voters: str, method: str, published: bool
) -> None:
    path = write(tmp_path, f'[synth]\nmethod = "{method}"\n[voters]\nmethod = "{voters}"\n')
    assert load_config(path).uses_dual_verification == published


def test_missing_and_binary_files(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        load_config(tmp_path / "none.toml")
    (tmp_path / "bin.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"bin\.toml"):
        load_config(tmp_path / "bin.toml")


def test_workers_do_not_shape_the_data() -> None:
    one, two = Config(runtime=RuntimeSettings(workers=1)), Config(runtime=RuntimeSettings(workers=2))
    assert one.fingerprint_fields() == two.fingerprint_fields()
    changed = with_changes(one, workers=None, allow_unsafe=None, synth={"seed": 1})
    assert changed.fingerprint_fields() != one.fingerprint_fields()


MODELS = """
[runtime]
budget = "5 USD"
workers = 3
[synth]
method = "two-stage"
teacher = "Qwen/Qwen3-8B"
environments = { induction = 1.0 }
[models."Qwen/Qwen3-8B"]
base_url = "http://localhost:8000/v1"
model = "q"
key_env = "MY_KEY"
query = { api-version = "2" }
headers = { X-Team = "secret", X-Key = "$OTHER_KEY" }
prices = { input = 0.5, output = 2.0 }
sampling = { temperature = 0.7, stop = ["</s>"], extra = { chat_template_kwargs = { enable_thinking = false } } }
"""


def test_the_settings_of_a_run_load_again_without_what_may_be_secret(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, MODELS))
    again = load_config(write(tmp_path, as_file(config)))
    assert again.fingerprint_fields() == config.fingerprint_fields()
    name = "Qwen/Qwen3-8B"
    assert again.models[name] == msgspec.structs.replace(config.models[name], headers={"X-Key": "$OTHER_KEY"})
    assert again.runtime.budget == "5 USD"
    assert "secret" not in as_file(config)
    assert "workers" not in as_file(config)
    assert load_config(write(tmp_path, as_file(Config()))).fingerprint_fields() == Config().fingerprint_fields()
