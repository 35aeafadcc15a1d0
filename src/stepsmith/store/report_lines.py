"""Reports as JSON lines, one per item and in the order of the items, so that an interrupted command can go on."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from stepsmith.core.errors import CaseError, StoreError


class Reported(Protocol):
    """A report; ``digest`` is the content id of its item and the options."""

    @property
    def digest(self) -> str:
        """See the class."""
        ...


R = TypeVar("R", bound=Reported)


def append_reports(path: Path, reports: Iterable[R], encode: Callable[[R], bytes], seen: Callable[[R], None]) -> None:
    """Append reports to ``path``, one whole line at a time, each flushed before ``seen`` is told of it.

    Raises ``StoreError`` when the disk is full or the file cannot be written; whole lines stay.
    """
    try:
        with path.open("ab") as lines:
            for report in reports:
                lines.write(encode(report))
                lines.flush()
                seen(report)
    except BrokenPipeError:
        raise StoreError(f"the reader of {path} has closed it") from None
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror}; run the same command again to continue") from None


def reports_so_far(path: Path, kind: type[R], digests: Iterator[str], command: str) -> list[R]:
    """Return what ``path`` holds already, after cutting off a last line that was torn; takes as many ``digests``.

    Raises ``CaseError`` if the file holds other things than reports of ``command`` on these items in this order.
    """
    if not path.is_file():  # nothing yet, or a pipe
        return []
    decoder = msgspec.json.Decoder(kind)
    done: list[R] = []
    end = 0
    try:
        with path.open("r+b") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                where = f"{path}, line {len(done) + 1}"
                try:
                    report = decoder.decode(line)
                except msgspec.DecodeError:
                    raise CaseError(f"{where}: not a report of `{command}`; choose another --out") from None
                if next(digests, None) != report.digest:
                    raise CaseError(
                        f"{where}: is of other problems or other options; choose another --out, or remove the file"
                    )
                done.append(report)
                end += len(line)
            lines.truncate(end)
    except OSError as error:
        raise StoreError(f"cannot continue {path}: {error.strerror}") from None
    return done
