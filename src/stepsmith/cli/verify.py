"""``stepsmith verify``: find labels, a golden solution and a confidence for problems from any source."""

import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from stepsmith.cli.executor import Executor, Servers
from stepsmith.cli.terminal import EXIT_INTERRUPTED
from stepsmith.cluster.connection import LOCAL
from stepsmith.cluster.fleet.shared import split_urls
from stepsmith.cluster.opening import open_executor
from stepsmith.core.errors import CaseError, ConfigError
from stepsmith.store.progress import ProgressFile
from stepsmith.verify.formats.reading import Format, ProblemSource, count_problems, read_problems
from stepsmith.verify.report import ProblemReport, ReportStub
from stepsmith.verify.stream import already_done, verify_all, write_reports
from stepsmith.verify.verifier import Method, VerifyOptions

UNREAD = ("unreadable", "unsupported")


def verify(
    problems: Annotated[
        Path,
        typer.Argument(
            metavar="IN",
            help="Problems: a JSON Lines or Parquet file, a Stepsmith data set, a Kattis package or a folder of them.",
        ),
    ],
    out: Annotated[
        Path, typer.Option(help="File for the reports, one JSON line per problem. An existing one is continued.")
    ],
    method: Annotated[
        Method, typer.Option(help="How labels and the golden solution are chosen from the candidates' outputs.")
    ] = "consensus",
    candidates: Annotated[
        int | None, typer.Option(min=1, help="Use only the first N candidate solutions of each problem.")
    ] = None,
    target_error: Annotated[
        float,
        typer.Option(min=0.0, max=0.5, help="Share of wrong golden solutions to aim at among accepted ones."),
    ] = 0.02,
    seed: Annotated[
        int, typer.Option(help="Seed of the random choices: mutants, and the held-out half of dual verification.")
    ] = 0,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Number of problems verified at once; on a cluster, per node. Default: one per core."),
    ] = None,
    executor: Executor = None,
    judge: Servers = None,
    format: Annotated[
        Format, typer.Option(help="Format of the problems. auto: detect it from the keys of each row.")
    ] = "auto",
    testlib: Annotated[
        Path | None, typer.Option(help="A copy of testlib.h, for problems whose checker includes it.")
    ] = None,
    strength: Annotated[
        bool, typer.Option(help="Measure the test suite of each accepted problem on wrong programs and mutants.")
    ] = True,
    allow_unsafe: Annotated[
        bool,
        typer.Option("--allow-unsafe", help="Run untrusted programs even if they cannot be confined here (L0)."),
    ] = False,
) -> None:
    """Verify problems: find labels from candidate solutions, choose a golden solution, check published outputs."""
    if not problems.exists():
        raise CaseError(f"{problems} does not exist")
    if out.is_dir() or (out.parent != Path() and not out.parent.is_dir()):
        raise ConfigError(f"--out {out} must be a file in an existing folder")
    options = VerifyOptions(
        method=method, candidates=candidates, target_error=target_error, seed=seed, strength=strength
    )
    source = ProblemSource(problems, format, testlib)
    total = count_problems(source)
    items = read_problems(source)
    console = Console(stderr=True)
    count = _Count()
    for stub in already_done(out, items, options):
        count.add_done(stub)
    if count.done:
        _say(console, f"{count.done} of {'the' if total is None else total} problems were done before")
    try:
        with (
            _progress(console) as progress,
            ProgressFile(out, "verification", "problems", total, count.done) as watched,
            open_executor(executor or LOCAL, workers, allow_unsafe=allow_unsafe, servers=split_urls(judge)) as places,
            closing(verify_all(items, places, options)) as reports,
        ):
            task = progress.add_task("", total=total, completed=count.done, text="")
            watched.update(note=str(problems))

            def seen(report: ProblemReport) -> None:
                count.add_new(report)
                watched.advance(figures=count.figures())
                progress.update(task, advance=1, text=f"accepted {count.accepted}")

            write_reports(reports, out, seen)
            watched.update(of=count.done + count.new)
    except KeyboardInterrupt:
        again = "" if total is None else f"; the same command continues: {' '.join(sys.argv)}"
        _say(console, f"\nStopped. The finished reports are in {out}{again}")
        raise typer.Exit(EXIT_INTERRUPTED) from None
    if count.unread and count.unread == count.done + count.new:
        raise CaseError(f"{problems}: none of {count.unread} problems could be read. The first: {count.first_unread}")
    _say(console, count.summary(out))


class _Count:
    """Counts reports by status and reason."""

    def __init__(self) -> None:
        self.done = self.new = self.accepted = self.new_accepted = self.unread = self.executions = 0
        self.first_unread = ""

    def add_done(self, stub: ReportStub) -> None:
        """Count a report of an earlier run."""
        self.done += 1
        self._add(stub.status, stub.reason, stub.detail)

    def add_new(self, report: ProblemReport) -> None:
        """Count a report of this run."""
        self.new += 1
        self.new_accepted += report.status == "accepted"
        self.executions += report.executions
        self._add(report.status, report.reason, report.detail)

    def _add(self, status: str, reason: str, detail: str) -> None:
        self.accepted += status == "accepted"
        if reason in UNREAD:
            self.unread += 1
            self.first_unread = self.first_unread or detail

    def figures(self) -> dict[str, dict[str, float]]:
        """Return what the metrics show."""
        return {"executions": {"": float(self.executions)}, "accepted": {"": float(self.accepted)}}

    def summary(self, out: Path) -> str:
        """Return the counts in words."""
        rejected = self.done + self.new - self.accepted - self.unread
        text = f"{self.accepted} accepted, {rejected} rejected"
        if self.unread:
            text += f", {self.unread} not read (the first: {self.first_unread})"
        text += f"; {self.executions} executions"
        if self.new_accepted:
            text += f", {self.executions / self.new_accepted:.0f} per accepted problem"
        return f"{text}; reports in {out}"


def _progress(console: Console) -> Progress:
    """Return a live display on a terminal, nothing elsewhere."""
    return Progress(
        TextColumn("verifying"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("eta"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[text]}"),
        console=console,
        disable=not console.is_terminal,
    )


def _say(console: Console, line: str) -> None:
    console.print(line, soft_wrap=True, highlight=False, markup=False)
