"""A stream of subjects to ``findings.jsonl``: in order, on several workers, continued after any interruption."""

from collections.abc import Callable, Generator, Iterable, Iterator
from functools import partial
from pathlib import Path

import msgspec

from stepsmith.audit.auditing import Item, audit_problem, digest_of
from stepsmith.audit.findings import SubjectReport
from stepsmith.audit.subject import AuditOptions
from stepsmith.judge.executor import JudgingExecutor, in_order
from stepsmith.judge.program import RunningJudge
from stepsmith.store.report_lines import append_reports, reports_so_far

AHEAD = 4  # subjects per worker that may wait behind a slow one


def audit_all(
    items: Iterable[Item], executor: JudgingExecutor, options: AuditOptions
) -> Generator[SubjectReport, None, None]:
    """Yield one report per subject, in order; the executor says how many are under way at once, and where."""
    return in_order(executor, partial(_audited, options), items, AHEAD)


def _audited(options: AuditOptions, judge: RunningJudge, item: Item) -> SubjectReport:
    return audit_problem(item, judge, options)


def write_reports(reports: Iterable[SubjectReport], path: Path, seen: Callable[[SubjectReport], None]) -> None:
    """Append reports to ``path``; see ``append_reports``."""
    append_reports(path, reports, encode_report, seen)


def encode_report(report: SubjectReport) -> bytes:
    """Return a report as a line of JSON."""
    return msgspec.json.encode(report) + b"\n"


def already_done(path: Path, items: Iterator[Item], options: AuditOptions) -> list[SubjectReport]:
    """Return what ``path`` holds already; see ``reports_so_far``."""
    digests = (digest_of(item, options) for item in items)
    return reports_so_far(path, SubjectReport, digests, "stepsmith audit")
