"""The output folder of a curation: claimed by one configuration, resumable, finished by its manifest.

config.json      settings and the hashes of all files that are read; a run with others is refused
work.sqlite      results of judged pairs
problems.parquet, records.parquet, hits.jsonl, diversity.json, manifest.json   written at the end
"""

from typing import TypeVar

import msgspec

from stepsmith.store.folder_lock import explained
from stepsmith.store.runfolder import MANIFEST, PROBLEMS, WorkFolder

RECORDS, HITS, DIVERSITY = "records.parquet", "hits.jsonl", "diversity.json"
__all__ = ["DIVERSITY", "HITS", "MANIFEST", "PROBLEMS", "RECORDS", "CurationFolder"]

T = TypeVar("T")


class CurationFolder(WorkFolder):
    """The folder of a curation. For its use and errors see ``WorkFolder``."""

    TABLES = ("CREATE TABLE IF NOT EXISTS results (key TEXT PRIMARY KEY, body BLOB NOT NULL)",)

    def recall(self, key: str, type_: type[T]) -> T | None:
        """Return what an earlier run kept under ``key``, or None."""
        with explained(self.path):
            found = self._db.execute("SELECT body FROM results WHERE key = ?", (key,)).fetchone()
        return msgspec.msgpack.decode(found[0], type=type_) if found else None

    def keep(self, key: str, result: object) -> None:
        """Keep a result under ``key``."""
        with explained(self.path), self._db:
            self._db.execute("INSERT OR REPLACE INTO results VALUES (?, ?)", (key, msgspec.msgpack.encode(result)))
