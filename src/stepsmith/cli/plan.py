"""``stepsmith plan``: what a large run would take on a described cluster."""

import math
import os
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from stepsmith.cli.progress import progress_display, short_count
from stepsmith.core.errors import MachineError
from stepsmith.llm.estimates import Range
from stepsmith.pipeline.config import load_config
from stepsmith.pipeline.forecast import sample_chains
from stepsmith.pipeline.planning import PUBLISHED, ClusterPlan, chains_of_run, plan, read_cluster
from stepsmith.pipeline.roles import resolve_config
from stepsmith.store.folder_lock import write_whole

BUSY = 0.5  # load before a pilot from which its times are not those of a quiet machine
PILOT = 12  # chains; our choice: an interval of some ten percent


def plan_command(
    config: Annotated[Path, typer.Argument(help="TOML configuration of the run.")],
    cluster: Annotated[Path, typer.Option(help="TOML description of the cluster: nodes, endpoints, prices.")],
    problems: Annotated[int, typer.Option(min=1, help="Number of problems to keep.")] = 200_000,
    measured: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="A run of this configuration that was measured. Default: grow a few chains now."
        ),
    ] = None,
    pilot: Annotated[int, typer.Option(min=4, help="Number of chains to grow now if there is no --measured.")] = PILOT,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Also draw the plan into this HTML file.")] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write all figures into this file.")] = None,
) -> None:
    """Predict time, cost, storage and the bottleneck of a large run, from measured chains, with 95% intervals."""
    described = read_cluster(cluster)
    settings = resolve_config(load_config(config))
    console = Console()
    load = 0.0
    if measured:
        chains = chains_of_run(measured)
    else:
        load = os.getloadavg()[0]  # of other work: the pilot has not begun
        with progress_display(console) as observer:
            chains = sample_chains(settings, pilot, observer)
    found = plan(settings, described, chains, problems)
    show_plan(console, found)
    if load > BUSY:
        console.print(
            f"The chains were measured beside other work (load {load:.1f} before they began): the hours are those of a "
            "machine that is as busy. Measure on a quiet one, or set `speed` in the cluster file.",
            soft_wrap=True,
            highlight=False,
            markup=False,
        )
    if json:
        write_whole(json, msgspec.json.format(msgspec.json.encode(found), indent=1))
    if plot:
        draw_plan(found, plot)
        console.print(f"Plot: {plot}", soft_wrap=True, highlight=False, markup=False)


def show_plan(console: Console, found: ClusterPlan) -> None:
    """Print a plan: the resources, the slowest first, and the totals."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("resource", "needs", "gives per s", "hours", "95%"):
        table.add_column(name, justify="left" if name == "resource" else "right")
    for need in found.needs:
        amount = f"{short_count(need.amount.expected)} {need.unit}"
        table.add_row(need.resource, amount, f"{need.capacity:g}", _number(need.hours.expected), _interval(need.hours))
    console.print(
        f"{found.problems:,} problems from {_number(found.chains.expected)} chains, from {found.sampled} measured:"
    )
    console.print(table)
    totals = Table(box=None, pad_edge=False, show_header=False)
    for name, value in (
        ("hours in all", found.hours),
        ("USD", found.usd),
        ("  for tokens", found.usd_tokens),
        ("  for machines", found.usd_time),
        ("storage, GB", found.storage_gb),
        ("programs per problem", _per(found.programs, found.problems)),
        ("executions per problem", _per(found.executions, found.problems)),
    ):
        totals.add_row(name, _number(value.expected), _interval(value))
    console.print(totals)
    if found.storage_usd_per_month:
        console.print(f"Storing it costs ${found.storage_usd_per_month:.2f} a month.")
    console.print(f"Bottleneck: {found.bottleneck}.")
    for paper, text in PUBLISHED.items():
        console.print(f"Published, {paper}: {text}.", soft_wrap=True, highlight=False)


def draw_plan(found: ClusterPlan, path: Path) -> None:
    """Write a page with the hours of each resource, and their intervals. Raises ``MachineError`` without the extra."""
    try:
        import plotly.graph_objects as go
    except ModuleNotFoundError:
        raise MachineError("a plot needs plotly: pip install 'stepsmith[report]'") from None
    needs = found.needs[::-1]
    bars = go.Bar(
        x=[need.hours.expected for need in needs],
        y=[need.resource for need in needs],
        orientation="h",
        marker_color=["#b8355b" if need.resource == found.bottleneck else "#4477aa" for need in needs],
        error_x={
            "type": "data",
            "array": [need.hours.high - need.hours.expected for need in needs],
            "arrayminus": [need.hours.expected - need.hours.low for need in needs],
        },
    )
    figure = go.Figure(bars)
    title = f"{found.problems:,} problems: {_number(found.hours.expected)} hours, ${found.usd.expected:,.0f}"
    figure.update_layout(title=title, xaxis_title="hours, if nothing else is slower (95% interval)", template="none")
    figure.update_layout(margin={"l": 160})
    write_whole(path, figure.to_html(include_plotlyjs=True).encode())


def _per(total: Range, count: int) -> Range:
    return Range(expected=total.expected / count, low=total.low / count, high=total.high / count)


def _number(value: float) -> str:
    if math.isinf(value):
        return "unknown"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _interval(value: Range) -> str:
    return f"{_number(value.low)} to {_number(value.high)}"
