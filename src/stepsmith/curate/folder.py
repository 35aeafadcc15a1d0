"""The output folder of a curation: claimed by one configuration, resumable, finished by its manifest.

    config.json      settings and the hashes of all files that are read; a run with others is refused
    work.sqlite      results of judged pairs
    problems.parquet, records.parquet, hits.jsonl, diversity.json, manifest.json   written at the end
"""

import sqlite3
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import msgspec

from stepsmith.store.folder_lock import FolderLock, explained
from stepsmith.store.runfolder import MANIFEST, PROBLEMS, WORK

RECORDS, HITS, DIVERSITY = "records.parquet", "hits.jsonl", "diversity.json"
__all__ = ["DIVERSITY", "HITS", "MANIFEST", "PROBLEMS", "RECORDS", "CurationFolder"]

T = TypeVar("T")


class CurationFolder:
    """An output folder, locked for this process. Use it as a context manager; errors are those of ``FolderLock``."""

    def __init__(self, path: Path, config: object, *, resume: bool) -> None:
        self.path = path
        self._lock = FolderLock(path, config, started=WORK, finished=MANIFEST, resume=resume)
        try:
            with explained(path):
                self._db = sqlite3.connect(path / WORK)
                self._db.execute("PRAGMA journal_mode=WAL")
                with self._db:
                    self._db.execute("CREATE TABLE IF NOT EXISTS results (key TEXT PRIMARY KEY, body BLOB NOT NULL)")
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

    def recall(self, key: str, type_: type[T]) -> T | None:
        """Return what an earlier run kept under ``key``, or None."""
        with explained(self.path):
            found = self._db.execute("SELECT body FROM results WHERE key = ?", (key,)).fetchone()
        return msgspec.msgpack.decode(found[0], type=type_) if found else None

    def keep(self, key: str, result: object) -> None:
        """Keep a result under ``key``."""
        with explained(self.path), self._db:
            self._db.execute("INSERT OR REPLACE INTO results VALUES (?, ?)", (key, msgspec.msgpack.encode(result)))
