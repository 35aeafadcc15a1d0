"""``stepsmith curate``: duplicates and benchmarks out, into a new folder, with a record of every decision."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console

from stepsmith.cli.executor import Executor, Servers
from stepsmith.cli.terminal import EXIT_INTERRUPTED
from stepsmith.cluster.connection import LOCAL
from stepsmith.cluster.fleet.shared import split_urls
from stepsmith.core.errors import ConfigError, MachineError
from stepsmith.core.quantities import read_quantity
from stepsmith.core.records import BANDS, UNDECIDED

if TYPE_CHECKING:
    from stepsmith.curate.records import CurationManifest

DEFAULT_FOLDER = "curated"
QUOTA_BANDS = (*BANDS, UNDECIDED, "unrated")


def curate(
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="DIR...", help="Folders of `stepsmith synth`, or Parquet files of problems."),
    ],
    out: Annotated[
        Path | None, typer.Option(help="New folder to write into. Default: curated, in the one folder given.")
    ] = None,
    depth: Annotated[
        Literal["exact", "near", "semantic", "behavioural"],
        typer.Option(help="Which duplicates to look for; each choice includes those before it."),
    ] = "near",
    against: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="A benchmark whose problems are dropped: JSON Lines (also .gz), JSON or Parquet, of HumanEval, MBPP, "
            "EvalPlus, CRUXEval, LiveCodeBench or any rows with a text or a program. Can be given several times.",
        ),
    ] = None,
    select: Annotated[
        int | None,
        typer.Option(min=1, help="Keep so many of what is left: those that cover the most features and feature pairs."),
    ] = None,
    quota: Annotated[
        list[str] | None,
        typer.Option(metavar="BAND=SHARE", help="Share of a band in --select, as hard=0.4. The shares add up to 1."),
    ] = None,
    match: Annotated[
        Path | None,
        typer.Option(metavar="SET", help="Keep the largest subset whose bands have the proportions of this set."),
    ] = None,
    encoder: Annotated[
        Literal["wordllama", "minilm"],
        typer.Option(help="Sentence embeddings of the semantic depth. minilm looks again at wordllama's candidates."),
    ] = "wordllama",
    workers: Annotated[int | None, typer.Option(min=1, help="Programs judged at once. Default: one per core.")] = None,
    executor: Executor = None,
    judge: Servers = None,
    allow_unsafe: Annotated[
        bool, typer.Option("--allow-unsafe", help="Run untrusted code even without confinement (isolation level L0).")
    ] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Continue an interrupted curation in --out.")] = False,
) -> None:
    """Keep what is worth training on: drop duplicates and problems of benchmarks, and record why.

    The sources stay as they are. OUT/problems.parquet holds the problems that are kept, OUT/records.parquet a decision
    on every problem with its evidence, OUT/hits.jsonl every sign of a benchmark, OUT/manifest.json settings and counts.
    """
    try:
        from stepsmith.curate import curation  # not at the top: it imports the libraries of the extra
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("stepsmith"):
            raise
        raise MachineError(f"curating needs {error.name}: pip install 'stepsmith[curate]'") from None
    console = Console(stderr=True, soft_wrap=True, highlight=False)

    def say(line: str) -> None:
        console.print(line, markup=False)

    folder = out or _default_folder(sources)
    if match and quota:
        raise ConfigError("give --quota or --match, not both")
    try:
        settings = curation.CurationSettings(
            depth=depth, encoder=encoder, select=select, quotas=dict(map(_quota, quota or ()))
        )
    except ValueError as error:
        raise ConfigError(str(error)) from None
    try:
        manifest = curation.curate(
            sources,
            folder,
            settings,
            against=against or (),
            match=[match] if match else (),
            resume=resume,
            workers=workers or os.cpu_count() or 1,
            executor=executor or LOCAL,
            servers=split_urls(judge),
            allow_unsafe=allow_unsafe,
            say=say,
        )
    except KeyboardInterrupt:
        say(f"Stopped. The same command with --resume continues in {folder}")
        raise typer.Exit(EXIT_INTERRUPTED) from None
    say(summary(manifest, folder))


def summary(manifest: "CurationManifest", folder: Path) -> str:
    """Return the counts in words."""
    counts = manifest.counts
    parts = [f"kept {counts.kept} of {counts.problems} problems, {counts.chains_kept} of {counts.chains} chains"]
    parts += [f"{number} {depth} duplicates" for depth, number in counts.duplicates.items()]
    parts += [f"{number} contaminated ({depth})" for depth, number in counts.contaminated.items()]
    parts += [f"{counts.not_selected} not selected"] if counts.not_selected else []
    return f"{'; '.join(parts)}; in {folder}"


def _quota(text: str) -> tuple[str, float]:
    band, _, share = text.partition("=")
    quantity = read_quantity(share, {"": 1})
    if band not in QUOTA_BANDS or not quantity or quantity > 1:
        raise ConfigError(
            f"--quota {text}: write BAND=SHARE with a band of {', '.join(QUOTA_BANDS)} and a share up to 1"
        )
    return band, float(quantity)


def _default_folder(sources: list[Path]) -> Path:
    if len(sources) == 1 and sources[0].is_dir():
        return sources[0] / DEFAULT_FOLDER
    raise ConfigError("say with --out into which new folder to write")
