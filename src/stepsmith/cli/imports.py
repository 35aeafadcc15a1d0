"""``stepsmith import``: other people's problems as ours."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from stepsmith.exports.importing import import_problems
from stepsmith.judge.local import LocalJudge
from stepsmith.verify.formats.reading import Format, ProblemSource


def import_(
    problems: Annotated[Path, typer.Argument(help="JSON Lines or Parquet file, Kattis package, or folder of them.")],
    out: Annotated[Path, typer.Option(help="Folder to write, with problems.parquet in it.")],
    format_: Annotated[
        Format, typer.Option("--format", help="Format of the problems. auto: detect it from the keys.")
    ] = "auto",
    solutions: Annotated[
        Path | None, typer.Option(help="JSON file with programs for problems without any: question_id, code_list.")
    ] = None,
    testlib: Annotated[
        Path | None, typer.Option(help="A copy of testlib.h, for problems whose checker includes it.")
    ] = None,
    allow_unsafe: Annotated[
        bool, typer.Option("--allow-unsafe", help="Run programs even if they cannot be confined here (L0).")
    ] = False,
) -> None:
    """Read problems of other data sets into a folder like that of `synth`. Each needs a program that passes."""
    with LocalJudge(allow_unsafe=allow_unsafe) as judge:
        done = import_problems(ProblemSource(problems, format_, testlib), out, judge, solutions=solutions)
    console = Console(soft_wrap=True, highlight=False)
    console.print(f"{done.folder}: {done.problems} problems, {len(done.left_out)} left out", markup=False)
    if done.left_out:
        console.print(f"the first that was left out: {done.left_out[0].reason} (all in left-out.jsonl)", markup=False)
