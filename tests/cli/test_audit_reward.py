"""`stepsmith audit reward`: the files it writes, its exit codes, a replay in an empty folder, and mistakes."""

import json
import subprocess
import sys
import time

import pytest

from stepsmith.store.status import read_status
from tests.audit.rewards.subjects import FOLDER
from tests.cli.test_audit import stepsmith

__all__ = ["stepsmith"]
BROKEN = f"{FOLDER / 'broken.py'}:default_of_zero"


def test_a_reward_that_says_nothing_is_found_and_replayed(stepsmith, tmp_path, monkeypatch):
    code, said = stepsmith("audit", "reward", BROKEN, "--out", "found", "--fail-on", "high")
    assert code == 1
    assert "reward-says-nothing" in said.out
    assert "not checked: cheats: right and wrong answers earn the same" in said.out
    document = json.loads((tmp_path / "found" / "audit.json").read_text())
    (subject,) = document["subjects"]
    assert subject["subject"] == BROKEN
    assert read_status(tmp_path / "found").state == "finished"
    finding = subject["findings"][0]
    assert "F-" in (tmp_path / "found" / "audit.sarif").read_text()
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "one.json").write_text(json.dumps(finding))
    monkeypatch.chdir(tmp_path / "empty")
    code, said = stepsmith("audit", "replay", "one.json")
    assert (code, said.out.splitlines()[-1]) == (0, "reproduced")
    finding["replay"]["steps"][1]["expected"]["high"] = -1.0
    (tmp_path / "empty" / "one.json").write_text(json.dumps(finding))
    code, said = stepsmith("audit", "replay", "one.json")
    assert (code, said.out.splitlines()[-1]) == (1, "not reproduced")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((f"{FOLDER / 'broken.py'}:nothing",), "has no attribute 'nothing'"),
        (("nowhere.py:reward",), "there is no file nowhere.py"),
        (("http://127.0.0.1:9",), "--protocol"),
        (("http://127.0.0.1:9/judge",), "no judge answers"),
        ((BROKEN, "--problems", "none.jsonl"), "none.jsonl does not exist"),
        ((BROKEN, "--arg", "x"), "--arg x must be NAME=VALUE"),
        ((BROKEN, "--range", "1", "0"), "the first number must be smaller"),
    ],
)
def test_mistakes_are_one_line(stepsmith, words, told):
    code, said = stepsmith("audit", "reward", *words)
    assert code == 2
    assert told in said.err
    assert said.err.count("\n") == 1


def test_a_killed_audit_of_a_reward_has_a_status(tmp_path):
    """Its reward hangs, so it is under way when it is killed."""
    (tmp_path / "slow.py").write_text("import time\ndef slow(completions, **kwargs):\n    time.sleep(60)\n")
    words = [sys.executable, "-m", "stepsmith", "audit", "reward", "slow.py:slow", "--out", "found"]
    with subprocess.Popen(words, cwd=tmp_path, stderr=subprocess.DEVNULL) as process:
        while not (tmp_path / "found" / "progress.json").exists():
            assert process.poll() is None
            time.sleep(0.05)
        assert read_status(tmp_path / "found").state == "running"
        process.kill()
    found = read_status(tmp_path / "found")
    assert (found.state, found.progress.kind, found.progress.unit) == ("stopped", "audit", "checks")
