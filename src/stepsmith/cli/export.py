"""``stepsmith export``: problems in the form of other trainers."""

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from stepsmith.scoring.tests import SplitSettings
from stepsmith.train.corpus import problems_of
from stepsmith.train.verl import export_pairs, export_rows


def export(
    sources: Annotated[list[Path], typer.Argument(help="Folders of `stepsmith synth`, or Parquet files of problems.")],
    to: Annotated[
        Literal["verl", "hf-chat"],
        typer.Option(help="verl: rows for RL and their reward function. hf-chat: prompts and golden answers for SFT."),
    ],
    out: Annotated[Path, typer.Option(help="Folder to write into.")],
    form: Annotated[
        Literal["full", "brief"], typer.Option(help="Prompts with or without samples and words on the form.")
    ] = "full",
    held_out_share: Annotated[
        float, typer.Option(min=0, max=1, help="Share of compositions that go into the test file, by hash.")
    ] = 0.1,
    hold_back: Annotated[
        float, typer.Option(min=0, max=0.9, help="verl: share of a problem's hidden tests that is never rewarded.")
    ] = 0.25,
    most_tests: Annotated[int | None, typer.Option(min=1, help="verl: rewarded tests per problem, at most.")] = None,
    seed: Annotated[int, typer.Option(help="verl: of the choice of tests that are held back.")] = 0,
) -> None:
    """Write problems in the form of other trainers: a train and a test file."""
    problems = problems_of([str(source) for source in sources])
    if to == "verl":
        tests = SplitSettings(hold_back=hold_back, most_tests=most_tests, seed=seed)
        written = export_rows(problems, out, form=form, held_out=held_out_share, tests=tests)
    else:
        written = export_pairs(problems, out, form=form, held_out=held_out_share)
    console = Console(soft_wrap=True, highlight=False)
    for path in written:
        console.print(f"{path}", markup=False)
