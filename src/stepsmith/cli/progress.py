"""How a synthesis run looks while it runs: a live Rich display on a terminal, plain lines elsewhere."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from stepsmith.core.records import Chain
from stepsmith.core.stats import band_of
from stepsmith.pipeline.synthesis import Observer

LINE_EVERY_S = 10.0  # plain output: at most one line in this time


class _Tally:
    """What has come out since this process started."""

    def __init__(self) -> None:
        self.started_at = time.monotonic()
        self.proposed = 0
        self.bands: Counter[str] = Counter()

    def add(self, chain: Chain) -> None:
        self.proposed += chain.proposed
        self.bands.update(band_of(problem.pass_rate.rate) for problem in chain.problems if problem.pass_rate)

    def text(self) -> str:
        kept = self.bands.total()
        rate = 60 * kept / max(1e-9, time.monotonic() - self.started_at)
        bands = " ".join(f"{band} {self.bands[band]}" for band in ("easy", "easy-medium", "medium", "hard"))
        return f"kept {kept}/{self.proposed} · {rate:.0f} per min · {bands}"


class _Live(_Tally):
    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self.progress = progress
        self.task = progress.add_task("starting", total=None, text="")

    def started(self, finished: int, chains: int, isolation: str) -> None:
        self.started_at = time.monotonic()
        self.progress.update(
            self.task, description=f"chains ({isolation})", total=chains, completed=finished, text="warming up"
        )

    def grown(self, chain: Chain) -> None:
        self.add(chain)
        self.progress.update(self.task, advance=1, text=self.text())

    def assembling(self) -> None:
        self.progress.update(self.task, description="writing files", text=self.text())


class _Plain(_Tally):
    def __init__(self, console: Console) -> None:
        super().__init__()
        self.console = console
        self.done = self.chains = self.before = 0
        self.last_line = float("-inf")

    def started(self, finished: int, chains: int, isolation: str) -> None:
        self.done, self.chains, self.before = finished, chains, finished
        self.started_at = time.monotonic()
        self._line(f"{chains} chains, {finished} of them done before; isolation {isolation}")

    def grown(self, chain: Chain) -> None:
        self.add(chain)
        self.done += 1
        now = time.monotonic()
        if now - self.last_line >= LINE_EVERY_S or self.done == self.chains:
            self.last_line = now
            left = (now - self.started_at) / (self.done - self.before) * (self.chains - self.done)
            self._line(f"chain {self.done}/{self.chains} · {self.text()} · {left:.0f} s left")

    def assembling(self) -> None:
        self._line("writing files")

    def _line(self, text: str) -> None:
        self.console.print(text, highlight=False, soft_wrap=True)


@contextmanager
def progress_display(console: Console) -> Iterator[Observer]:
    """Yield an observer that draws on ``console``."""
    if not console.is_terminal:
        yield _Plain(console)
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
        yield _Live(progress)
