"""``stepsmith rehearse``: one request of each kind to the configured models, before a run is paid for."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from stepsmith.cli.progress import short_count
from stepsmith.pipeline.config import load_config, with_changes
from stepsmith.pipeline.rehearsal import Rehearsal, rehearse
from stepsmith.pipeline.rehearsed import RehearsedRequest

SHOWN_LINES, SHOWN_WIDTH = 12, 160  # of a prompt or reply, unless --full


def rehearse_command(
    config: Annotated[Path, typer.Argument(help="TOML configuration of the run, as for synth.")],
    teacher: Annotated[
        str | None, typer.Option(help=r"Who proposes problems: the NAME of a \[models.NAME] table, or an address.")
    ] = None,
    student: Annotated[
        str | None, typer.Option(help=r"Who attempts problems: the NAME of a \[models.NAME] table, or an address.")
    ] = None,
    method: Annotated[
        str | None, typer.Option(help="How a model makes problems: teacher-student or two-stage.")
    ] = None,
    budget: Annotated[
        str | None, typer.Option(help='The most that the rehearsal may cost: "1 USD" or "200k tokens".')
    ] = None,
    features: Annotated[
        bool,
        typer.Option("--features", help="Also ask the teacher to extract features and to evolve the feature tree."),
    ] = False,
    full: Annotated[bool, typer.Option("--full", help="Show prompts and completions in full.")] = False,
) -> None:
    """Send one request of each kind to the models; show what could be read from the answers, and what to change.

    The exit code is 0 if every answer could be read.
    """
    settings = with_changes(
        load_config(config),
        workers=None,
        allow_unsafe=None,
        budget=budget,
        synth={"teacher": teacher, "student": student, "method": method},
    )
    console = Console()
    rehearsal = rehearse(settings, lambda request: _print_request(console, request, full=full), features=features)
    if not rehearsal.requests:
        console.print("No model is asked: there is nothing to rehearse.")
        return
    _print_summary(console, rehearsal)
    if rehearsal.failed:
        raise typer.Exit(1)


def _print_request(console: Console, request: RehearsedRequest, *, full: bool) -> None:
    console.rule(f"[bold]{escape(request.kind)}[/] · {escape(request.model)}", align="left")
    _print_text(console, "prompt", request.prompt, full=full)
    for output in request.outputs:
        reasoning = f" (after {len(output.reasoning):,} characters of reasoning)" if output.reasoning else ""
        _print_text(console, f"reply{reasoning}", output.text or "(empty)", full=full)
    verdict = "[green]understood[/]" if request.understood else "[red]not understood[/]"
    console.print(f"{verdict}: {escape(request.words)}", soft_wrap=True, highlight=False)
    for line in request.advice:
        console.print(f"[yellow]change[/]: {escape(line)}", soft_wrap=True, highlight=False)


def _print_text(console: Console, title: str, text: str, *, full: bool) -> None:
    console.print(f"[dim]{escape(title)}[/]", highlight=False)
    lines = text.rstrip().splitlines()
    shown = (
        lines if full or len(lines) <= SHOWN_LINES else [*lines[: SHOWN_LINES * 2 // 3], *lines[-SHOWN_LINES // 3 :]]
    )
    left = len(lines) - len(shown)
    for number, line in enumerate(shown):
        if left and number == SHOWN_LINES * 2 // 3:
            console.print(f"  [dim]… {left} lines; --full shows them[/]", highlight=False)
        cut = line if full or len(line) <= SHOWN_WIDTH else f"{line[:SHOWN_WIDTH]}…"
        console.print(f"  {cut}", markup=False, highlight=False, soft_wrap=True)


def _print_summary(console: Console, rehearsal: Rehearsal) -> None:
    requests = rehearsal.requests
    priced = any(request.usd for request in requests)
    table = Table("request", "model", "understood", "tokens", "USD")
    for request in requests:
        table.add_row(
            escape(request.kind),
            escape(request.model),
            "[green]yes[/]" if request.understood else "[red]no[/]",
            f"{request.usage.tokens:,}",
            f"{request.usd:.4f}" if priced else "–",
        )
    console.rule("summary", align="left")
    console.print(table)
    tokens, usd = sum(request.usage.tokens for request in requests), sum(request.usd for request in requests)
    console.print(f"The rehearsal took {short_count(tokens)} tokens{_usd(usd, priced)}.", highlight=False)
    whole, cost = rehearsal.projected()
    chains = f"{rehearsal.config.synth.chains} chains would take about {short_count(whole)} tokens{_usd(cost, priced)}"
    console.print(
        f"{chains}, if every request were like these; `stepsmith synth --dry-run` measures it on whole chains.",
        highlight=False,
        soft_wrap=True,
    )
    if rehearsal.failed:
        console.print(f"Not understood: {escape('; '.join(rehearsal.failed))}.", highlight=False, soft_wrap=True)
    else:
        console.print("Everything was understood.", highlight=False)


def _usd(usd: float, priced: bool) -> str:
    return f", {usd:.4f} USD" if priced else ""
