"""Show the progress of judging, and the result of a test with the place where outputs differ."""

import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from stepsmith.core.records import TestCase, TestResult, Verdict
from stepsmith.report.differing import differing_lines

LINE_EVERY_S = 10.0  # plain output: at most one line in this time
WIDTH = 48  # characters of a line in a diff
COLOUR = {Verdict.AC: "green", Verdict.WA: "red", Verdict.IE: "magenta"}


class PatientConsole(Console):
    """A console that stops printing when its reader has ended (``| head``), while the command continues."""

    def on_broken_pipe(self) -> None:
        """Discard all further output."""
        self.quiet = True
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.file.fileno())
        os.close(nowhere)


class CaseProgress:
    """Counts verdicts and prints a line of progress now and then."""

    def __init__(self, console: Console, done: int, total: int) -> None:
        self.done = done
        self.total = total
        self._console = console
        self.bad = 0  # cases of this run that could not be judged
        self._before = done
        self._began = self._last_line = time.monotonic()
        self._verdicts: Counter[str] = Counter()

    def judged(self, verdict: Verdict | None) -> None:
        """Count one result."""
        self._count(verdict)
        now = time.monotonic()
        if now - self._last_line >= LINE_EVERY_S:
            self._last_line = now
            self._line(f"{self.done}/{self.total} cases · {self.text()}")

    def _count(self, verdict: Verdict | None) -> None:
        self.done += 1
        if verdict is None:
            self.bad += 1
        else:
            self._verdicts[verdict] += 1

    def verdicts(self) -> dict[str, float]:
        """Return how often each verdict came in this run."""
        return {str(verdict): float(count) for verdict, count in self._verdicts.items()}

    def text(self) -> str:
        """Return the verdicts of this run and its speed."""
        rate = (self.done - self._before) / max(1e-9, time.monotonic() - self._began)
        verdicts = " ".join(f"{verdict} {self._verdicts[verdict]}" for verdict in Verdict if self._verdicts[verdict])
        bad = f" · {self.bad} with errors" if self.bad else ""
        return f"{verdicts or 'nothing judged'}{bad} · {rate:.1f} cases/s"

    def _line(self, text: str) -> None:
        self._console.print(text, highlight=False, soft_wrap=True)


class _Live(CaseProgress):
    def __init__(self, console: Console, done: int, total: int, progress: Progress) -> None:
        super().__init__(console, done, total)
        self._progress = progress
        self._task = progress.add_task("judging", total=total, completed=done, text="")

    def judged(self, verdict: Verdict | None) -> None:
        self._count(verdict)
        self._progress.update(self._task, advance=1, text=self.text())


@contextmanager
def case_progress(console: Console, done: int, total: int, isolation: str) -> Iterator[CaseProgress]:
    """Yield the progress display: a live bar on a terminal, plain lines elsewhere."""
    console.print(
        f"{total} cases, {done} of them judged before; isolation {isolation}", highlight=False, soft_wrap=True
    )
    if not console.is_terminal:
        yield CaseProgress(console, done, total)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("eta"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[text]}"),
    )
    with Progress(*columns, console=console) as progress:
        yield _Live(console, done, total, progress)


def show_test(console: Console, name: str, test: TestCase, result: TestResult, output: str | None) -> None:
    """Print a test's verdict and figures, with the difference on WA and the end of stderr on a failure."""
    line = Text(f"{name}: ")
    line.append(str(result.verdict), style=COLOUR.get(result.verdict, "yellow"))
    line.append(f"  {result.cpu_s:.2f} s CPU, {result.peak_mb:.0f} MB")
    if result.message:
        line.append(f"  {result.message}")
    console.print(line)
    if output is not None:
        console.print(side_by_side(test.output, output))
    if result.verdict not in (Verdict.AC, Verdict.WA) and result.stderr.strip():
        console.print(Text(result.stderr.rstrip()), style="dim")


def side_by_side(expected: str, actual: str) -> Table:
    """Return the lines around the first difference, expected on the left."""
    pairs, left_out = differing_lines(expected, actual)
    table = Table("line", "expected", "", "got", box=None, pad_edge=False, padding=(0, 1))
    for number, left, right, same in pairs:
        table.add_row(str(number), _cell(left), " " if same else "≠", _cell(right), style="" if same else "red")
    if left_out:
        table.add_row("…", f"{left_out} more lines", "", "")
    return table


def _cell(line: str | None) -> Text:
    if line is None:
        return Text("(end)", style="dim")
    printable = "".join(c if c.isprintable() else repr(c)[1:-1] for c in line[:WIDTH])
    return Text(printable + ("…" if len(line) > WIDTH else ""))
