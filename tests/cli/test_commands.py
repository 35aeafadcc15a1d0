"""The commands are imported when they are asked for."""

import subprocess
import sys

import pytest

from stepsmith.cli.commands import COMMANDS, Commands, _loaded
from tests.cli.commands import run_here


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_found(name: str) -> None:
    assert _loaded(name).name == name


def test_all_are_in_the_help_and_a_mistyped_one_is_guessed() -> None:
    shown = run_here("--help").out
    assert [line.split()[1] for line in shown.splitlines() if line[:1] == "│" and line[2:3].islower()] == [*COMMANDS]
    assert "judge" in run_here("jugde").err


def test_one_command_imports_nothing_of_the_others() -> None:
    code = (
        "import sys; from stepsmith.cli.commands import Commands; Commands(name='x').get_command(None, 'judge');"
        "print(*{name.split('.')[1] for name in sys.modules if name.startswith('stepsmith.')})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"cli", "judge", "sandbox"} <= {*done.stdout.split()} <= {
        "cli", "judge", "sandbox", "core", "cluster", "store", "report"
    }  # fmt: skip


def test_a_command_is_imported_once() -> None:
    group = Commands(name="x")
    assert group.get_command(None, "cache") is group.get_command(None, "cache")
