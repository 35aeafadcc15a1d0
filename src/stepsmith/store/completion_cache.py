"""The completion cache on disk, with the charges of the runs: one SQLite file that several runs share.

A completion and its price are committed together before the caller gets the completion. The worst case of a request is
written before the request is sent, so that after a kill it is known what may have been billed. Several threads and
processes may use one file.
"""

import os
import sqlite3
import threading
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from stepsmith.core.errors import StoreError
from stepsmith.core.model_outputs import Charge, ModelOutput
from stepsmith.core.records import Record

LAYOUT = 1  # version of the table layout, stored as PRAGMA user_version
BUSY_S = 60.0  # seconds that a writer waits for another process
ASKED_AT_ONCE = 500  # most samples that one query asks for

_SCHEMA = """
CREATE TABLE IF NOT EXISTS completions (
    key TEXT NOT NULL, sample INTEGER NOT NULL, model TEXT NOT NULL, created REAL NOT NULL,
    tokens INTEGER NOT NULL, usd REAL NOT NULL, body BLOB NOT NULL, PRIMARY KEY (key, sample)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS completions_by_age ON completions (created);
CREATE TABLE IF NOT EXISTS charges (ref TEXT PRIMARY KEY, run TEXT NOT NULL, body BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS charges_by_run ON charges (run);
"""
_encode = msgspec.msgpack.Encoder().encode
_decode_completion = msgspec.msgpack.Decoder(ModelOutput).decode
_decode_charge = msgspec.msgpack.Decoder(Charge).decode


class Holdings(Record, frozen=True, kw_only=True):
    """What the cache holds of one model: ``bytes`` is the size on disk, dates are seconds since 1970."""

    model: str
    completions: int
    tokens: int
    usd: float
    bytes: int
    oldest: float
    newest: float


def default_path() -> Path:
    """Return the default path of the cache: $STEPSMITH_CACHE, or a file in the user's cache folder (XDG)."""
    if chosen := os.environ.get("STEPSMITH_CACHE"):
        return Path(chosen) / "completions.sqlite"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stepsmith" / "completions.sqlite"


class CompletionCache:
    """The completion cache in the file ``path``. Charges are booked under ``run``. Use as a context manager.

    Raises ``StoreError`` if the file cannot be read or written.
    """

    def __init__(self, path: Path, run: str = "") -> None:
        self.path = path
        self._run = run
        self._lock = threading.Lock()
        with self._explained():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=BUSY_S, check_same_thread=False, isolation_level=None)
            try:
                self._prepare()
            except BaseException:
                self._db.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def lookup(self, key: str, samples: Sequence[int]) -> dict[int, ModelOutput]:
        """Return the cached completions of ``key``, by sample; of ``samples`` only."""
        found: dict[int, ModelOutput] = {}
        with self._lock, self._explained():
            for start in range(0, len(samples), ASKED_AT_ONCE):
                some = samples[start : start + ASKED_AT_ONCE]
                marks = ",".join("?" * len(some))
                rows = self._db.execute(
                    f"SELECT sample, body FROM completions WHERE key = ? AND sample IN ({marks})", (key, *some)
                )
                found.update({sample: _decode_completion(zlib.decompress(body)) for sample, body in rows})
        return found

    def reserve(self, charge: Charge) -> None:
        """Store the worst case of a request that is about to be sent."""
        with self._transaction() as db:
            self._put_charge(db, charge)

    def settle(self, ref: str, charge: Charge | None, kept: Mapping[str, Sequence[ModelOutput]]) -> None:
        """Replace the charge ``ref`` (None: nothing was billed) and store completions by key, in one transaction.

        A completion that is already in the cache is not replaced, because it may be in use.
        """
        now = time.time()
        rows = [
            (key, completion.sample, completion.model, now, completion.usage.tokens, completion.cost_usd,
             zlib.compress(_encode(completion), 3))
            for key, completions in kept.items()
            for completion in completions
        ]  # fmt: skip
        with self._transaction() as db:
            db.execute("DELETE FROM charges WHERE ref = ?", (ref,))
            if charge is not None:
                self._put_charge(db, charge)
            db.executemany("INSERT OR IGNORE INTO completions VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def charges(self) -> list[Charge]:
        """Return all charges of this run, also those before it was stopped, in no particular order."""
        with self._lock, self._explained():
            rows = self._db.execute("SELECT body FROM charges WHERE run = ?", (self._run,)).fetchall()
        return [_decode_charge(body) for (body,) in rows]

    def stats(self) -> list[Holdings]:
        """Return what the cache holds of each model, in order of their names."""
        with self._lock, self._explained():
            rows = self._db.execute(
                "SELECT model, COUNT(*), SUM(tokens), SUM(usd), SUM(LENGTH(body)), MIN(created), MAX(created)"
                " FROM completions GROUP BY model ORDER BY model"
            ).fetchall()
        names = Holdings.__struct_fields__
        return [Holdings(**dict(zip(names, row, strict=True))) for row in rows]

    def prune(self, *, model: str | None = None, before: float | None = None, dry: bool = False) -> tuple[int, int]:
        """Delete the completions of ``model`` that are older than ``before`` (seconds since 1970); None: any.

        Return how many these are, and their bytes. With ``dry``, only count them. Charges are never deleted.
        """
        where = "(?1 IS NULL OR model = ?1) AND (?2 IS NULL OR created < ?2)"
        return self._forget(where, (model, before), dry)

    def shrink(self, max_bytes: int, *, model: str | None = None, dry: bool = False) -> tuple[int, int]:
        """Delete the oldest completions of ``model`` (None: of all) until at most ``max_bytes`` are left.

        Return how many these are, and their bytes. With ``dry``, only count them.
        """
        newest_first = (
            "SELECT key, sample, SUM(LENGTH(body)) OVER (ORDER BY created DESC, key, sample) AS total"
            " FROM completions WHERE ?1 IS NULL OR model = ?1"
        )
        where = f"(key, sample) IN (SELECT key, sample FROM ({newest_first}) WHERE total > ?2)"
        return self._forget(where, (model, max_bytes), dry)

    def _forget(self, where: str, values: tuple[object, ...], dry: bool) -> tuple[int, int]:
        with self._transaction() as db:
            count, size = db.execute(
                f"SELECT COUNT(*), IFNULL(SUM(LENGTH(body)), 0) FROM completions WHERE {where}", values
            ).fetchone()
            if not dry:
                db.execute(f"DELETE FROM completions WHERE {where}", values)
        if count and not dry:
            with self._lock, suppress(sqlite3.OperationalError):  # a run uses the file: it will reuse the free space
                self._db.execute("VACUUM")
        return count, size

    def _put_charge(self, db: sqlite3.Connection, charge: Charge) -> None:
        db.execute("INSERT OR REPLACE INTO charges VALUES (?, ?, ?)", (charge.ref, self._run, _encode(charge)))

    def _prepare(self) -> None:
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")  # a completion that was paid for survives even a power cut
        (layout,) = self._db.execute("PRAGMA user_version").fetchone()
        if layout not in (0, LAYOUT):
            raise StoreError(f"{self.path} was written by another version of stepsmith (layout {layout}); move it away")
        if layout == 0:
            self._db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {LAYOUT}; COMMIT;")

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._explained():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            advice = {
                "full": "free some space",
                "locked": "another process is writing to it; try again later",
                "readonly": "make it writable, or choose another place with STEPSMITH_CACHE",
                "unable to open": "make it writable, or choose another place with STEPSMITH_CACHE",
            }
            what = next((words for sign, words in advice.items() if sign in str(error)), "it is damaged; move it away")
            raise StoreError(f"the completion cache, {self.path}: {error}; {what}") from None
        except OSError as error:
            raise StoreError(f"the completion cache, {self.path}: {error.strerror}") from None
        except (zlib.error, msgspec.DecodeError) as error:
            raise StoreError(f"the completion cache, {self.path}, is damaged ({error}); move it away") from None
