"""What the audit of packages says, and that no network is no failure."""

import runpy
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "audit_deps.py"


def answer(monkeypatch: pytest.MonkeyPatch, stdout: str, stderr: str = "") -> None:
    done = subprocess.CompletedProcess([], 1, stdout, stderr)
    monkeypatch.setattr(subprocess, "run", lambda *words, **more: done)


@pytest.mark.parametrize(
    ("stdout", "code", "said"),
    [
        ("", 0, "NOT AUDITED: the vulnerability service cannot be reached (refused)"),
        (
            '{"dependencies": [{"name": "a", "skip_reason": "not found"}]}',
            0,
            "NOT AUDITED: the service knows none of 1",
        ),
        ('{"dependencies": [{"name": "a", "version": "1", "vulns": []}]}', 0, "1 of 1 packages audited, 0 known holes"),
        (
            '{"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "X-1", "fix_versions": ["2"]}]}]}',
            1,
            "a 1: X-1, fixed in 2",
        ),
    ],
)
def test_what_it_says(
    stdout: str, code: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(monkeypatch, stdout, "trouble\nrefused\n")
    assert runpy.run_path(str(SCRIPT))["main"]() == code
    assert said in capsys.readouterr().out
