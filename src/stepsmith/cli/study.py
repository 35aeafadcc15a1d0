"""``stepsmith study``: run a study, or list those that ship with Stepsmith."""

import time
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from stepsmith.cli.report import try_report
from stepsmith.cli.resuming import resumable
from stepsmith.core.errors import ConfigError
from stepsmith.pipeline.studies.definition import load_study, shipped
from stepsmith.pipeline.studies.plan import Task, estimate_minutes
from stepsmith.pipeline.study import run_study
from stepsmith.report.study_power import SEEDS, power_rows
from stepsmith.report.study_table import markdown, number, table_lines
from stepsmith.store.folder_lock import CONFIG

LINE_EVERY_S = 10.0  # shortest time between two progress lines
AT_ONCE = 2  # number of stages at once that the times in the list assume


def study(
    name: Annotated[
        str | None, typer.Argument(metavar="STUDY", help="Name of a study (see --list), or a TOML file.")
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the studies that ship with Stepsmith.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Folder for results, tables and report. Default: runs/studies/STUDY.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue the study in --out; more seeds or arms can be added.")
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="ARM", help="Run only this arm and the stages that it needs. Can be repeated."),
    ] = None,
    seeds: Annotated[
        str | None,
        typer.Option(
            help='Number of seeds, counted from the first seed of the study ("5"), or a list of seeds ("3,4,5").'
        ),
    ] = None,
    workers: Annotated[
        int, typer.Option(min=1, help="Number of stages to run at once. With more than one, each uses one thread.")
    ] = 1,
    stages: Annotated[
        Path | None,
        typer.Option(help="Folder for the stages. Studies with the same folder share equal stages. Default: in --out."),
    ] = None,
    power: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH", help="Run nothing; say which differences the study in this folder or table.md could show."
        ),
    ] = None,
) -> None:
    """Run the arms of a study with several seeds and compare them."""
    console = Console(highlight=False)
    if power is not None:
        if name is not None:
            raise ConfigError(f"--power reads finished results and takes no study; leave out {name}")
        _show_power(console, power)
        return
    if list_ or name is None:
        _list(console)
        return
    chosen = load_study(name)
    folder = out or Path("runs/studies") / chosen.name
    display = _Display(console)
    with resumable(console, folder / CONFIG, f"Finished stages are safe in {folder}"):
        summary = run_study(
            chosen,
            folder,
            display,
            seeds=_seeds(seeds, chosen.seeds[0]),
            only=only or (),
            workers=workers,
            resume=resume,
            stages=stages,
        )
    console.print(markdown(summary), soft_wrap=True, markup=False)
    try_report(console, folder)
    if summary.failures:
        console.print(
            f"{len(summary.failures)} runs are not finished; run the command again with --resume to retry them."
        )
        raise typer.Exit(1)


def _list(console: Console) -> None:
    table = Table("name", "question", "arms", "seeds", "about", box=None, pad_edge=False)
    for name, found in shipped().items():
        hours = estimate_minutes(found, found.seeds, list(found.arms)) / 60 / AT_ONCE
        cost = f"{hours:.1f} h" if hours else "?"
        table.add_row(name, found.question, str(len(found.arms)), str(len(found.seeds)), cost)
    console.print(table)
    console.print(f"Times are rough, for all arms and seeds on two idle cores with --workers {AT_ONCE}.", style="dim")


def _show_power(console: Console, place: Path) -> None:
    for metric, rows in groupby(power_rows(place), key=lambda row: row.metric):
        head = (metric, "n", "difference", "SD", "p < .05", *(f"80%, {count} seeds" for count in SEEDS))
        cells = [
            (
                f"{row.arm} − {row.against}",
                str(row.n),
                number(row.difference, signed=True),
                *(number(value) for value in (row.spread, row.least, *row.detectable)),
            )
            for row in rows
        ]
        console.print("\n".join((*table_lines(head, cells), "")), soft_wrap=True, markup=False)
    console.print(
        "SD: of the differences between paired seeds. p < .05: the least mean difference that is significant with n"
        " seeds. 80%: the true difference that so many seeds find with this probability, if the SD stays as it is. An"
        " SD of few seeds is rough, and Holm's method raises all of these.",
        soft_wrap=True,
    )


def _seeds(text: str | None, first: int) -> tuple[int, ...]:
    """Parse --seeds; () means the study's own seeds. Raises ``ConfigError``."""
    if text is None:
        return ()
    try:
        numbers = tuple(int(word) for word in text.split(","))
    except ValueError:
        raise ConfigError(f'--seeds {text}: give a number of seeds ("5"), or several seeds ("3,4,5")') from None
    if "," not in text:
        numbers = tuple(range(first, first + numbers[0]))
    if not numbers or len(set(numbers)) < len(numbers):
        raise ConfigError(f"--seeds {text}: give at least one seed, and each seed only once")
    return numbers


class _Display:
    """Prints a line per stage, and the progress of a stage now and then."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._started = self._last = time.monotonic()
        self._done = self._before = self._all = 0

    def planned(self, tasks: Sequence[Task], done: int) -> None:
        self._all, self._done, self._before = len(tasks), done, done
        self._print(f"{len(tasks)} stages, {done} of them already done")

    def note(self, task: Task, text: str) -> None:
        now = time.monotonic()
        if now - self._last >= LINE_EVERY_S:
            self._last = now
            self._print(f"  {task.stage} {task.arm} seed {task.seed}: {text}")

    def ended(self, task: Task, error: str) -> None:
        self._done += 1
        elapsed = time.monotonic() - self._started
        left = elapsed / (self._done - self._before) * (self._all - self._done) / 60
        how = f"failed: {error}" if error else "done"
        what = f"{task.stage} {task.arm} seed {task.seed}".replace("  ", " ")
        self._print(f"stage {self._done}/{self._all} · {what} · {how} · about {left:.0f} min left")

    def _print(self, text: str) -> None:
        self._console.print(text, soft_wrap=True, markup=False)
