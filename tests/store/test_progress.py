"""The progress file: what it holds while a run lives, and how it ends."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from stepsmith.core.errors import BudgetExceeded
from stepsmith.store.progress import PROGRESS, Progress, ProgressFile, Spent, start_ticks, this_process


def written(folder: Path) -> Progress:
    return msgspec.json.decode((folder / PROGRESS).read_bytes(), type=Progress)


def test_it_is_there_from_the_start_and_complete_at_the_end(tmp_path: Path) -> None:
    with ProgressFile(tmp_path, "synthesis", "chains", 5, 2) as progress:
        first = written(tmp_path)
        assert (first.done, first.of, first.done_before, first.process) == (2, 5, 2, this_process())
        for _ in range(3):
            progress.advance(note="growing", figures={"problems": {"easy": 1.0}})
    last = written(tmp_path)
    assert (last.done, last.note, last.error, last.figures) == (5, "growing", "", {"problems": {"easy": 1.0}})
    assert last.started <= last.updated


def test_few_updates_are_written_but_none_is_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    progress = ProgressFile(tmp_path, "synthesis", "chains", 1000)
    writes = []
    monkeypatch.setattr("stepsmith.store.progress.write_whole", lambda path, content: writes.append(content))
    with progress:
        for _ in range(1000):
            progress.advance()
    assert len(writes) < 100
    assert msgspec.json.decode(writes[-1], type=Progress).done == 1000


@pytest.mark.parametrize(
    ("error", "said"), [(BudgetExceeded("spent"), "spent"), (KeyboardInterrupt(), "stopped by a signal")]
)
def test_an_error_is_kept_as_the_reason_of_the_end(error: BaseException, said: str, tmp_path: Path) -> None:
    with pytest.raises(type(error)), ProgressFile(tmp_path, "synthesis", "chains", 5):
        raise error
    assert written(tmp_path).error == said


def test_spending_is_written_with_every_update(tmp_path: Path) -> None:
    with ProgressFile(tmp_path, "synthesis", "chains", 5) as progress:
        progress.spends(lambda: Spent(usd=0.5, tokens=70, limit_usd=2.0))
        progress.advance()
    last = written(tmp_path)
    assert (last.usd, last.tokens, last.limit_usd, last.limit_tokens) == (0.5, 70, 2.0, None)


def test_a_process_is_known_by_its_start() -> None:
    assert start_ticks(os.getpid()) == this_process().start_ticks > 0
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert start_ticks(child.pid) is None
