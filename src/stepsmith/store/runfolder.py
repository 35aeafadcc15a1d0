"""The output folder of a run. It belongs to one configuration, survives crashes, and resumes chain by chain.

    config.json        the resolved configuration; a run with another one is refused
    run.toml           all settings as a file for `stepsmith synth`; nothing reads it but people and the report
    work.sqlite        finished chains (only complete ones)
    attempts.jsonl.gz  the texts of a model's attempts (runtime.keep_attempts)
    problems.parquet, rejected.parquet, manifest.json, timings.json, report.html   written at the end

SQLite's journal makes ``kill -9`` safe at any moment: a committed chain is never run again.
"""

import sqlite3
import zlib
from array import array
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

import msgspec

from stepsmith.core.errors import RunFolderError
from stepsmith.core.records import Chain
from stepsmith.store.folder_lock import FolderLock, explained

WORK = "work.sqlite"
MANIFEST = "manifest.json"
TIMINGS = "timings.json"
PROBLEMS = "problems.parquet"
REJECTED = "rejected.parquet"
ATTEMPTS = "attempts.jsonl.gz"
REPORT = "report.html"
SETTINGS = "run.toml"  # the whole configuration, for `stepsmith synth run.toml`

_decode_chain = msgspec.msgpack.Decoder(Chain).decode
_encode = msgspec.msgpack.Encoder().encode


class WorkFolder:
    """An output folder with a database of what is finished, locked for this process. Use it as a context manager.

    ``config`` is the part of the configuration that the results depend on, as builtins for JSON. ``TABLES`` are the SQL
    statements that make the tables. Raises ``RunFolderError`` if the folder belongs to another run, is in use, holds a
    finished run or (without ``resume``) an unfinished one, or cannot be written; ``StoreError`` if the disk is full.
    """

    TABLES: ClassVar[tuple[str, ...]]

    def __init__(self, path: Path, config: object, *, resume: bool) -> None:
        self._lock = FolderLock(path, config, started=WORK, finished=MANIFEST, resume=resume)
        self.path, self.config_id = path, self._lock.config_id
        try:
            with explained(path):
                self._db = sqlite3.connect(path / WORK)
                self._db.execute("PRAGMA journal_mode=WAL")
                with self._db:
                    for statement in self.TABLES:
                        self._db.execute(statement)
        except BaseException:
            self._lock.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()
        self._lock.close()


class RunFolder(WorkFolder):
    """The folder of a synthesis. ``config`` is what the bytes of the data set depend on. For errors see the base."""

    TABLES = (
        "CREATE TABLE IF NOT EXISTS chains (idx INTEGER PRIMARY KEY, body BLOB NOT NULL)",
        # What is finished is read from the index: from the table, a resumed run would read through every chain.
        "CREATE INDEX IF NOT EXISTS finished ON chains (idx)",
        "CREATE TABLE IF NOT EXISTS run (one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL)",
        "INSERT OR IGNORE INTO run VALUES (1, lower(hex(randomblob(16))))",
    )

    @property
    def id(self) -> str:
        """The id of this run, different from that of every other run, even with the same configuration."""
        with explained(self.path):
            return str(self._db.execute("SELECT id FROM run").fetchone()[0])

    def missing(self, chains: int) -> "array[int]":
        """Return the indices below ``chains`` that are not finished, in order."""
        found, following = array("q"), 0
        with explained(self.path):
            for (index,) in self._db.execute("SELECT idx FROM chains ORDER BY idx"):
                found.extend(range(following, index))
                following = index + 1
        found.extend(range(following, chains))
        return found

    def add(self, chain: Chain) -> None:
        """Commit a finished chain."""
        with explained(self.path), self._db:
            self._db.execute("INSERT OR IGNORE INTO chains VALUES (?, ?)", (chain.index, _body(chain)))

    def chains(self) -> Iterator[Chain]:
        """Yield the finished chains in order of their index, with one in memory at a time."""
        with explained(self.path):
            for (body,) in self._db.execute("SELECT body FROM chains ORDER BY idx"):
                yield _chain_of(body, self.path)


def kept_chains(folder: Path) -> Iterator[Chain]:
    """Yield the chains of a run, finished or not, without claiming its folder. Raises ``RunFolderError``."""
    if not (folder / WORK).is_file():
        raise RunFolderError(f"{folder} holds no run of `stepsmith synth` ({WORK} is missing)")
    with explained(folder), closing(sqlite3.connect(f"{(folder / WORK).absolute().as_uri()}?mode=ro", uri=True)) as db:
        for (body,) in db.execute("SELECT body FROM chains ORDER BY idx"):
            yield _chain_of(body, folder)


def chain_bytes(chain: Chain) -> int:
    """Return the bytes that a chain takes in the database of its run."""
    return len(_body(chain))


def _chain_of(body: bytes, folder: Path) -> Chain:
    try:
        return _decode_chain(zlib.decompress(body))
    except (zlib.error, msgspec.MsgspecError) as error:
        raise RunFolderError(
            f"a chain in {folder} cannot be read ({error}); go on with the version of stepsmith that began the run, or "
            "choose another --out"
        ) from None


def _body(chain: Chain) -> bytes:
    return zlib.compress(_encode(chain), 1)
