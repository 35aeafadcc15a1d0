"""``stepsmith cache``: what it prints and what it forgets."""

import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stepsmith.cli.cache import cache_app
from stepsmith.core.errors import StoreError, UserError
from stepsmith.core.model_outputs import ModelOutput, Usage
from stepsmith.store.completion_cache import CompletionCache


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two completions of `large`, forty days and an hour old, and one of `small`, of now."""
    path = tmp_path / "completions.sqlite"
    now = time.time()
    with CompletionCache(path) as store:
        for model, age in (("large", 40 * 86_400), ("large", 3600), ("small", 0)):
            monkeypatch.setattr(time, "time", lambda age=age: now - age)
            usage = Usage(prompt_tokens=1_000_000, completion_tokens=234_567)
            kept = ModelOutput(content="x", finish_reason="stop", model=model, sample=0, usage=usage, cost_usd=1.5)
            store.settle("r", None, {f"{model} {age}": [kept]})
    monkeypatch.undo()
    return path


def run(*arguments: str) -> str:
    result = CliRunner().invoke(cache_app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def left(path: Path) -> dict[str, int]:
    with CompletionCache(path) as store:
        return {row.model: row.completions for row in store.stats()}


def test_stats_shows_each_model(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    output = run("stats", "--file", str(memory))
    row = next(line for line in output.splitlines() if "large" in line)
    assert all(figure in row for figure in (" 2 ", "2,469,134", "3.00"))
    assert str(memory) in output.replace("\n", "")


def test_the_default_file_is_found(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEPSMITH_CACHE", str(memory.parent))
    run("prune", "--model", "large")
    assert left(memory) == {"small": 1}
    assert "small" in run("stats")


def test_prune_by_age_size_and_model(memory: Path) -> None:
    file = ("--file", str(memory))
    assert "Would delete 1 completions" in run("prune", "--older-than", "30d", "--dry-run", *file)
    assert left(memory) == {"large": 2, "small": 1}
    assert "Deleted 1 completions" in run("prune", "--older-than", "30d", *file)
    assert "Deleted 0 completions" in run("prune", "--older-than", "30min", "--model", "small", *file)
    assert left(memory) == {"large": 1, "small": 1}
    assert "Deleted 0 completions" in run("prune", "--max-size", "1GB", *file)
    assert "Deleted 2 completions" in run("prune", "--max-size", "0", *file)
    assert "The completion cache is empty" in run("stats", *file)


@pytest.mark.parametrize(
    "arguments",
    [(), ("--older-than", "soon"), ("--max-size", "2 parsecs"), ("--older-than", "1d", "--max-size", "1GB"),
     ("--max-size", "2"), ("--max-size", "1,5GB"), ("--older-than", "3m"), ("--older-than", "1,5d"),
     ("--older-than", "30"), ("--max-size", "-1GB"), ("--max-size", "1e9B"), ("--max-size", "500 mB")],
)  # fmt: skip
def test_unclear_wishes_are_refused_and_forget_nothing(memory: Path, arguments: tuple[str, ...]) -> None:
    with pytest.raises(UserError):
        run("prune", *arguments, "--file", str(memory))
    assert left(memory) == {"large": 2, "small": 1}


def test_a_missing_memory_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="--file"):
        run("stats", "--file", str(tmp_path / "none.sqlite"))
    assert not (tmp_path / "none.sqlite").exists()
