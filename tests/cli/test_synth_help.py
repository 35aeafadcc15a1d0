"""What the command line says of itself survives Rich, which takes words in brackets for markup."""

import re

import pytest
from typer.testing import CliRunner

from stepsmith.cli.main import app


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["synth"], r"offline, a \[models\.NAME\], or an address"),
        (["synth"], r"--method .*teacher-student \(paper A\) or two-stage"),
        (["synth"], r"--strong-solver"),
        (["doctor"], r"Configuration whose \[models\.\*\]"),
        (["features", "extract"], r"a \[models\.NAME\] of --config"),
        (["features", "extract"], r"TOML configuration with \[models\.\*\]"),
        (["features", "evolve"], r"a \[models\.NAME\] of --config"),
    ],
)
def test_tables_are_named_in_the_help(command: list[str], words: str) -> None:
    shown = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"}).output
    assert re.search(words, re.sub(r"[\s│]+", " ", shown)), shown
