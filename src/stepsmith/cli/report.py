"""``stepsmith report``: write the report of a run."""

import shlex
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from stepsmith.core.errors import MachineError, RunFolderError, StoreError
from stepsmith.report.writing import write_report


def report(
    dir: Annotated[
        Path,
        typer.Argument(
            metavar="DIR",
            help="Folder of a finished `stepsmith synth`, or of a `stepsmith train`, `study` or `eval`.",
        ),
    ],
) -> None:
    """Write DIR/report.html, one file that opens offline. An existing report is replaced.

    The report of a problem set also shows the training runs in DIR/training. Training runs and studies need not be
    finished.
    """
    if not dir.is_dir():
        raise RunFolderError(f"{dir} is not a folder; give the output folder of a run")
    _say(Console(), f"Report: {write_report(dir)}")


def try_report(console: Console, folder: Path) -> None:
    """Write the report at the end of a run. When that fails, print what to do; the run is still a success."""
    try:
        _say(console, f"Report: {write_report(folder)}")
    except (MachineError, StoreError, RunFolderError) as error:
        _say(console, f"No report: {str(error).rstrip('.')}, then run: stepsmith report {shlex.quote(str(folder))}")


def _say(console: Console, line: str) -> None:
    console.print(line, soft_wrap=True, highlight=False, markup=False)
