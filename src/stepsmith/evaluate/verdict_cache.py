"""Verdicts on disk, by the content of problem and answer: what was judged once is never judged again."""

import sqlite3
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from stepsmith.benchmarks.verdict import SampleVerdict
from stepsmith.core.errors import StoreError
from stepsmith.store.completion_cache import default_path

BUSY_S = 60.0
_AT_ONCE = 500
_decode = msgspec.msgpack.Decoder(SampleVerdict).decode
_encode = msgspec.msgpack.Encoder().encode


def cache_folder() -> Path:
    """Return the folder of the verdicts and of the references' outputs: beside the completion cache."""
    return default_path().parent / "evaluation"


class VerdictCache:
    """The verdicts in one SQLite file, which several processes may use. Use as a context manager."""

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=BUSY_S, check_same_thread=False, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS verdicts (key TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID"
            )
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"the verdict cache {path} cannot be used: {error}; pass --no-cache") from None
        self._lock = threading.Lock()

    def lookup(self, keys: Sequence[str]) -> dict[str, SampleVerdict]:
        """Return the verdicts that are known, by key."""
        found: dict[str, SampleVerdict] = {}
        with self._lock:
            for start in range(0, len(keys), _AT_ONCE):
                some = keys[start : start + _AT_ONCE]
                marks = ",".join("?" * len(some))
                rows = self._db.execute(f"SELECT key, body FROM verdicts WHERE key IN ({marks})", some)
                found.update((key, _decode(body)) for key, body in rows)
        return found

    def store(self, verdicts: Mapping[str, SampleVerdict]) -> None:
        """Keep verdicts; failures of our own machinery are not kept."""
        rows = [(key, _encode(verdict)) for key, verdict in verdicts.items() if verdict.outcome != "not judged"]
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany("INSERT OR REPLACE INTO verdicts VALUES (?, ?)", rows)
            self._db.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
