"""The texts of students' attempts: one JSON object a line, compressed (``zcat attempts.jsonl.gz``).

They are no part of the data set: they say why a problem was rated as it was, and show what a model does.
"""

import gzip
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

import msgspec

from stepsmith.core.errors import RunFolderError
from stepsmith.core.records import StudentAttempt
from stepsmith.store.folder_lock import explained

LEVEL = 6  # of gzip

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(StudentAttempt).decode


def write_attempts(path: Path, attempts: Iterable[StudentAttempt]) -> int:
    """Write attempts and return their number; without any, no file. The same attempts give the same bytes.

    The file appears complete or not at all. Raises ``StoreError`` when the disk is full.
    """
    source = iter(attempts)
    first = next(source, None)
    if first is None:
        return 0
    partial = path.with_name(path.name + ".partial")
    count = 0
    with explained(path.parent):
        try:
            with partial.open("wb") as file, gzip.GzipFile("", "wb", LEVEL, file, mtime=0) as packed:
                for attempt in chain([first], source):
                    packed.write(_encode(attempt) + b"\n")
                    count += 1
            partial.replace(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
    return count


def read_attempts(path: Path) -> Iterator[StudentAttempt]:
    """Yield the attempts of a file, with one in memory at a time; none where there is no file.

    Raises ``RunFolderError`` for a file that cannot be read.
    """
    if not path.exists():
        return
    try:
        with gzip.open(path, "rb") as lines:
            for line in lines:
                yield _decode(line)
    except (OSError, EOFError, msgspec.DecodeError) as error:
        raise RunFolderError(
            f"{path} cannot be read: {error}. Delete the file; the report can be written without it."
        ) from None
