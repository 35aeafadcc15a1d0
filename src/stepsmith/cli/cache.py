"""``stepsmith cache``: show what the completion cache holds, and delete some of it."""

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from stepsmith.core.errors import StoreError, UserError
from stepsmith.core.quantities import read_quantity
from stepsmith.store.completion_cache import CompletionCache, default_path

_PLACE = Annotated[
    Path | None, typer.Option("--file", help="The file of the completion cache.", show_default="$STEPSMITH_CACHE, XDG")
]
# There is no unit "m", which could mean minutes or months. A size needs a unit: "2" would delete all but two bytes.
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
_BYTES = {"kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_BYTES |= {"k": 10**3, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "B": 1}
_BYTES |= {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}

cache_app = typer.Typer(help="Show what the completion cache holds, or delete some of it.", no_args_is_help=True)


@cache_app.command()
def stats(file: _PLACE = None) -> None:
    """Show what the completion cache holds, by model."""
    with _opened(file) as store:
        held = store.stats()
    table = Table("model", "completions", "tokens", "paid USD", "MB on disk", "oldest", "newest")
    for row in held:
        table.add_row(
            row.model,
            f"{row.completions:,}",
            f"{row.tokens:,}",
            f"{row.usd:,.2f}",
            f"{row.bytes / 1e6:,.1f}",
            _day(row.oldest),
            _day(row.newest),
        )
    console = Console()
    console.print(table if held else "The completion cache is empty.")
    console.print(f"{store.path}", highlight=False, soft_wrap=True)


@cache_app.command()
def prune(
    older_than: Annotated[str | None, typer.Option(help="Delete completions that are older: 30d, 12h, 8w.")] = None,
    max_size: Annotated[
        str | None, typer.Option(help="Delete the oldest completions until so much is left: 2GB, 500MB.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="Delete completions of this model only; `cache stats` lists the names.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Delete nothing, only print how many completions it would be.")
    ] = False,
    file: _PLACE = None,
) -> None:
    """Delete completions from the cache. A run that needs them again has to pay for them again."""
    if older_than and max_size:
        raise UserError("--older-than and --max-size cannot be combined; give one of them")
    if not (older_than or max_size or model):
        raise UserError("give --older-than, --max-size or --model to choose what is deleted")
    with _opened(file) as store:
        if max_size:
            count, size = store.shrink(_size(max_size), model=model, dry=dry_run)
        else:
            before = time.time() - _age(older_than) if older_than else None
            count, size = store.prune(model=model, before=before, dry=dry_run)
    print(f"{'Would delete' if dry_run else 'Deleted'} {count:,} completions, {size / 1e6:,.1f} MB.")


def _opened(file: Path | None) -> CompletionCache:
    path = file or default_path()
    if not path.exists():
        raise StoreError(f"there is no completion cache at {path}; give its path with --file")
    return CompletionCache(path)


def _age(text: str) -> float:
    age = read_quantity(text, _SECONDS)
    if age is None:
        raise UserError(f"--older-than {text!r} is not an age; write for example 30d, 12h, 8w or 90min")
    return float(age)


def _size(text: str) -> int:
    size = 0 if text.strip() == "0" else read_quantity(text, _BYTES)
    if size is None:
        raise UserError(f"--max-size {text!r} is not a size; write for example 2GB or 500MB")
    return int(size)


def _day(seconds: float) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(seconds))
