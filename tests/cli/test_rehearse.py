"""``stepsmith rehearse``: what it shows, and its exit code."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.commands import run_here
from tests.llm.hostile_provider import HostileProvider
from tests.synth.llm.scripted_server import ScriptedServer


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


def written(folder: Path, url: str, more: str = "", table: str = "") -> Path:
    lines = ["[synth]", 'teacher = "teacher"', 'student = "student"', "environments = { deduction = 1.0 }", more]
    for name in ("teacher", "student"):
        lines += [f"[models.{name}]", f'base_url = "{url}"', f'model = "{name}"', "sampling = { max_tokens = 4000 }"]
        lines += [table]
    path = folder / "run.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_prompt_reply_and_what_was_understood_are_shown(server: ScriptedServer, tmp_path: Path) -> None:
    done = run_here("rehearse", written(tmp_path, server.url, table="prices = { input = 1.0, output = 4.0 }"))
    assert done.code == 0, done.err
    for part in (
        "propose: deduction · teacher",
        "You design programming problems",
        "lines; --full shows them",
        "understood: a function f(",
        "understood: 2 of 2 replies hold an answer that can be judged",
        "24 chains would take about",
        "USD",
        "Everything was understood.",
    ):
        assert part in done.out, part
    full = run_here("rehearse", written(tmp_path, server.url), "--full")
    assert "It returns its result, and does not change its arguments." in full.out
    assert "change: No prices are configured: with [models.teacher.prices] costs are shown" in full.out


def test_the_exit_code_says_that_something_was_not_understood(tmp_path: Path) -> None:
    with HostileProvider(reply=lambda _: "I would rather not.") as provider:
        done = run_here("rehearse", written(tmp_path, provider.url))
    assert done.code == 1
    assert "not understood: no-code" in done.out
    assert "Not understood: propose: deduction (teacher); refine: deduction (teacher)" in done.out


def test_mistakes_are_one_line(server: ScriptedServer, tmp_path: Path) -> None:
    done = run_here("rehearse", written(tmp_path, server.url), "--teacher", "nobody")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "unknown teacher 'nobody'" in done.err
    offline = tmp_path / "offline.toml"
    offline.write_text("[synth]\nchains = 1\n")
    assert "nothing to rehearse" in run_here("rehearse", offline).out
    over = run_here("rehearse", written(tmp_path, server.url), "--budget", "10 tokens")
    assert over.code == 2
    assert "budget" in over.err
