"""``stepsmith export``: write problems in the formats of other tools."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from stepsmith.core.errors import ConfigError
from stepsmith.exports import FORMATS, ExportSettings, FormatName, write_export
from stepsmith.exports.bundle import SplitBy
from stepsmith.exports.card import facts_of
from stepsmith.exports.mixing import mixed
from stepsmith.scoring.tests import SplitSettings
from stepsmith.train.corpus import problems_of
from stepsmith.train.settings import PromptLength

_FORMS = " ".join(f"{name}: {form.says}." for name, form in FORMATS.items())


def export(
    sources: Annotated[list[Path], typer.Argument(help="Folders of `stepsmith synth`, or Parquet files of problems.")],
    to: Annotated[str, typer.Option(help=f"Format to write. {_FORMS}")],
    out: Annotated[Path, typer.Option(help="Folder to write; it must not exist.")],
    name: Annotated[str, typer.Option(help="Name of the data set. Default: the name of the folder.")] = "",
    license_: Annotated[str, typer.Option("--license", help="SPDX identifier of the data set's licence.")] = "",
    form: Annotated[
        PromptLength, typer.Option(help="Prompts with (full) or without (brief) samples and answer format.")
    ] = "full",
    held_out_share: Annotated[
        float, typer.Option(min=0, max=1, help="Largest share of the problems in the test half.")
    ] = 0.1,
    split: Annotated[
        SplitBy, typer.Option(help="What is kept out of one half if it is in the other: chain, composition, both.")
    ] = ("both"),
    hold_back: Annotated[
        float, typer.Option(min=0, max=0.9, help="Share of a problem's hidden tests that is never rewarded.")
    ] = 0.25,
    most_tests: Annotated[int | None, typer.Option(min=1, help="Most rewarded tests per problem.")] = None,
    seed: Annotated[int, typer.Option(help="Number that decides which tests are held back.")] = 0,
    real: Annotated[
        list[Path] | None, typer.Option(help="Folder of real problems (see `stepsmith import`); repeatable.")
    ] = None,
    real_share: Annotated[
        float | None, typer.Option(help="Share of real problems in the result. Without it, all problems are taken.")
    ] = None,
    judge_url: Annotated[str, typer.Option(help="Address of the judge server, for formats that use one.")] = (
        "http://127.0.0.1:8005"
    ),
) -> None:
    """Write problems in the format of another tool: a half to train on, a half to test on, and a data set card."""
    settings = ExportSettings(
        name=name or out.resolve().name,
        license=license_,
        form=form,
        held_out=held_out_share,
        split=split,
        tests=SplitSettings(hold_back=hold_back, most_tests=most_tests, seed=seed),
        judge_url=judge_url,
    )
    people = real or []
    problems, from_people = (list(problems_of([str(place) for place in places])) for places in (sources, people))
    problems = mixed(problems, from_people, real_share, seed) if real_share is not None else problems + from_people
    written = write_export(problems, _form(to), out, settings, facts_of([*sources, *people]))
    console = Console(soft_wrap=True, highlight=False)
    console.print(f"{written.folder}: {written.train} problems to train on, {written.test} held out", markup=False)
    for reason, count in written.reasons.most_common():
        console.print(f"{count} left out: {reason} (listed in left-out.jsonl)", markup=False)


def _form(name: str) -> FormatName:
    for form in FORMATS:
        if form == name:
            return form
    raise ConfigError(f"there is no form {name!r}; the forms are {', '.join(FORMATS)}")
