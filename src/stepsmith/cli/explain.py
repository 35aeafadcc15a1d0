"""``stepsmith explain``: where a problem comes from, and what became of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from stepsmith.cli.terminal import visible
from stepsmith.report.life import Life, life_of
from stepsmith.report.story import life_story


def explain(
    problem: Annotated[str, typer.Argument(metavar="ID", help="Id of a problem, or its first or last characters.")],
    places: Annotated[
        list[Path],
        typer.Argument(
            metavar="DIR...",
            help="The folder of the `stepsmith synth` that made it, and any folders of `rate`, `curate` and `export`.",
        ),
    ],
) -> None:
    """Print a problem's life: seed, chain, prompts, votes, tests, difficulty, filters, exports, rewards."""
    life = life_of(problem, places)
    console = Console(soft_wrap=True, highlight=False, markup=False)
    for line in life_lines(life):
        console.print(visible(line))


def life_lines(life: Life) -> Iterator[str]:
    """Yield the lines that tell a problem's life."""
    one = life.problem
    yield f"{one.id}  {one.title}"
    style = f"{one.style} style, " if one.style else ""
    became = "rejected" if life.rejected else "kept"
    yield f"{one.environment}, {style}{one.contract.interface}; {became} in {life.place}"
    for name, lines in life_story(life):
        for number, line in enumerate(lines):
            yield f"{'' if number else name:<12}{line}"
