"""``stepsmith doctor``: what works on this machine, and what to install for the rest."""

import importlib.util
import platform
import shutil

from rich.console import Console
from rich.markup import escape
from rich.table import Table

import stepsmith
from stepsmith.judge import languages
from stepsmith.sandbox.levels import survey

EXTRAS = {  # extra → a module that it brings, and what it is for
    "report": ("plotly", "report.html"),
    "serve": ("starlette", "judge serve"),
    "llm": ("openai", "teachers and students behind endpoints"),
    "train": ("trl", "SFT and RL"),
    "ray": ("ray", "runs on a cluster"),
    "dedup": ("datasketch", "near-duplicate removal"),
}
PROVED = "proved by an attack from inside, just now"
MEANING = {
    "L0": "resource limits only: refused unless --allow-unsafe",
    "L1": f"+ seccomp, Landlock, no new privileges; {PROVED}",
    "L2": f"+ namespaces; {PROVED}",
    "L3": f"+ control groups; {PROVED}",
}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def doctor() -> None:
    """Say which isolation level, toolchains and extras work here, and what to install for the rest."""
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
        installed = row.name in languages.installed()
        tool = languages.version(row.tool) if installed and (row.compiler or row.interpreter) else ""
        if not tool:
            tool = f"Python {platform.python_version()}" if installed else f"install the package {row.package}"
        line(f"language {row.name}", installed, tool)
    for extra, (module, purpose) in EXTRAS.items():
        found = importlib.util.find_spec(module) is not None
        line(f"extra {extra}", found, purpose if found else f"for {purpose}: pip install 'stepsmith[{extra}]'")
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    line("browser", browser is not None, browser or "only for the report's own test: install chromium")
    console.print(f"stepsmith {stepsmith.__version__}")
    console.print(table)
    best = next((level.level for level in levels if level.available), "none")
    if best in ("none", "L0"):
        console.print(
            "Untrusted programs cannot be confined here: `synth` refuses to run without --allow-unsafe.", soft_wrap=True
        )
    else:
        console.print(f"Programs run at {best}.")
