"""``stepsmith shards``: write a data set to a folder or an object store as Parquet shards, and read it back."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from stepsmith.store import shards
from stepsmith.store.shards import ShardManifest

shards_app = typer.Typer(
    help="A data set as Parquet shards in a folder or an object store (s3://BUCKET/PREFIX).", no_args_is_help=True
)
Url = Annotated[str, typer.Argument(help="A folder, s3://BUCKET/PREFIX, or another URL that fsspec knows.")]


@shards_app.command()
def put(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a finished `stepsmith synth`.")],
    url: Url,
    rows: Annotated[int, typer.Option(min=1, help="Problems per shard.")] = shards.ROWS_PER_SHARD,
) -> None:
    """Write the data set of a run. It appears at once, with its manifest; a repeated command writes what is missing."""
    _say(shards.put(folder, url, rows), f"at {url}")


@shards_app.command()
def get(url: Url, folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to write into.")]) -> None:
    """Read a data set into a folder, as the Parquet files that the run wrote, byte for byte."""
    _say(shards.get(url, folder), f"in {folder}")


@shards_app.command()
def check(url: Url) -> None:
    """Read every shard and compare it with the manifest."""
    _say(shards.check(url), f"at {url}, all as their manifest says")


def _say(manifest: ShardManifest, where: str) -> None:
    counts = ", ".join(
        f"{rows:,} rows of {name} in {len(manifest.shards[name])} shards" for name, rows in manifest.rows.items()
    )
    Console(stderr=True).print(f"{counts} {where}", soft_wrap=True, highlight=False, markup=False)
