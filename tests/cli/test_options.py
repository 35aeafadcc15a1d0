"""A wrong value is said with the option that the user typed, in every command that turns options into settings."""

import re
from pathlib import Path

import pytest

from tests.cli.commands import run_here

HUGE = "99999999999999999999"


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("synth --chains 0", r"Invalid value for '--chains'"),
        ("synth --mode x", "--mode x: invalid enum value 'x', which is one of: multi-turn, hard-first, single-turn"),
        ("synth --executor foo", "--executor foo: there is no executor 'foo'"),
        ("synth --executor ray --judge http://127.0.0.1:1", "--judge, .* and a Ray executor"),
        ("synth --budget 2,5", "--budget '2,5' is not a budget"),
        ("rate nowhere --student simulated --confidence 3", "--confidence 3.0: expected `float` < 1.0"),
        (
            "rehearse CONFIG --method guess",
            "--method guess: invalid enum value 'guess', which is one of: teacher-student",
        ),
        ("train rl micro --set rl.foo=1", "--set rl.foo=1: object contains unknown field `foo`"),
        ("train rl micro --set rl.loss=ppo", "--set rl.loss=ppo: invalid enum value 'ppo', which is one of: grpo"),
        (f"train sft micro --seed {HUGE}", f"--seed {HUGE}: give a number with fewer than 19 digits"),
        (f"export nowhere --to trl --seed {HUGE}", f"--seed {HUGE}: give"),
    ],
)
def test_the_option_is_named(command: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "empty.toml").touch()
    words = command.replace("CONFIG", str(tmp_path / "empty.toml")).split()
    done = run_here(*words, *(["--out", tmp_path / "out"] if words[0] != "rehearse" else []))
    assert done.code == 2
    assert re.search(says, re.sub(r"[\s│]+", " ", done.err)), done.err
    assert "$" not in done.err
    assert not (tmp_path / "out").exists()


def test_what_a_file_says_is_named_as_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text("[synth]\nchains = 0\n")
    done = run_here("synth", tmp_path / "run.toml", "--chains", 3, "--out", tmp_path / "out")
    assert done.code == 2
    assert "run.toml: Expected `int` >= 1 - at `$.synth.chains`" in done.err
