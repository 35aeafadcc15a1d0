"""The output folder of a run: claimed by one configuration, written crash-safely, resumed at chain grain.

    OUT/config.json        the resolved configuration; its id guards the folder
    OUT/work.sqlite        finished chains (a chain is there whole or not at all)
    OUT/problems.parquet, rejected.parquet, manifest.json, timings.json, report.html   written at the end

SQLite's journal makes ``kill -9`` at any moment safe: a chain that was committed is never run again.
"""

import errno
import fcntl
import os
import sqlite3
import uuid
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from stepsmith.core.errors import RunFolderError, StoreError
from stepsmith.core.ids import content_id
from stepsmith.core.records import Chain

WORK = "work.sqlite"
CONFIG = "config.json"
MANIFEST = "manifest.json"
TIMINGS = "timings.json"
PROBLEMS = "problems.parquet"
REJECTED = "rejected.parquet"
REPORT = "report.html"

_decode_chain = msgspec.msgpack.Decoder(Chain).decode
_encode = msgspec.msgpack.Encoder().encode


class RunFolder:
    """An exclusively held output folder. Use as a context manager.

    ``config`` is the part of the configuration that shapes the bytes of the data set, as JSON-able builtins.
    Raises ``RunFolderError`` when the folder is another run's, is in use, holds an unfinished run (without
    ``resume``) or a finished one, or cannot be written; ``StoreError`` when the disk is full.
    """

    def __init__(self, path: Path, config: object, *, resume: bool) -> None:
        self.path = path
        self.config_id = content_id("cfg", config)
        with _explained(path):
            path.mkdir(parents=True, exist_ok=True)
        self._claim_lock()
        try:
            self._guard(config, resume=resume)
            self._db = self._open_database()
        except BaseException:
            os.close(self._lock)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()
        os.close(self._lock)

    @property
    def id(self) -> str:
        """What tells this run from every other, also from one of the same configuration."""
        with _explained(self.path):
            return str(self._db.execute("SELECT id FROM run").fetchone()[0])

    def finished(self) -> set[int]:
        """Indices of the chains that are done."""
        with _explained(self.path):
            return {index for (index,) in self._db.execute("SELECT idx FROM chains")}

    def add(self, chain: Chain) -> None:
        """Commit a finished chain."""
        with _explained(self.path), self._db:
            self._db.execute(
                "INSERT OR IGNORE INTO chains VALUES (?, ?)", (chain.index, zlib.compress(_encode(chain), 1))
            )

    def chains(self) -> Iterator[Chain]:
        """Yield the finished chains in order of their index, one in memory at a time."""
        with _explained(self.path):
            for (body,) in self._db.execute("SELECT body FROM chains ORDER BY idx"):
                yield _decode_chain(zlib.decompress(body))

    def _claim_lock(self) -> None:
        with _explained(self.path):
            self._lock = os.open(self.path / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise RunFolderError(
                f"{self.path} is in use by another stepsmith process; wait for it or choose another --out."
            ) from None

    def _guard(self, config: object, *, resume: bool) -> None:
        work, described = self.path / WORK, self.path / CONFIG
        if not work.exists():
            foreign = sorted(p.name for p in self.path.iterdir() if p.name not in {".lock", CONFIG})
            if foreign:
                raise RunFolderError(
                    f"{self.path} is not empty and is not a run ({foreign[0]} is there); choose another --out."
                )
            write_whole(described, msgspec.json.format(msgspec.json.encode(config, order="sorted"), indent=2))
            return
        try:
            previous = msgspec.json.decode(described.read_bytes())
        except (OSError, msgspec.DecodeError) as error:
            raise RunFolderError(f"{described} cannot be read ({error}); choose another --out.") from None
        if content_id("cfg", previous) != self.config_id:
            where = "; ".join(_differences("", previous, msgspec.to_builtins(config)))
            raise RunFolderError(f"{self.path} belongs to another configuration ({where}); choose another --out.")
        if (self.path / MANIFEST).exists():
            raise RunFolderError(
                f"{self.path} already holds this run, finished; choose another --out, or delete it to run again."
            )
        if not resume:
            raise RunFolderError(
                f"{self.path} holds an unfinished run of this configuration; add --resume to continue it."
            )

    def _open_database(self) -> sqlite3.Connection:
        with _explained(self.path):
            db = sqlite3.connect(self.path / WORK)
            db.execute("PRAGMA journal_mode=WAL")
            with db:
                db.execute("CREATE TABLE IF NOT EXISTS chains (idx INTEGER PRIMARY KEY, body BLOB NOT NULL)")
                db.execute("CREATE TABLE IF NOT EXISTS run (one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL)")
                db.execute("INSERT OR IGNORE INTO run VALUES (1, ?)", (uuid.uuid4().hex,))
        return db


def write_whole(path: Path, content: bytes) -> None:
    """Write a small file so that it is there whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    with _explained(path.parent):
        partial.write_bytes(content)
        partial.replace(path)


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    """Turn what the operating system or SQLite says into one of our errors, with the way out."""
    try:
        yield
    except (FileExistsError, NotADirectoryError):
        raise RunFolderError(f"{folder} is a file, not a folder; choose another --out.") from None
    except sqlite3.DatabaseError as error:
        if "full" in str(error):
            raise StoreError(f"no space left in {folder}; free some, then run again with --resume.") from None
        if "readonly" in str(error) or "unable to open" in str(error):
            raise RunFolderError(f"{folder} cannot be written ({error}); choose another --out.") from None
        raise StoreError(f"{folder / WORK} is damaged ({error}); delete the folder and run again.") from None
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StoreError(f"no space left in {folder}; free some, then run again with --resume.") from None
        raise RunFolderError(f"{folder} cannot be written ({error.strerror}); choose another --out.") from None


def _differences(prefix: str, old: object, new: object) -> list[str]:
    """Say where two configurations differ, as ``key: old → new``, the first three."""
    if isinstance(old, dict) and isinstance(new, dict):
        found: list[str] = []
        for key in sorted(old.keys() | new.keys()):
            found += _differences(f"{prefix}.{key}".lstrip("."), old.get(key), new.get(key))
        return found[:3]
    return [] if old == new else [f"{prefix}: {old!r} → {new!r}"]
