"""``stepsmith doctor``: what works on this machine, and what to install for the rest."""

import importlib.util
import os
import platform
import shutil
import time
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

import stepsmith
from stepsmith.cli.cluster_view import show_cluster
from stepsmith.cluster.connection import is_ray
from stepsmith.core.errors import EndpointError, MachineError, UserError
from stepsmith.judge import languages, packages
from stepsmith.llm.check import IMPATIENT, check
from stepsmith.llm.gateway import Gateway
from stepsmith.llm.records import ModelSpec
from stepsmith.pipeline.config import load_config
from stepsmith.sandbox.levels import survey

EXTRAS = {  # extra → a module that it installs, and its purpose
    "report": ("plotly", "report.html"),
    "serve": ("starlette", "judge serve"),
    "view": ("duckdb", "view"),
    "llm": ("openai", "teachers and students behind endpoints"),
    "ray": ("ray", "--executor ray"),
}
PROVED = "just proved by an attack from inside"
MEANING = {
    "L0": "resource limits only: refused unless --allow-unsafe",
    "L1": f"+ seccomp, Landlock, no new privileges; {PROVED}",
    "L2": f"+ namespaces; {PROVED}",
    "L3": f"+ control groups; {PROVED}",
}
ENDPOINT_TIMEOUT_S = 120.0  # a reasoning model may think for a while before it answers
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def doctor(
    config: Annotated[
        Path | None,
        typer.Argument(help=r"TOML configuration. Its models (\[models.NAME] tables) are tried."),
    ] = None,
    executor: Annotated[
        str | None,
        typer.Option(help="Also check the nodes of a cluster: ray or ray://HOST:PORT. Nodes that differ are an error."),
    ] = None,
) -> None:
    """Check this machine: isolation levels, compilers, installed extras and, with a configuration, its models.

    For everything that does not work, the output says what to do.
    """
    models = load_config(config).models
    console = Console()
    table = Table(box=None, pad_edge=False, show_header=False)
    for _ in range(3):
        table.add_column(overflow="fold")

    def line(name: str, ok: bool, word: str) -> None:
        table.add_row(name, "[green]yes[/]" if ok else "[yellow]no[/]", escape(word))

    levels = survey()
    for level in levels:
        line(f"isolation {level.level}", level.available, level.reason or MEANING[level.level])
    for row in languages.TABLE:
        line(f"language {row.name}", *_toolchain(row))
    offered = ", ".join(f"{name} {version}" for name, version in packages.offered().items())
    line("packages", bool(offered), f"that Python programs may import: {offered or 'none'}")
    for extra, names in packages.missing().items():
        line("packages", False, f"{', '.join(names)}: pip install 'stepsmith[{extra}]'")
    for extra, (module, purpose) in EXTRAS.items():
        found = importlib.util.find_spec(module) is not None
        line(f"extra {extra}", found, purpose if found else f"for {purpose}: pip install 'stepsmith[{extra}]'")
    for name, model in models.items():
        line(f"endpoint {name}", *_endpoint(model))
    if not models:
        line(
            "endpoints",
            False,
            "not checked (the offline teacher needs none); give a configuration with [models.NAME] tables",
        )
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    line("browser", browser is not None, browser or "needed only for the tests of the report page: install chromium")
    console.print(f"stepsmith {stepsmith.__version__}")
    console.print(table)
    best = next((level.level for level in levels if level.available), "none")
    if best in ("none", "L0"):
        console.print(
            "Untrusted programs cannot be confined here; `synth` refuses to run without --allow-unsafe.", soft_wrap=True
        )
    else:
        console.print(f"Programs run at isolation level {best}.")
    if executor and is_ray(executor):
        show_cluster(console, executor, os.cpu_count() or 1)


def _toolchain(row: languages.Language) -> tuple[bool, str]:
    """Return whether programs in a language can be judged, and the version of its tool or what to do."""
    try:
        return True, row.version if row.tool else f"Python {platform.python_version()}"
    except MachineError as error:
        return False, str(error)


def _endpoint(model: ModelSpec) -> tuple[bool, str]:
    """Ask a model for a completion with its settings; return whether it gave one, and a line to show."""
    patient = min(model.timeout_s, ENDPOINT_TIMEOUT_S)
    started = time.monotonic()
    try:
        with Gateway() as gateway:
            output = check(
                gateway.model(msgspec.structs.replace(model, retries=IMPATIENT, timeout_s=patient, batch=False))
            )
    except (UserError, EndpointError) as error:
        return False, f"{model.base_url}: {error}"
    if not output.text:
        return False, (
            f"{model.base_url}: the completion has no text (finish_reason {output.finish_reason!r}); check max_tokens "
            "and the server's reasoning parser"
        )
    tokens = output.usage.completion_tokens
    return True, f"{model.base_url}: {output.model} answered with {tokens} tokens in {time.monotonic() - started:.1f} s"
