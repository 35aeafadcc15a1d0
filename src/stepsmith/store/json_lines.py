"""Records as JSON lines, appended one by one: what a process that was killed had written can be read back."""

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from stepsmith.core.errors import StoreError
from stepsmith.core.records import Record

_R = TypeVar("_R", bound=Record)


def append_line(path: Path, record: Record) -> None:
    """Append a record as one line. Raises ``StoreError`` when it cannot be written."""
    try:
        with path.open("ab") as file:
            file.write(msgspec.json.encode(record) + b"\n")
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}") from None


def read_lines(path: Path, kind: type[_R]) -> Iterator[_R]:
    """Yield the records of a file, without a last line that is incomplete. Raises ``StoreError``."""
    decoder = msgspec.json.Decoder(kind)
    lines = path.read_bytes().splitlines(keepends=True)
    for number, line in enumerate(lines, 1):
        if not line.endswith(b"\n"):
            return
        try:
            yield decoder.decode(line)
        except msgspec.DecodeError as error:
            raise StoreError(f"{path}, line {number}: {error}") from None


def as_lines(records: list[_R]) -> bytes:
    """Return records as the text of a file."""
    return b"".join(msgspec.json.encode(record) + b"\n" for record in records)
