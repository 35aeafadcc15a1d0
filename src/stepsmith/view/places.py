"""The folders that a viewer serves: which files of problems they hold, and which paths are inside them.

Links are followed only to places inside the named folders: nothing else on the machine can be read through a viewer.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq

from stepsmith.core.errors import RunFolderError
from stepsmith.store.ratings import RATINGS
from stepsmith.store.runfolder import MANIFEST, REJECTED, WORK

DEPTH = 4  # levels of folders below a named one that are searched
MOST_FILES = 2000  # files of problems that are opened
NEEDED = ("id", "title", "statement")  # columns without which a file holds no problems


@dataclass(frozen=True, slots=True)
class ProblemFile:
    """A file with problems: Parquet, or the database of a synthesis that has not finished (``running``)."""

    path: Path
    name: str  # as shown: its folder, and the file where it is not called problems.parquet
    state: tuple[int, int]  # size and time of change; another one means that the file was replaced
    running: bool = False

    @property
    def split(self) -> str:
        """The half of an export that it holds: train, test, ...; "" for other files."""
        stem = self.path.stem
        return stem if stem in ("train", "test", "validation", "dev") else ""

    @property
    def rejects(self) -> bool:
        """True for problems that were not kept."""
        return self.path.name == REJECTED


class ServedPlaces:
    """The named folders and files. Raises ``RunFolderError`` for one that does not exist."""

    def __init__(self, named: Sequence[Path]) -> None:
        for place in named:
            if not place.exists():
                raise RunFolderError(f"{place} does not exist; give the folder of a run, or a Parquet file of problems")
        self.named = tuple(dict.fromkeys(place.absolute() for place in named))
        self._real = tuple(place.resolve() for place in self.named)

    def holds(self, path: Path) -> bool:
        """Return whether a path, with all links followed, lies in one of the named places."""
        try:
            real = path.resolve()
        except (OSError, RuntimeError):  # a loop of links
            return False
        return any(real == place or place in real.parents for place in self._real)

    def inside(self, number: int, relative: str) -> Path:
        """Return a path below the named place ``number``. Raises ``RunFolderError`` for one that leaves it."""
        if not 0 <= number < len(self.named) or "\0" in relative:
            raise RunFolderError("there is no such place")
        path = self.named[number] / relative
        if not self.holds(path) or not path.exists():
            raise RunFolderError(f"{relative} is not in the folders that this page serves")
        return path

    def shown(self, path: Path) -> str:
        """Return a path as the pages show it: from the name of the named place on."""
        for place in self.named:
            if path == place or place in path.parents:
                return str(Path(place.name or "/") / path.relative_to(place))
        return path.name

    def address(self, folder: Path) -> str:
        """Return the end of a folder's address: the number of its place, and its path in it, as ``inside`` reads it."""
        number = next(k for k, place in enumerate(self.named) if folder == place or place in folder.parents)
        inner = folder.relative_to(self.named[number]).as_posix()
        return f"/{number}/{'' if inner == '.' else quote(inner)}"

    def folders(self) -> Iterator[Path]:
        """Yield the named folders and those below them, in order; hidden ones and links to elsewhere are left out."""
        for place in self.named:
            if not place.is_dir():
                continue
            for parent, children, _ in os.walk(place):
                here = Path(parent)
                deep = len(here.relative_to(place).parts) >= DEPTH
                children[:] = [] if deep else sorted(name for name in children if not name.startswith("."))
                yield here

    def data_files(self) -> list[ProblemFile]:
        """Return the files of problems, kept ones before rejected ones, in the order of the folders."""
        found: dict[Path, ProblemFile] = {}
        for path in self._candidates():
            running = path.name == WORK
            if not path.is_file():  # a folder, a pipe, a link to nothing
                continue
            if len(found) >= MOST_FILES or not self.holds(path) or not (running or _holds_problems(path)):
                continue
            if state := state_of(path, running=running):
                name = self.shown(path.parent if path.name in ("problems.parquet", WORK) else path)
                found.setdefault(path.resolve(), ProblemFile(path, name, state, running))
        return sorted(found.values(), key=lambda file: file.rejects)

    def rating_files(self) -> list[ProblemFile]:
        """Return the files of ratings by students, which `stepsmith rate` writes."""
        paths = [folder / RATINGS for folder in self.folders()]
        paths = [path for path in paths if path.is_file() and self.holds(path)]
        return [ProblemFile(path, self.shown(path), state) for path in paths if (state := state_of(path))]

    def _candidates(self) -> Iterator[Path]:
        yield from (place for place in self.named if place.is_file())
        for folder in self.folders():
            try:
                files = sorted(folder.iterdir())
            except OSError:
                continue
            yield from (path for path in files if path.suffix == ".parquet")
            if (folder / WORK).is_file() and not (folder / MANIFEST).exists():
                yield folder / WORK


def state_of(path: Path, *, running: bool = False) -> tuple[int, int] | None:
    """Return size and time of change; None for a file that is gone. A database changes with its journal."""
    try:
        facts = path.stat()
        journal = path.with_name(path.name + "-wal")
        more = journal.stat() if running and journal.exists() else None
    except OSError:
        return None
    if more is None:
        return facts.st_size, facts.st_mtime_ns
    return facts.st_size + more.st_size, max(facts.st_mtime_ns, more.st_mtime_ns)


def _holds_problems(path: Path) -> bool:
    """Return whether a Parquet file has the columns of problems. One that cannot be read is kept: the page says why."""
    try:
        names = pq.read_schema(path).names
    except (OSError, pa.ArrowException):
        return True
    return set(NEEDED) <= set(names)
