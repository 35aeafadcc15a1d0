"""A stream of subjects to ``findings.jsonl``: in order, on several workers, continued after any interruption."""

from collections.abc import Callable, Generator, Iterable, Iterator
from functools import partial
from pathlib import Path

import msgspec

from stepsmith.audit.auditing import Item, audit_problem, digest_of
from stepsmith.audit.findings import SubjectReport
from stepsmith.audit.subject import AuditOptions
from stepsmith.core.errors import CaseError, StoreError
from stepsmith.judge.executor import JudgingExecutor, in_order
from stepsmith.judge.program import RunningJudge

AHEAD = 4  # subjects per worker that may wait behind a slow one


def audit_all(
    items: Iterable[Item], executor: JudgingExecutor, options: AuditOptions
) -> Generator[SubjectReport, None, None]:
    """Yield one report per subject, in order; the executor says how many are under way at once, and where."""
    return in_order(executor, partial(_audited, options), items, AHEAD)


def _audited(options: AuditOptions, judge: RunningJudge, item: Item) -> SubjectReport:
    return audit_problem(item, judge, options)


def write_reports(reports: Iterable[SubjectReport], path: Path, seen: Callable[[SubjectReport], None]) -> None:
    """Append reports to ``path``, one whole line at a time, each flushed before ``seen`` is told of it.

    Raises ``StoreError`` when the disk is full or the file cannot be written; whole lines stay.
    """
    try:
        with path.open("ab") as lines:
            for report in reports:
                lines.write(encode_report(report))
                lines.flush()
                seen(report)
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror}; run the same command again to continue") from None


def encode_report(report: SubjectReport) -> bytes:
    """Return a report as a line of JSON."""
    return msgspec.json.encode(report) + b"\n"


def already_done(path: Path, items: Iterator[Item], options: AuditOptions) -> list[SubjectReport]:
    """Return what ``path`` holds already, after cutting off a last line that was torn; takes as many ``items``.

    Raises ``CaseError`` if the file holds other things than reports on these subjects under these options.
    """
    if not path.is_file():
        return []
    decoder = msgspec.json.Decoder(SubjectReport)
    done: list[SubjectReport] = []
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
                    raise CaseError(f"{where}: not a report of `stepsmith audit`; choose another --out") from None
                item = next(items, None)
                if item is None or digest_of(item, options) != report.digest:
                    raise CaseError(
                        f"{where}: is of other problems or other options; choose another --out, or remove the file"
                    )
                done.append(report)
                end += len(line)
            lines.truncate(end)
    except OSError as error:
        raise StoreError(f"cannot continue {path}: {error.strerror}") from None
    return done
