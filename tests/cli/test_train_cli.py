"""``stepsmith train``: presets, and options that are refused before anything is made."""

import re
from pathlib import Path

import pytest

from stepsmith.train.settings import presets
from tests.cli.commands import run_here


def test_presets_are_listed_with_what_they_are() -> None:
    done = run_here("train", "presets")
    assert done.code == 0
    for name, config in presets().items():
        assert name in done.out
        assert config.about.split()[0] in done.out


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--set", "rl.groups"], "--set rl.groups: give KEY=VALUE"),
        (["--set", "rl.groups=many"], "--set rl.groups=many: expected `int`, got `str`"),
        (["--set", "rl.kl=0.1"], "`rl.kl` is now called `rl.beta`"),
        (["--render-only"], "--render-only needs --backend verl"),
        (["--backend", "verl"], "add --render-only"),
    ],
)
def test_options_that_cannot_be_are_one_line(options: list[str], says: str, tmp_path: Path) -> None:
    done = run_here("train", "rl", "micro", "--model", tmp_path, *options, "--out", tmp_path / "run")
    assert done.code == 2
    assert re.search(says, done.err), done.err
    assert not (tmp_path / "run").exists()


def test_a_model_folder_that_is_missing_is_said_at_once(tmp_path: Path) -> None:
    done = run_here("train", "sft", "micro", "--model", "/nope", "--out", tmp_path / "run")
    assert done.code == 2
    assert re.fullmatch("stepsmith: --model /nope: there is no such folder[^\n]*\n", done.err)
