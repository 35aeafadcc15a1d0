"""``stepsmith report``: (re)write the report of a run."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from stepsmith.core.errors import MachineError
from stepsmith.report.writing import write_report


def report(
    dir: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="Output folder of `stepsmith synth`, finished, or of `stepsmith train`."),
    ],
) -> None:
    """(Re)write DIR/report.html: one file that opens offline.

    A problem set is shown with the training runs in DIR/training; a training run may still be going on.
    """
    _say(Console(), f"Report: {write_report(dir)}")


def try_report(console: Console, folder: Path) -> None:
    """Write the report at the end of a run; without the extra it says how to get it, and the run stays a success."""
    try:
        _say(console, f"Report: {write_report(folder)}")
    except MachineError as error:
        _say(console, f"No report: {error}, then stepsmith report {folder}")


def _say(console: Console, line: str) -> None:
    console.print(line, soft_wrap=True, highlight=False, markup=False)
