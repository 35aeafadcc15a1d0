"""Lock an output folder: it belongs to one configuration and one process, and is resumed only on request."""

import errno
import fcntl
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from stepsmith.core.errors import RunFolderError, StoreError
from stepsmith.core.ids import content_id

CONFIG, LOCK = "config.json", ".lock"


@contextmanager
def used_alone(path: Path) -> Iterator[None]:
    """Keep other processes out of an existing output folder. Raises ``RunFolderError`` if one uses it already."""
    lock = _claimed(path)
    try:
        yield
    finally:
        os.close(lock)


def _claimed(path: Path) -> int:
    with explained(path):
        lock = os.open(path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise RunFolderError(
            f"{path} is in use by another stepsmith process; wait for it or choose another --out"
        ) from None
    return lock


class FolderLock:
    """An output folder, locked until ``close``.

    ``config`` is the part of the configuration that the results depend on, as builtins for JSON. A folder with the file
    ``started`` holds a run; with the file ``finished``, that run is finished. Raises ``RunFolderError`` if the folder
    holds a run with another configuration, a finished run, or (without ``resume``) an unfinished one; if another
    process uses it; or if it cannot be written.
    """

    def __init__(self, path: Path, config: object, *, started: str, finished: str, resume: bool) -> None:
        self.path = path
        self.config_id = content_id("cfg", config)
        with explained(path):
            path.mkdir(parents=True, exist_ok=True)
        self._lock = _claimed(path)
        try:
            self._guard(config, started, finished, resume=resume)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Release the lock."""
        os.close(self._lock)

    def _guard(self, config: object, started: str, finished: str, *, resume: bool) -> None:
        described = self.path / CONFIG
        if not (self.path / started).exists():
            foreign = sorted(p.name for p in self.path.iterdir() if p.name not in {LOCK, CONFIG})
            if foreign:
                raise RunFolderError(
                    f"{self.path} is not empty and is not a run ({foreign[0]} is there); choose another --out"
                )
            write_whole(described, msgspec.json.format(msgspec.json.encode(config, order="sorted"), indent=2))
            return
        try:
            previous = msgspec.json.decode(described.read_bytes())
        except (OSError, msgspec.DecodeError) as error:
            raise RunFolderError(f"{described} cannot be read ({error}); choose another --out") from None
        if content_id("cfg", previous) != self.config_id:
            where = "; ".join(_differences("", previous, msgspec.json.decode(msgspec.json.encode(config))))
            raise RunFolderError(f"{self.path} belongs to another configuration ({where}); choose another --out")
        if (self.path / finished).exists():
            raise RunFolderError(
                f"{self.path} already holds this run, finished. Choose another --out to run it again; to write its "
                f"report again, run: stepsmith report {self.path}"
            )
        if not resume:
            raise RunFolderError(
                f"{self.path} holds an unfinished run of this configuration; add --resume to continue it"
            )


def write_whole(path: Path, content: bytes | Iterable[bytes]) -> None:
    """Write a file, whole or in parts, atomically: after a crash it is complete or does not exist."""
    partial = path.with_name(path.name + ".partial")
    with explained(path.parent):
        try:
            with partial.open("wb") as file:
                file.writelines([content] if isinstance(content, bytes) else content)
            partial.replace(path)
        except OSError:
            partial.unlink(missing_ok=True)
            raise


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turn errors of the operating system and of SQLite into our errors, which say what to do."""
    try:
        yield
    except (FileExistsError, NotADirectoryError):
        raise RunFolderError(f"{folder} is a file, not a folder; choose another --out") from None
    except sqlite3.DatabaseError as error:
        if "full" in str(error):
            raise StoreError(f"no space left in {folder}; free some space") from None
        if "readonly" in str(error) or "unable to open" in str(error):
            raise RunFolderError(f"{folder} cannot be written ({error}); choose another --out") from None
        raise StoreError(f"the database in {folder} is damaged ({error}); move the folder away and run again") from None
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StoreError(f"no space left in {folder}; free some space") from None
        raise RunFolderError(f"{folder} cannot be written ({error.strerror}); choose another --out") from None


def _differences(prefix: str, old: object, new: object) -> list[str]:
    """Return the first three differences between two configurations, as ``key: old → new``."""
    if isinstance(old, dict) and isinstance(new, dict):
        found: list[str] = []
        for key in sorted(old.keys() | new.keys()):
            found += _differences(f"{prefix}.{key}".lstrip("."), old.get(key), new.get(key))
        return found[:3]
    return [] if old == new else [f"{prefix}: {old!r} → {new!r}"]
