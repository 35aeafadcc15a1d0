"""``stepsmith curriculum``: list the curricula and draw their schedules."""

from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from stepsmith.core.records import BANDS, Band
from stepsmith.curriculum import Schedule, load_curriculum, presets

curriculum_app = typer.Typer(
    help="List and show curricula: which problems are trained on, and when.", no_args_is_help=True
)

# A colour and a mark for each band, so that the strips can be read without colours too.
LOOK: dict[Band, tuple[str, str]] = {
    "easy": ("green", "░"),
    "easy-medium": ("cyan", "▒"),
    "medium": ("yellow", "▓"),
    "hard": ("red", "█"),
}
ROWS = 10  # rows of the drawing, each a tenth of the weight


@curriculum_app.command(name="list")
def list_() -> None:
    """List the curricula that ship with Stepsmith."""
    console = Console(highlight=False)
    table = Table("name", "kind", "what it does", box=None, pad_edge=False)
    for name, curriculum in presets().items():
        table.add_row(name, str(msgspec.to_builtins(curriculum)["kind"]), curriculum.about)
    console.print(table)


@curriculum_app.command()
def show(
    name: Annotated[
        str,
        typer.Argument(help="Name of a curriculum (see `stepsmith curriculum list`), FILE.toml, or FILE.toml#TABLE."),
    ],
    steps: Annotated[
        int | None,
        typer.Option(min=1, help="Scale the drawing to this many steps. Default: the steps of the curriculum."),
    ] = None,
) -> None:
    """Draw the schedule of a curriculum, or explain how an adaptive curriculum chooses."""
    curriculum = load_curriculum(name)
    console = Console(highlight=False)
    console.print(f"{name}: {curriculum.about}" if curriculum.about else name, style="bold", soft_wrap=True)
    if curriculum.source:
        console.print(f"source: {curriculum.source}", style="dim", markup=False)
    if isinstance(curriculum, Schedule):
        total = steps if steps is not None else curriculum.steps
        console.print()
        for line in picture(curriculum, total, console.width):
            console.print(line)
        console.print()
        console.print(segments(curriculum, total))
        return
    console.print()
    settings = Table("setting", "value", box=None, pad_edge=False)
    for key, value in msgspec.to_builtins(curriculum).items():
        if key not in ("about", "source", "kind"):
            settings.add_row(key, f"{value:g}")
    console.print(settings)
    console.print()
    console.print(" ".join((type(curriculum).__doc__ or "").split()).replace("``", ""), markup=False)


def picture(schedule: Schedule, total: float, width: int) -> list[Text]:
    """Draw the weights over training as stacked columns, the easiest band at the bottom, with an axis of steps."""
    columns = max(20, min(80, width - 8))
    stacks = [_stack(schedule.weights((column + 0.5) / columns)) for column in range(columns)]
    lines = []
    for row in reversed(range(ROWS)):
        line = Text(f"{(row + 1) / ROWS:5.0%} ")
        for stack in stacks:
            colour, mark = LOOK[stack[row]]
            line.append(mark, style=colour)
        lines.append(line)
    left, right = "0", f"{total:.12g}"
    lines.append(Text(f"      {left}{'step'.center(columns - len(left) - len(right))}{right}"))
    legend = Text("      ")
    for band in BANDS:
        if any(band in weights for _, _, weights in schedule.spans()):
            legend.append(LOOK[band][1] * 2, style=LOOK[band][0]).append(f" {band}   ")
    return [*lines, legend]


def segments(schedule: Schedule, total: float) -> Table:
    """Return the exact weights of each segment, from its first step to the first step of the next segment."""
    shown = [band for band in BANDS if any(band in weights for _, _, weights in schedule.spans())]
    table = Table("from step", "to below", *shown, box=None, pad_edge=False)
    for column in table.columns:
        column.justify = "right"
    for start, end, weights in schedule.spans():
        cells = [f"{weights[band]:.2f}" if band in weights else "-" for band in shown]
        table.add_row(f"{start * total:.12g}", f"{end * total:.12g}", *cells)
    return table


def _stack(weights: dict[Band, float]) -> list[Band]:
    """Fill ``ROWS`` cells from the bottom. Every band with a positive weight gets at least one cell."""
    filled: list[Band] = []
    reached = 0.0
    for band, weight in weights.items():
        reached += weight
        left_for_others = sum(1 for other in weights if BANDS.index(other) > BANDS.index(band))
        upto = min(max(round(reached * ROWS), len(filled) + 1), ROWS - left_for_others)
        filled += [band] * (upto - len(filled))
    return filled
