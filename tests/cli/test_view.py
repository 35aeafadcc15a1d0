"""``stepsmith view``: one clear line for what is wrong, and an address to open."""

import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

pytest.importorskip("duckdb")

COMMAND = [sys.executable, "-m", "stepsmith", "view"]


def page_of(address: str) -> str:
    """The page, once the folder has been read."""
    while True:
        with urllib.request.urlopen(address) as page:
            text = page.read().decode()
        if "data-again" not in text:
            return str(text)
        time.sleep(0.1)


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
        assert "There are no problems here" in page_of(address)
        port = address.rstrip("/").rpartition(":")[2]
        second = subprocess.run([*COMMAND, str(tmp_path), "--port", port], capture_output=True, text=True)
        assert second.returncode == 2
        assert "try another --port" in second.stderr
        assert second.stderr.count("\n") == 1
        running.send_signal(signal.SIGINT)
        assert running.wait(30) == 0
        assert running.stderr.read() == ""


def test_without_its_extra_it_says_what_to_install(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['duckdb'] = None; sys.argv[1:] = ['view', '.']\n"
        "from stepsmith.cli.main import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == "stepsmith: the viewer needs the package duckdb; run pip install 'stepsmith[view]'\n"
