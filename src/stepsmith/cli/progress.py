"""The display of a running synthesis: a live Rich display on a terminal, plain lines elsewhere."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from stepsmith.core.records import BANDS, UNDECIDED, Chain
from stepsmith.llm.money import Spend
from stepsmith.pipeline.synthesis import Observer

LINE_EVERY_S = 10.0  # plain output: at most one line in this time


class _Tally:
    """The results since this process started."""

    def __init__(self) -> None:
        self.started_at = time.monotonic()
        self.proposed = 0
        self.bands: Counter[str] = Counter()
        self.books: Callable[[], Sequence[Spend]] | None = None

    def asking(self, books: Callable[[], Sequence[Spend]]) -> None:
        self.books = books

    def spent(self) -> str:
        """Return the tokens by stage, and their cost; "" if no model is asked."""
        return spent_text(self.books()) if self.books else ""

    def add(self, chain: Chain) -> None:
        self.proposed += chain.proposed
        self.bands.update(problem.pass_rate.claimed_band for problem in chain.problems if problem.pass_rate)

    def text(self) -> str:
        kept = self.bands.total()
        rate = 60 * kept / max(1e-9, time.monotonic() - self.started_at)
        bands = " ".join(f"{band} {self.bands[band]}" for band in (*BANDS, UNDECIDED))
        return f"kept {kept}/{self.proposed} · {rate:.0f} per min · {bands}"


def spent_text(books: Sequence[Spend]) -> str:
    """Return tokens by stage (with its repairs) and the cost: "propose 12k, attempt 80k, $0.12"."""
    tokens: Counter[str] = Counter()
    for spend in books:
        tokens[spend.purpose.partition(",")[0] or "other"] += spend.usage.tokens
    usd = sum(spend.usd for spend in books)
    stages = [f"{stage} {short_count(count)}" for stage, count in sorted(tokens.items())]
    cost = [f"${usd:.4f}" if usd < 0.1 else f"${usd:.2f}"] if usd else []  # nothing without prices
    return ", ".join([*stages, *cost])


def short_count(count: float) -> str:
    """Return 1234567 as "1.2M"."""
    for size, letter in ((10**9, "B"), (10**6, "M"), (10**3, "k")):
        if count >= size:
            return f"{count / size:.1f}{letter}"
    return f"{count:.0f}"


def bar_columns() -> tuple[ProgressColumn, ...]:
    """Return the columns of a progress bar; the last shows a task's field ``text``."""
    return (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("eta"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[text]}", markup=False),
    )


class _SpentColumn(ProgressColumn):
    """Shows what has been spent, read whenever the display is drawn."""

    def __init__(self) -> None:
        super().__init__()
        self.tally: _Tally | None = None

    def render(self, task: Task) -> Text:  # noqa: ARG002 - Rich's signature
        return Text(self.tally.spent() if self.tally else "", style="cyan")


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
            spent = f" · {self.spent()}" if self.books else ""
            self._line(f"chain {self.done}/{self.chains} · {self.text()} · {left:.0f} s left{spent}")

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
    spent = _SpentColumn()
    with Progress(*bar_columns(), spent, console=console) as progress:
        spent.tally = _Live(progress)
        yield spent.tally
