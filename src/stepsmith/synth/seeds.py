"""Where seeds come from: windows of 25 to 50 consecutive lines of real Python code."""

import os
import random
import sysconfig
from array import array
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import msgspec

from stepsmith.core.errors import SeedError
from stepsmith.core.records import Seed

WINDOW_LINES = (25, 50)  # Deep Dive, seeds
SKIPPED_FOLDERS = frozenset(
    {"site-packages", "dist-packages", "test", "tests", "idle_test", "__pycache__", "lib-dynload"}
)
MAX_MISSES = 200  # files in a row that turn out binary or blank before we say that there is no usable seed


class _CodeLine(msgspec.Struct):
    """What a line of a JSONL seed file has to hold; other fields are passed over."""

    code: str


class SeedSource:
    """Draws seeds from files, folders and JSONL files of Python code; no paths: the interpreter's standard library.

    Folders are walked once, in sorted order, and a file is read when a window is drawn from it, so a draw costs one
    file at most and memory stays flat. ``Seed.source`` is the path relative to the folder that was named, so ids do
    not depend on where that folder lies. Raises ``SeedError`` for a path that is missing or holds nothing usable.
    """

    def __init__(self, paths: Sequence[Path] = ()) -> None:
        self._python: list[tuple[str, Path]] = []
        self._lines: list[tuple[str, Path, array[int]]] = []
        if paths:
            for path in paths:
                self._add(path)
        else:
            self._add_folder(Path(sysconfig.get_path("stdlib")), skip=SKIPPED_FOLDERS)
        self._read = lru_cache(maxsize=64)(_read_lines)

    def window(self, rng: random.Random) -> Seed:
        """Draw a seed: a file (or JSONL line) uniformly, then a window of 25 to 50 of its lines, or all if shorter."""
        for _ in range(MAX_MISSES):
            index = rng.randrange(len(self._python) + sum(len(offsets) for _, _, offsets in self._lines))
            source, lines = self._text(index)
            if not lines:
                continue
            length = min(rng.randint(*WINDOW_LINES), len(lines))
            first = rng.randint(0, len(lines) - length)
            code = "\n".join(lines[first : first + length])
            if code.strip():
                return Seed(source=source, first_line=first + 1, code=code)
        raise SeedError("the seed files hold no readable text; name files or folders of Python source with --seeds")

    def _text(self, index: int) -> tuple[str, tuple[str, ...]]:
        """Return the name and the lines of the index-th file or JSONL line."""
        if index < len(self._python):
            name, path = self._python[index]
            return name, self._read(path)
        index -= len(self._python)
        for name, path, offsets in self._lines:
            if index < len(offsets):
                with path.open("rb") as file:
                    file.seek(offsets[index])
                    line = file.readline()
                code = msgspec.json.decode(line, type=_CodeLine).code if line.strip() else ""
                return f"{name}#{index + 1}", tuple(code.splitlines())
            index -= len(offsets)
        raise IndexError(index)

    def _add(self, path: Path) -> None:
        if path.is_dir():
            self._add_folder(path)
        elif not path.is_file():
            raise SeedError(f"seed path {path} does not exist")
        elif path.suffix == ".jsonl":
            self._lines.append((path.name, path, _index_jsonl(path)))
        elif any(line.strip() for line in _read_lines(path)):
            self._python.append((path.name, path))
        else:
            raise SeedError(f"seed file {path} is empty or not text (UTF-8 Python source is expected)")

    def _add_folder(self, folder: Path, skip: frozenset[str] = frozenset()) -> None:
        found = []
        for place, folders, files in os.walk(folder):
            folders[:] = [name for name in folders if name not in skip]  # not walked into: site-packages is large
            paths = [Path(place, name) for name in files if name.endswith(".py")]
            found += [(path.relative_to(folder).as_posix(), path) for path in paths if path.is_file()]
        if not found:
            raise SeedError(f"seed folder {folder} holds no Python files (*.py)")
        self._python += sorted(found)


def _read_lines(path: Path) -> tuple[str, ...]:
    """Return the lines of a text file, or nothing where it is binary; raises ``SeedError`` if it cannot be read."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SeedError(f"seed file {path} cannot be read: {error.strerror}") from error
    if b"\0" in data:
        return ()
    try:
        return tuple(data.decode("utf-8-sig").splitlines())
    except UnicodeDecodeError:
        return ()


def _index_jsonl(path: Path) -> "array[int]":
    """Return the offset of every line of a JSONL file, after a check that each one has a ``code`` or is blank."""
    offsets = array("q")
    decoder = msgspec.json.Decoder(_CodeLine)
    offset, usable = 0, False
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                try:
                    usable |= bool(decoder.decode(line).code.strip())
                except (msgspec.DecodeError, UnicodeDecodeError) as error:
                    raise SeedError(f'seed file {path}, line {number}: expected {{"code": "..."}} ({error})') from error
            offsets.append(offset)
            offset += len(line)
    if not usable:
        raise SeedError(f"seed file {path} holds no code")
    return offsets
