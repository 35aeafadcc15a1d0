"""``stepsmith export``: problems in the forms that other tools open."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from stepsmith.core.errors import ConfigError
from stepsmith.exports import FORMATS, ExportSettings, FormatName, write_export
from stepsmith.exports.bundle import SplitBy
from stepsmith.exports.card import facts_of
from stepsmith.scoring.tests import SplitSettings
from stepsmith.train.corpus import problems_of
from stepsmith.train.settings import PromptLength

_FORMS = " ".join(f"{name}: {form.says}." for name, form in FORMATS.items())


def export(
    sources: Annotated[list[Path], typer.Argument(help="Folders of `stepsmith synth`, or Parquet files of problems.")],
    to: Annotated[str, typer.Option(help=f"The form. {_FORMS}")],
    out: Annotated[Path, typer.Option(help="Folder to make.")],
    name: Annotated[str, typer.Option(help="Name of the data set; without it, that of the folder.")] = "",
    license_: Annotated[str, typer.Option("--license", help="SPDX identifier of the data set's licence.")] = "",
    form: Annotated[PromptLength, typer.Option(help="Prompts with or without samples and words on the form.")] = "full",
    held_out_share: Annotated[
        float, typer.Option(min=0, max=1, help="Share of the problems that go into the test half, at most.")
    ] = 0.1,
    split: Annotated[SplitBy, typer.Option(help="What is never in both halves: a chain, a composition, or both.")] = (
        "both"
    ),
    hold_back: Annotated[
        float, typer.Option(min=0, max=0.9, help="Share of a problem's hidden tests that is never rewarded.")
    ] = 0.25,
    most_tests: Annotated[int | None, typer.Option(min=1, help="Rewarded tests per problem, at most.")] = None,
    seed: Annotated[int, typer.Option(help="Of the choice of tests that are held back.")] = 0,
    judge_url: Annotated[str, typer.Option(help="Address of the judge server, for forms that ask one.")] = (
        "http://127.0.0.1:8005"
    ),
) -> None:
    """Write problems in the form of other tools, with a card, divided into halves."""
    settings = ExportSettings(
        name=name or out.resolve().name,
        license=license_,
        form=form,
        held_out=held_out_share,
        split=split,
        tests=SplitSettings(hold_back=hold_back, most_tests=most_tests, seed=seed),
        judge_url=judge_url,
    )
    problems = problems_of([str(source) for source in sources])
    written = write_export(problems, _form(to), out, settings, facts_of(sources))
    console = Console(soft_wrap=True, highlight=False)
    console.print(f"{written.folder}: {written.train} problems to train on, {written.test} held out", markup=False)
    for reason, count in written.reasons.most_common():
        console.print(f"left out, {count}: {reason} (named in left-out.jsonl)", markup=False)


def _form(name: str) -> FormatName:
    for form in FORMATS:
        if form == name:
            return form
    raise ConfigError(f"there is no form {name!r}; the forms are {', '.join(FORMATS)}")
