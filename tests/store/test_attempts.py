"""Attempts' texts on disk: what is written is read, in the same bytes every time."""

from pathlib import Path

import pytest

from stepsmith.core.errors import RunFolderError
from stepsmith.core.records import StudentAttempt
from stepsmith.store.attempts import read_attempts, write_attempts

ATTEMPTS = [
    StudentAttempt(
        chain_id="chain_1", turn=turn, problem_id="prob_1", number=number, verdict="WA", why="returned 1, not 2",
        text="```python\nprint('é \U0001f642')\n```\n" * 50,
    )
    for turn in (1, 2)
    for number in range(1, 33)
]  # fmt: skip


def test_what_is_written_is_read_and_small(tmp_path: Path) -> None:
    path, again = tmp_path / "attempts.jsonl.gz", tmp_path / "again.jsonl.gz"
    assert write_attempts(path, iter(ATTEMPTS)) == len(ATTEMPTS)
    write_attempts(again, ATTEMPTS)
    assert list(read_attempts(path)) == ATTEMPTS
    assert path.read_bytes() == again.read_bytes()
    assert path.stat().st_size * 20 < sum(len(attempt.text) for attempt in ATTEMPTS)
    assert [file.name for file in sorted(tmp_path.iterdir())] == ["again.jsonl.gz", "attempts.jsonl.gz"]


def test_without_attempts_there_is_no_file(tmp_path: Path) -> None:
    assert write_attempts(tmp_path / "a.gz", []) == 0
    assert not (tmp_path / "a.gz").exists()
    assert list(read_attempts(tmp_path / "a.gz")) == []


@pytest.mark.parametrize("spoilt", [b"no gzip", b""])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, spoilt: bytes) -> None:
    path = tmp_path / "a.gz"
    write_attempts(path, ATTEMPTS)
    path.write_bytes(spoilt or path.read_bytes()[:-20])
    with pytest.raises(RunFolderError, match=r"a\.gz cannot be read"):
        list(read_attempts(path))
