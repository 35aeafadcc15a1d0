"""``--log-format json``: one object a line, with what belongs to the event."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stepsmith.core.logs import WORKERS, JsonLines
from tests.cli.commands import ONE_CHAIN, run_here


@pytest.fixture(autouse=True)
def root() -> Iterator[None]:
    """The root logger as it was."""
    logger, ours = logging.getLogger(), logging.getLogger("stepsmith")
    before = logger.handlers[:], logger.level, ours.level
    yield
    logger.handlers, logger.level, ours.level = before


def test_a_line_is_json_whatever_is_logged() -> None:
    record = logging.makeLogRecord(
        {"name": "a.b", "levelname": "INFO", "msg": "two\nlines %s", "args": ("é",), "created": 0.5, "msecs": 500.0,
         "path": Path("/x"), "done": 3, "_of_another_library": 1}
    )  # fmt: skip
    line = JsonLines().format(record)
    assert "\n" not in line
    assert json.loads(line) == {
        "time": "1970-01-01T00:00:00.500Z", "level": "INFO", "logger": "a.b", "message": "two\nlines é", "path": "/x",
        "done": 3,
    }  # fmt: skip


def test_a_run_tells_its_chains_and_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(WORKERS, raising=False)
    done = run_here("--log-format", "json", *ONE_CHAIN, "--out", tmp_path / "run")
    assert done.code == 0, done.err
    lines = [json.loads(line) for line in done.err.splitlines()]
    assert [line["done"] for line in lines if line["logger"] == "stepsmith.store.progress"][-1] == 1
    assert any(line["message"] == "chain grown" and line["chain"].startswith("chain_") for line in lines)
    assert os.environ[WORKERS] == "json INFO"


def test_worker_processes_log_as_their_parent() -> None:
    code = (
        "import logging; from stepsmith.core.logs import write_logs_as_parent; write_logs_as_parent();"
        "logging.getLogger('stepsmith.x').debug('here')"
    )
    for told, lines in (("json DEBUG", 1), ("json INFO", 0), ("", 0)):
        env = os.environ | {WORKERS: told}
        done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
        assert len(done.stderr.splitlines()) == lines, done.stderr
