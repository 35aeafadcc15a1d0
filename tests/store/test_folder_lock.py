import errno
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from stepsmith.core.errors import RunFolderError, StoreError
from stepsmith.store.folder_lock import CONFIG, FolderLock, explained, used_alone, write_whole


def lock(path: Path, config: object, *, resume: bool = False) -> FolderLock:
    return FolderLock(path, config, started="begun", finished="ended", resume=resume)


def test_a_folder_is_one_processs_until_it_is_closed(tmp_path: Path) -> None:
    first = lock(tmp_path / "run", {"seed": 1})
    with pytest.raises(RunFolderError, match="in use by another"):
        lock(tmp_path / "run", {"seed": 1})
    first.close()
    lock(tmp_path / "run", {"seed": 1}).close()


def test_a_refused_folder_is_free_again(tmp_path: Path) -> None:
    lock(tmp_path, {"seed": 1}).close()
    (tmp_path / "begun").touch()
    for _ in range(2):  # the second time it would be in use if the first one had kept its lock
        with pytest.raises(RunFolderError, match=r"another configuration \(seed: 1 → 2\)"):
            lock(tmp_path, {"seed": 2}, resume=True)
    lock(tmp_path, {"seed": 1}, resume=True).close()


def test_the_first_three_differences_are_named(tmp_path: Path) -> None:
    old = {"a": 1, "b": {"c": 2, "d": 3}, "e": 4, "f": 5, "same": 0}
    lock(tmp_path, old).close()
    (tmp_path / "begun").touch()
    with pytest.raises(RunFolderError) as caught:
        lock(tmp_path, old | {"a": 2, "b": {"c": 2, "d": None}, "e": 5, "f": 6}, resume=True)
    assert "(a: 1 → 2; b.d: 3 → None; e: 4 → 5)" in str(caught.value)


def test_a_folder_that_has_not_begun_takes_any_configuration(tmp_path: Path) -> None:
    lock(tmp_path, {"seed": 1}).close()
    second = lock(tmp_path, {"seed": 2})
    assert msgspec.json.decode((tmp_path / CONFIG).read_bytes()) == {"seed": 2}
    second.close()


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_whole(path, b"old")

    def half() -> Iterator[bytes]:
        yield b"n"
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(StoreError, match="no space left"):
        write_whole(path, half())
    assert path.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (OSError(errno.ENOSPC, "full"), StoreError, "no space left"),
        (OSError(errno.EDQUOT, "quota"), StoreError, "no space left"),
        (
            PermissionError(errno.EACCES, "Permission denied"),
            RunFolderError,
            r"cannot be written \(Permission denied\)",
        ),
        (FileExistsError(), RunFolderError, "is a file, not a folder"),
        (sqlite3.OperationalError("database or disk is full"), StoreError, "no space left"),
        (sqlite3.OperationalError("attempt to write a readonly database"), RunFolderError, "cannot be written"),
        (sqlite3.DatabaseError("file is not a database"), StoreError, "damaged"),
    ],
)
def test_faults_of_the_system_become_one_line(fault: Exception, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words) as caught, explained(Path("runs/a")):
        raise fault
    assert "runs/a" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_is_used_by_one_alone(tmp_path: Path) -> None:
    with used_alone(tmp_path), pytest.raises(RunFolderError, match="in use"), used_alone(tmp_path):
        pass
    with used_alone(tmp_path):
        pass
