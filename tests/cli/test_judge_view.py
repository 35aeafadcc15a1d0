"""What judging shows: where outputs differ, why a test failed, and progress as plain lines."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from stepsmith.cli import judge_view
from stepsmith.cli.judge_view import case_progress
from stepsmith.core.records import Verdict
from tests.cli.judging import run, write


def test_one_shows_where_outputs_differ(tmp_path: Path) -> None:
    program = "for n in range(30): print(n, 'x' if n == 20 else 'y')"
    answer = "".join(f"{n} y\n" for n in range(30))
    f = write(tmp_path, a__py=program, a__in="", a__ans=answer)
    code, output = run("one", f["a__py"], "--in", f["a__in"], "--ans", f["a__ans"])
    assert code == 1
    assert "line 21, token 42: expected 'y', got 'x'" in output
    different = [line for line in output.splitlines() if "≠" in line]
    assert len(different) == 1
    assert different[0].split() == ["21", "20", "y", "≠", "20", "x"]
    assert "0 y" not in output.splitlines()[1]


def test_one_tells_what_happened_to_failures(tmp_path: Path) -> None:
    f = write(tmp_path, rte__py="import sys\nsys.exit('my last words')", tle__py="while True: pass", ce__py="print(",
              a__in="", a__ans="")  # fmt: skip
    test = ("--in", f["a__in"], "--ans", f["a__ans"], "--time-limit", "0.3")
    code, output = run("one", f["rte__py"], *test)
    assert code == 1
    assert "RTE" in output
    assert "my last words" in output
    code, output = run("one", f["tle__py"], *test)
    assert code == 1
    assert "TLE" in output
    assert "of 0.3 s" in output
    code, output = run("one", f["ce__py"], *test)
    assert code == 1
    assert "SyntaxError" in output


def test_progress_is_a_line_now_and_then_that_counts_verdicts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge_view, "LINE_EVERY_S", 0.0)
    out = io.StringIO()
    with case_progress(Console(file=out, width=80), 2, 5, "L3") as progress:
        progress.judged(Verdict.AC)
        progress.judged(Verdict.WA)
        progress.judged(None)
    lines = out.getvalue().splitlines()
    assert lines[0] == "5 cases, 2 of them judged before; isolation L3"
    assert "AC 1 WA 1 · 1 with errors" in lines[-1]
    assert lines[-1].startswith("5/5 cases")
