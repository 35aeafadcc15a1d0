"""What a command that can be continued says when it is stopped, or when an error ends it half-way."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from stepsmith.cli.main import app
from stepsmith.cli.report import try_report
from stepsmith.cli.resuming import resumable
from stepsmith.core.errors import BudgetExceeded, ConfigError, EndpointError, SandboxError, StepsmithError, StoreError
from stepsmith.store.status import resume_command


@pytest.mark.parametrize(
    ("words", "budget", "command"),
    [
        (["synth"], None, "stepsmith synth --resume"),
        (["synth", "--out", "a b"], None, "stepsmith synth --out 'a b' --resume"),
        (["synth", "--resume", "--out", "x"], None, "stepsmith synth --out x --resume"),
        (["synth", "--budget", "5 USD"], None, "stepsmith synth --budget '5 USD' --resume"),
        (["synth", "--budget", "5 USD", "c.toml"], "MORE", "stepsmith synth c.toml --budget MORE --resume"),
        (["synth", "--budget=1k", "c.toml"], "MORE", "stepsmith synth c.toml --budget MORE --resume"),
        (["synth", "c.toml"], "MORE", "stepsmith synth c.toml --budget MORE --resume"),
    ],
)
def test_the_command_that_continues(words: list[str], budget: str | None, command: str) -> None:
    assert resume_command(words, budget) == command


@pytest.fixture
def begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "argv", ["stepsmith", "synth", "c.toml"])
    (tmp_path / "work").touch()
    return tmp_path / "work"


@pytest.mark.parametrize("kind", [StoreError, EndpointError, SandboxError])
@pytest.mark.parametrize("words", ["the disk is full", "The disk is full. Free some space."])
def test_an_error_half_way_says_how_to_go_on(kind: type[StepsmithError], words: str, begun: Path) -> None:
    with pytest.raises(kind) as caught, resumable(Console(), begun, "Chains are safe"):
        raise kind(words)
    assert str(caught.value) == (
        f"{words.rstrip('.')}. Chains are safe; continue with: stepsmith synth c.toml --resume"
    )


def test_a_spent_budget_asks_for_more(begun: Path) -> None:
    with pytest.raises(BudgetExceeded, match=r"spent\. Chains are safe; continue with: .* --budget MORE --resume"), (
        resumable(Console(), begun, "Chains are safe")
    ):  # fmt: skip
        raise BudgetExceeded("spent")


def test_before_anything_has_begun_there_is_nothing_to_continue(begun: Path) -> None:
    with pytest.raises(StoreError) as caught, resumable(Console(), begun / "none", "Chains are safe"):
        raise StoreError("no space")
    assert str(caught.value) == "no space"
    with pytest.raises(ConfigError) as mistake, resumable(Console(), begun, "Chains are safe"):
        raise ConfigError("wrong key")
    assert str(mistake.value) == "wrong key"


def test_stopping_says_how_to_go_on(begun: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as caught, resumable(Console(), begun, "Chains are safe"):
        raise KeyboardInterrupt
    assert caught.value.exit_code == 130
    assert capsys.readouterr().out == "\nStopped. Chains are safe; continue with:\n  stepsmith synth c.toml --resume\n"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("mounting a small file system needs root")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_report_that_does_not_fit_names_the_command_that_writes_it(
    small_disk: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from stepsmith.store.folder_lock import write_whole

    def too_large(folder: Path) -> Path:
        write_whole(folder / "report.html", b"x" * 10**6)
        return folder

    monkeypatch.setattr("stepsmith.cli.report.write_report", too_large)
    try_report(Console(), small_disk)
    said = capsys.readouterr().out
    assert (
        said == f"No report: no space left in {small_disk}; free some space, then run: stepsmith report {small_disk}\n"
    )
    assert not any(small_disk.iterdir())


@pytest.mark.parametrize(
    ("words", "place", "kept"),
    [
        (["train", "sft", "micro"], "train.train", "Everything up to the last checkpoint is safe"),
        (["train", "rl", "micro", "--model", "x"], "train.train", "Everything up to the last checkpoint is safe"),
        (["study", "turns"], "study.run_study", "Finished stages are safe"),
    ],
)
@pytest.mark.parametrize("stopped", [True, False], ids=["by a signal", "by a full disk"])
def test_every_long_command_says_how_to_go_on(
    words: list[str], place: str, kept: str, stopped: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [*words, "--out", str(tmp_path)]

    def ends(*_: object, **__: object) -> None:
        (tmp_path / "config.json").touch()
        raise KeyboardInterrupt if stopped else StoreError("the disk is full")

    monkeypatch.setattr(f"stepsmith.cli.{place}", ends)
    monkeypatch.setattr(sys, "argv", ["stepsmith", *words])
    done = CliRunner().invoke(app, words)
    said = done.output if stopped else str(done.exception)
    assert f"{kept} in {tmp_path}; continue with:" in said
    assert f"stepsmith {' '.join(words)} --resume" in said
    assert done.exit_code == (130 if stopped else 1)
