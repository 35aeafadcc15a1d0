"""``stepsmith status``: what a run is, how far it is, whether it lives, and how to continue it."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from stepsmith.cli.progress import short_count
from stepsmith.cli.terminal import visible
from stepsmith.store.progress import Progress
from stepsmith.store.status import STALE_S, RunStatus, read_status


def status(
    place: Annotated[
        Path, typer.Argument(metavar="DIR", help="Output folder, or output file, of a run, living or dead.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print everything that is known, as JSON.")] = False,
) -> None:
    """Show how far a run is, what it has spent, whether its process lives, and how to continue it.

    Exit code: 0 if it runs or is finished, 3 if it was stopped.
    """
    found = read_status(place)
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(found), indent=1).decode())
    else:
        console = Console()
        for line in lines_of(found):
            console.print(visible(line), soft_wrap=True, highlight=False, markup=False)
    if found.state == "stopped":
        raise typer.Exit(3)


def lines_of(found: RunStatus) -> list[str]:
    """Return the status as lines of text."""
    progress = found.progress
    if progress is None:
        advice = [f"continue: {found.resume}"] if found.state == "stopped" else []
        return [f"{found.folder}: {found.state}; an older version made it, so nothing more is known", *advice]
    lines = [f"{found.folder}: {progress.kind}, {_state(found, progress)}"]
    of = "" if progress.of is None else f" of {progress.of} ({progress.done / max(1, progress.of):.0%})"
    before = f", {progress.done_before} of them before it was resumed" if progress.done_before else ""
    lines.append(f"progress: {progress.done}{of} {progress.unit} done{before}")
    if progress.note and found.state == "running":
        lines.append(f"now: {progress.note}")
    if found.per_s:
        left = "" if found.left_s is None else f"; about {_span(found.left_s)} left"
        lines.append(f"speed: {_speed(found.per_s, progress.unit)}{left}")
    if spending := _spending(progress):
        lines.append(f"spent: {spending}")
    for name, values in progress.figures.items():
        shown = ", ".join(f"{label} {_number(value)}".strip() for label, value in values.items())
        if shown:
            lines.append(f"{name.replace('_', ' ')}: {shown}")
    if found.resume:
        lines.append(f"continue: {found.resume}")
    return lines


def _state(found: RunStatus, progress: Progress) -> str:
    ago = _span(found.updated_s_ago or 0.0)
    process = f"process {progress.process.pid} on {progress.process.host}"
    if found.state == "running":
        stale = (found.updated_s_ago or 0.0) > STALE_S
        return f"running for {_span(_age(found, progress))}: {process}" + (f"; nothing new for {ago}" if stale else "")
    if found.state == "finished":
        return f"finished {ago} ago"
    return f"stopped {ago} ago: {progress.error or f'{process} is gone (killed?)'}"


def _age(found: RunStatus, progress: Progress) -> float:
    return progress.updated - progress.started + (found.updated_s_ago or 0.0)


def _speed(per_s: float, unit: str) -> str:
    for count, name in ((1, "second"), (60, "minute"), (3600, "hour")):
        if per_s * count >= 1:
            return f"{per_s * count:.1f} {unit} a {name}"
    return f"{per_s * 86400:.1f} {unit} a day"


def _spending(progress: Progress) -> str:
    """Return what was spent against the budget, or "" for a run that asks no model."""
    parts = []
    if progress.usd or progress.limit_usd is not None:
        limit = "" if progress.limit_usd is None else f" of {progress.limit_usd:g} USD"
        parts.append(f"${progress.usd:.4f}{limit}")
    if progress.tokens or progress.limit_tokens is not None:
        limit = "" if progress.limit_tokens is None else f" of {short_count(progress.limit_tokens)}"
        parts.append(f"{short_count(progress.tokens)}{limit} tokens")
    return ", ".join(parts)


def _number(value: float) -> str:
    return f"{value:.0f}" if value == int(value) else f"{value:.4g}"


def _span(seconds: float) -> str:
    """Return a time span as "45 s" or "1:02:03"."""
    return f"{seconds:.0f} s" if seconds < 120 else str(timedelta(seconds=int(seconds)))
