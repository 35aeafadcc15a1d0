"""How far a run is: ``progress.json`` in its output folder, or ``FILE.progress.json`` beside its output file.

``stepsmith status``, the viewer and the metrics read it; no result depends on it. It tells apart a run that lives from
one that was killed, because it names its process.
"""

import logging
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from stepsmith.core.records import Record
from stepsmith.store.folder_lock import write_whole

PROGRESS = "progress.json"
WRITE_EVERY_S = 0.1  # our choice: a killed run loses at most this much of its figures, and of none of its results

LOG_EVERY_S = 10.0
WATCHERS: "list[Callable[[Progress], None]]" = []  # called with the progress of every run of this process

_log = logging.getLogger(__name__)
_log.addHandler(
    logging.NullHandler()
)  # whoever runs the command sees the error already; a log shows it if there is one
Figures = Mapping[str, Mapping[str, float]]  # name -> label -> value; the label is "" where a figure has none


class ProcessId(Record, frozen=True, kw_only=True):
    """A process, so that another one with the same number is not taken for it."""

    host: str
    pid: int
    start_ticks: int  # clock ticks from the machine's start to the start of the process; 0: not known


class Progress(Record, frozen=True, kw_only=True):
    """How far a run is. Times are seconds since 1970."""

    kind: str  # "synthesis", "training", "rating", "curation", "evaluation", ...
    unit: str  # what ``done`` counts, in the plural: "chains"
    done: int
    of: int | None  # None: not known
    done_before: int  # when this process began: more than 0 in a run that was resumed
    process: ProcessId
    command: tuple[str, ...]  # the words after `stepsmith`; empty: the run was started by a library call
    folder: str  # where the command was given
    started: float
    updated: float
    usd: float = 0.0  # booked so far, over all resumptions
    tokens: int = 0
    limit_usd: float | None = None
    limit_tokens: int | None = None
    note: str = ""  # what the run is doing now
    error: str = ""  # why it ended before it was finished
    figures: dict[str, dict[str, float]] = msgspec.field(default_factory=dict)  # since this process began


class Spent(Record, frozen=True, kw_only=True):
    """What a run has spent on models, and the most that it may spend."""

    usd: float
    tokens: int
    limit_usd: float | None = None
    limit_tokens: int | None = None


class ProgressFile:
    """Writes the progress of one run. Use it as a context manager: an exception is noted as the reason of the end.

    ``place`` is the output folder, or the output file, which need not exist yet. For None, and for a pipe or a device,
    nothing is written, but watchers and the log are told. Several threads may call it. The caller holds the folder's
    lock. Raises ``StoreError`` if the disk is full.
    """

    def __init__(self, place: Path | None, kind: str, unit: str, of: int | None, done: int = 0) -> None:
        self._path = None if place is None or _forgets(place) else progress_path(place)
        self._logged = 0.0
        self._lock = threading.Lock()
        self._spent: Callable[[], Spent] | None = None
        now = time.time()
        program = Path(sys.argv[0]).name if sys.argv else ""
        self.now = Progress(
            kind=kind, unit=unit, done=done, of=of, done_before=done, process=this_process(),
            command=tuple(sys.argv[1:]) if program == "stepsmith" else (), folder=str(Path.cwd()),
            started=now, updated=now,
        )  # fmt: skip
        self._written = 0.0
        self._write()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        changes: dict[str, object] = {}
        if kind is not None:
            signalled = KeyboardInterrupt in (kind, type(error and error.__context__))
            changes["error"] = "stopped by a signal" if signalled else str(error) or kind.__name__
        with self._lock:
            self._change(changes, write=True)

    def spends(self, spent: Callable[[], Spent]) -> None:
        """Record what ``spent`` returns with every update from now on."""
        self._spent = spent

    def advance(self, count: int = 1, **changes: object) -> None:
        """Count units that are finished; ``changes`` as in ``update``."""
        with self._lock:
            self._change({"done": self.now.done + count, **changes})

    def update(self, **changes: object) -> None:
        """Change fields of ``Progress``: ``note``, ``done``, ``of``, ``error``, ``figures``."""
        with self._lock:
            self._change(changes)

    def _change(self, changes: Mapping[str, object], *, write: bool = False) -> None:
        books = msgspec.structs.asdict(self._spent()) if self._spent else {}
        self.now = msgspec.structs.replace(self.now, updated=time.time(), **books, **changes)
        if write or time.monotonic() - self._written >= WRITE_EVERY_S:
            self._write()

    def _write(self) -> None:
        if self._path:
            write_whole(self._path, msgspec.json.format(msgspec.json.encode(self.now), indent=1))
        self._written = time.monotonic()
        for watch in WATCHERS:
            watch(self.now)
        now = self.now
        if self._written - self._logged >= LOG_EVERY_S or now.done == now.of or now.error:
            self._logged = self._written
            facts = {"kind": now.kind, "done": now.done, "of": now.of, "usd": now.usd, "tokens": now.tokens}
            _log.log(logging.ERROR if now.error else logging.INFO, now.error or now.note or "progress", extra=facts)


def progress_path(place: Path) -> Path:
    """Return the file with the progress of the run whose output folder or output file is ``place``."""
    return place / PROGRESS if place.is_dir() else place.with_name(f"{place.name}.{PROGRESS}")


def _forgets(place: Path) -> bool:
    return place.exists() and not place.is_file() and not place.is_dir()


def this_process() -> ProcessId:
    """Return the process that calls."""
    return ProcessId(host=socket.gethostname(), pid=os.getpid(), start_ticks=start_ticks(os.getpid()) or 0)


def start_ticks(pid: int) -> int | None:
    """Return when a process of this machine began, in clock ticks from the machine's start; None: it does not live."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if after_name[0] in "ZX" else int(after_name[19])
