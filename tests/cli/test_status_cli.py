"""``stepsmith status`` as a user sees it."""

import json
import os
import re
import time
from pathlib import Path

import msgspec

from stepsmith.store.progress import PROGRESS, ProcessId, Progress, this_process
from tests.cli.commands import run_here


def write(where: Path, **changes: object) -> None:
    now = time.time()
    progress = Progress(
        kind="synthesis", unit="chains", done=30, of=90, done_before=10, process=this_process(),
        command=("synth", "--out", "x"), folder=str(Path.cwd()), started=now - 10, updated=now, usd=0.25,
        limit_usd=2.0, tokens=1500, figures={"problems": {"easy": 3.0}, "executions": {"": 1200.0}},
    )  # fmt: skip
    (where / PROGRESS).write_bytes(msgspec.json.encode(msgspec.structs.replace(progress, **changes)))


def test_a_running_run(tmp_path: Path) -> None:
    write(tmp_path)
    done = run_here("status", tmp_path)
    assert done.code == 0, done.err
    assert re.search(rf"synthesis, running for 1\d s: process {os.getpid()}", done.out)
    assert "30 of 90 (33%) chains done, 10 of them before it was resumed" in done.out
    assert re.search(r"(2\.0|1\.\d) chains a second; about [3-6]\d s left", done.out), "a busy machine is slower"
    assert "$0.2500 of 2 USD, 1.5k tokens" in done.out
    assert "problems: easy 3\nexecutions: 1200\n" in done.out


def test_a_stopped_run_has_its_own_exit_code_and_the_command(tmp_path: Path) -> None:
    gone = ProcessId(host=this_process().host, pid=os.getpid(), start_ticks=1)
    write(tmp_path, process=gone)
    done = run_here("status", tmp_path)
    assert done.code == 3
    assert "is gone (killed?)" in done.out
    assert done.out.endswith("continue: stepsmith synth --out x --resume\n")
    write(tmp_path, process=gone, error="the budget is spent")
    assert "ago: the budget is spent" in run_here("status", tmp_path).out


def test_as_json(tmp_path: Path) -> None:
    write(tmp_path)
    found = json.loads(run_here("status", tmp_path, "--json").out)
    assert (found["state"], found["progress"]["done"]) == ("running", 30)


def test_a_run_from_start_to_end(tmp_path: Path) -> None:
    out = tmp_path / "run"
    made = run_here("synth", "--chains", "2", "--turns", "1", "--profile", "micro", "--workers", "1", "--out", out)
    assert made.code == 0, made.err
    done = run_here("status", out)
    assert done.code == 0
    assert "synthesis, finished" in done.out
    assert "2 of 2 (100%) chains done" in done.out
    assert "executions: " in done.out


def test_no_run(tmp_path: Path) -> None:
    done = run_here("status", tmp_path / "none")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert run_here("status", tmp_path).code == 2


def test_a_folder_of_somebody_else_gives_no_orders_to_the_terminal(tmp_path: Path) -> None:
    gone = ProcessId(host=this_process().host, pid=os.getpid(), start_ticks=1)
    write(tmp_path, process=gone, error="\x1b]0;owned\x07", command=("synth", "\x1b[2J"))
    said = run_here("status", tmp_path).out
    assert "\\x1b]0;owned" in said
    assert "\x1b" not in said
