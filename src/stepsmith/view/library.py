"""The index of a viewer over time: built in the background, and again when files change.

A large one is kept in the cache folder, so that the next start finds it.
"""

import hashlib
import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb

from stepsmith.core.leftovers import left_behind, owner
from stepsmith.view.index import FORM, ProblemIndex, count_rows, fill, open_database
from stepsmith.view.places import ProblemFile, ServedPlaces
from stepsmith.view.search import SORTS, read_search
from stepsmith.view.searcher import Searcher

LOOK_EVERY_S = 2.0  # for files that are new, changed or gone
RESTS = 5  # times as long as the last index took: a large run that grows is not read all the time
PATIENCE_S = 0.25  # that a page waits for a first index: most are ready by then
LARGE = 50_000  # rows from which an index is kept for the next time
KEPT = 6  # indexes in the cache folder
PARTIAL = "partial"


@dataclass(frozen=True, slots=True)
class IndexProgress:
    """How far the index is: rows read, rows in all; ``fault`` says why there is none."""

    done: int
    total: int
    fault: str = ""


class Library:
    """Looks after the index of the problems in ``places``."""

    def __init__(self, places: ServedPlaces, cache: Path | None = None) -> None:
        self._places = places
        self._cache = cache or cache_folder()
        self._searcher: Searcher | None = None
        self._sources: tuple[list[ProblemFile], list[ProblemFile]] | None = None  # of the present index
        self._old: list[ProblemIndex] = []
        self._lock = threading.Lock()
        self._ready = threading.Event()
        self._closing = threading.Event()
        self._looked = 0.0
        self._pause_s = 0.0
        self._builder: threading.Thread | None = None
        self.progress = IndexProgress(0, 0)
        self.look()

    def look(self) -> None:
        """Start to build a new index if the files are not those of the present one; not too often."""
        with self._lock:
            if time.monotonic() - self._looked < self._pause_s or (self._builder and self._builder.is_alive()):
                return
            self._looked = time.monotonic()
            self._builder = threading.Thread(target=self._renew, name="view-index", daemon=True)
            self._builder.start()

    def current(self, patience_s: float = PATIENCE_S) -> Searcher | None:
        """Return what answers searches; None while the first index is being built."""
        self.look()
        self._ready.wait(patience_s)
        return self._searcher

    def close(self) -> None:
        """Stop building and close the databases."""
        self._closing.set()
        if self._builder:
            self._builder.join(5)
        for index in (*self._old, *([self._searcher.index] if self._searcher else [])):
            index.close()

    def _renew(self) -> None:
        try:
            sources = self._places.data_files(), self._places.rating_files()
            if sources == self._sources:
                return
            searcher = Searcher(self._build(*sources))
            self._sources = sources
            searcher.found(read_search(()))  # the first page is asked most often
            self._pause_s = max(LOOK_EVERY_S, RESTS * (time.monotonic() - self._looked))
        except _Closing:
            return
        except Exception as error:  # told on the page; the next look tries again
            self.progress = IndexProgress(0, 0, f"{type(error).__name__}: {error}")
            self._ready.set()
            return
        if self._searcher:
            *gone, last = *self._old, self._searcher.index
            self._old = [last]  # pages that are being made may still read from it
            for index in gone:
                index.close()
        self._searcher = searcher
        self.progress = IndexProgress(searcher.index.size, searcher.index.size)
        self._ready.set()
        for sort in filter(None, SORTS):
            if not self._closing.is_set():
                searcher.order(sort)  # so that nobody waits for the first list in this order

    def _build(self, files: list[ProblemFile], ratings: list[ProblemFile]) -> ProblemIndex:
        total = sum(map(count_rows, files))
        self.progress = IndexProgress(0, total)
        if total < LARGE:
            database = open_database(None)
            return ProblemIndex(database, files, fill(database, files, ratings, self._tell))
        path = self._cache / f"{_key([*files, *ratings])}.duckdb"
        if not path.exists():
            self._cache.mkdir(parents=True, exist_ok=True)
            for left in left_behind(self._cache, PARTIAL):
                left.unlink(missing_ok=True)
            partial = self._cache / f"{PARTIAL}-{owner()}-{path.stem}"
            partial.unlink(missing_ok=True)
            try:
                database = open_database(partial)
                faults = fill(database, files, ratings, self._tell)
                database.close()
                if faults:  # said again next time, from the files
                    database = open_database(partial, read_only=True)
                    return ProblemIndex(database, files, faults)
                partial.replace(path)
            finally:
                partial.unlink(missing_ok=True)
            self._prune()
        os.utime(path)
        try:
            return ProblemIndex(open_database(path, read_only=True), files, ())
        except duckdb.Error:  # of another version of DuckDB, or damaged
            path.unlink(missing_ok=True)
            return self._build(files, ratings)

    def _tell(self, done: int, total: int) -> None:
        if self._closing.is_set():
            raise _Closing
        self.progress = IndexProgress(done, max(done, total))

    def _prune(self) -> None:
        """Delete indexes that were not used for the longest time."""
        kept = sorted(self._cache.glob("*.duckdb"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in kept[KEPT:]:
            path.unlink(missing_ok=True)


class _Closing(Exception):
    """The viewer stops while an index is being built."""


def cache_folder() -> Path:
    """Return the folder of indexes: below $STEPSMITH_CACHE, or in the user's cache folder (XDG)."""
    if chosen := os.environ.get("STEPSMITH_CACHE"):
        return Path(chosen) / "view"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stepsmith" / "view"


def _key(files: list[ProblemFile]) -> str:
    facts = repr((FORM, duckdb.__version__, [(str(file.path), file.state, file.name) for file in files]))
    return hashlib.sha256(facts.encode()).hexdigest()[:24]
