"""``stepsmith view``: one clear line for what is wrong, and an address to open."""

import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

pytest.importorskip("duckdb")

COMMAND = [sys.executable, "-m", "stepsmith", "view"]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    done = subprocess.run([*COMMAND, str(tmp_path / "none")], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "does not exist" in done.stderr


def test_it_serves_until_it_is_stopped_and_a_second_one_needs_another_port(tmp_path: Path) -> None:
    with subprocess.Popen([*COMMAND, str(tmp_path), "--port", "0"], stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        line = running.stderr.readline()
        address = line.split(" on ")[1].split(";")[0]
        with urllib.request.urlopen(address) as page:
            assert b"There are no problems here" in page.read()
        port = address.rstrip("/").rpartition(":")[2]
        second = subprocess.run([*COMMAND, str(tmp_path), "--port", port], capture_output=True, text=True)
        assert second.returncode == 2
        assert "try another --port" in second.stderr
        assert second.stderr.count("\n") == 1
        running.send_signal(signal.SIGINT)
        assert running.wait(10) == 0
        assert running.stderr.read() == ""
