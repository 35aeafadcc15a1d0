"""Rows of files that hold benchmarks, samples or data sets: JSON Lines, JSON and Parquet, plain or gzipped."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from stepsmith.core.errors import CaseError, RunFolderError, StoreError
from stepsmith.core.files import check_not_a_pipe
from stepsmith.core.integers import read_integer
from stepsmith.core.unpacking import unpacked
from stepsmith.store.dataset import read_rows
from stepsmith.store.problem_sets import problem_files

Row = dict[str, object]

_GZIP = b"\x1f\x8b"
_decoder = json.JSONDecoder(parse_int=read_integer)  # as Python's json, with Infinity and integers of any length


class PlacedRow(NamedTuple):
    """A row, with its place for messages ("HumanEval.jsonl, line 3") and its number from 1."""

    place: str
    number: int
    row: Row


def placed_rows(path: Path, needs: str = "give one JSON object a line") -> Iterator[PlacedRow]:
    """Yield the rows of a JSON Lines, JSON or Parquet file, or of the Parquet files of a folder.

    JSON may be gzipped. ``needs`` ends the message about a line that is not a JSON object. Raises ``CaseError`` for a
    file that cannot be read or a line that is not an object.
    """
    if path.is_dir() or path.suffix == ".parquet":
        try:
            for file in problem_files(path):
                for number, row in enumerate(read_rows(file), 1):
                    yield PlacedRow(f"{file}, row {number}", number, row)
        except (RunFolderError, StoreError) as error:
            raise CaseError(str(error)) from None
        return
    text = plain_bytes(path)
    if text.lstrip().startswith(b"["):
        items = _decoded(str(path), text, needs)
        numbered = (
            (f"{path}, item {n}", n, item) for n, item in enumerate(items if isinstance(items, list) else (), 1)
        )
    else:
        lines = ((f"{path}, line {n}", n, line) for n, line in enumerate(text.split(b"\n"), 1) if line.strip())
        numbered = ((place, n, _decoded(place, line, needs)) for place, n, line in lines)
    for place, number, item in numbered:
        if not isinstance(item, dict):
            raise CaseError(f"{place}: not a JSON object; {needs}")
        yield PlacedRow(place, number, item)


def plain_bytes(path: Path) -> bytes:
    """Return a file's content, unpacked if it is gzipped. Raises ``CaseError`` if it cannot be read."""
    check_not_a_pipe(path)
    try:
        data = path.read_bytes()
        return unpacked(data) if data.startswith(_GZIP) else data
    except ValueError as error:
        raise CaseError(f"cannot read {path}: not a whole gzip file ({error})") from None
    except OSError as error:
        raise CaseError(f"cannot read {path}: {error.strerror or error}") from None


def content_hash(path: Path) -> str:
    """Return the SHA-256 of a file's content, unpacked: the same for a file and its gzipped copy."""
    if path.is_dir():
        files = problem_files(path)
        return hashlib.sha256(b"".join(hashlib.sha256(file.read_bytes()).digest() for file in files)).hexdigest()
    return hashlib.sha256(plain_bytes(path)).hexdigest()


def _decoded(place: str, text: bytes, needs: str) -> object:
    try:
        return _decoder.decode(text.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise CaseError(f"{place}: not JSON ({error}); {needs}") from None
