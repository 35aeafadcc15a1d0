"""``stepsmith synth``: make a problem set."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from stepsmith.cli.executor import Executor, Servers
from stepsmith.cli.forecast import print_forecast
from stepsmith.cli.progress import progress_display, short_count
from stepsmith.cli.report import try_report
from stepsmith.cli.resuming import resumable
from stepsmith.cluster.fleet.shared import split_urls
from stepsmith.core.records import NO_ANSWER, TRUNCATED
from stepsmith.pipeline.config import load_config, with_changes
from stepsmith.pipeline.forecast import forecast
from stepsmith.pipeline.synthesis import seed_source, synthesize
from stepsmith.store import shards
from stepsmith.store.manifest import Manifest, Spending
from stepsmith.store.runfolder import WORK

MUCH_UNREADABLE = 0.1  # share of attempts above which the run says so


def synth(
    config: Annotated[
        Path | None, typer.Argument(help="TOML configuration. Options on the command line override it.")
    ] = None,
    seeds: Annotated[
        list[str] | None,
        typer.Option(
            help="Code to draw seeds from: a Python file, a notebook, a JSONL file or a folder. Can be given several "
            "times. Default: the standard library of Python."
        ),
    ] = None,
    field: Annotated[
        str | None,
        typer.Option(help="Field of a JSONL row that holds the code.", show_default="code"),
    ] = None,
    allow_licenses: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-license",
            help="SPDX identifier of a licence that seeds may have, such as MIT. Can be given several times. Default: "
            "any licence, also none.",
        ),
    ] = None,
    chains: Annotated[int | None, typer.Option(min=1, help="Number of chains. Each starts from one seed.")] = None,
    turns: Annotated[
        int | None, typer.Option(min=1, help="Number of problems that are proposed in each chain.")
    ] = None,
    mode: Annotated[
        str | None, typer.Option(help="How a chain develops: multi-turn, hard-first or single-turn.")
    ] = None,
    profile: Annotated[
        str | None, typer.Option(help="Size of the offline teacher's problems: micro or contest.")
    ] = None,
    teacher: Annotated[
        str | None,
        typer.Option(
            help=r"Who proposes problems: offline, the NAME of a \[models.NAME] table, or an address: URL, URL#MODEL."
        ),
    ] = None,
    student: Annotated[
        str | None,
        typer.Option(
            help=r"Who attempts problems: simulated, the folder of a trained policy, the NAME of a \[models.NAME] "
            "table, or an address."
        ),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(help="How a model makes problems: teacher-student (Deep Dive) or two-stage (X-Coder)."),
    ] = None,
    solver: Annotated[
        list[str] | None,
        typer.Option(
            help="A model whose programs vote on the expected outputs, in addition to the teacher's program. Can be "
            "given several times."
        ),
    ] = None,
    strong_solver: Annotated[
        str | None,
        typer.Option(help="A model that attempts each problem and has no vote. Problems it never solves are dropped."),
    ] = None,
    attempts: Annotated[
        int | None,
        typer.Option(
            min=1, help="Most attempts of the student per problem. Fewer are made if the band is clear before."
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(help="Number that decides all random choices. Same seed and configuration: same problems."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, help="Number of worker processes, or of judges with models or on each node. Default: one per core."
        ),
    ] = None,
    executor: Executor = None,
    judge: Servers = None,
    out: Annotated[Path, typer.Option(help="Output folder.")] = Path("runs/synth"),
    publish: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Also write the finished data set there as shards: a folder, or s3://BUCKET/PREFIX."
        ),
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(
            help='The most that models may cost, over this run and all its resumptions: "5 USD" or "2M tokens".'
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Run a few chains and estimate the total cost. The real run reuses their completions."
        ),
    ] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the unfinished run in --out.")] = False,
    allow_unsafe: Annotated[
        bool,
        typer.Option("--allow-unsafe", help="Run untrusted programs even if they cannot be confined here (L0)."),
    ] = False,
) -> None:
    """Turn real code into a verified, difficulty-graded problem set."""
    settings = with_changes(
        load_config(config),
        workers=workers,
        allow_unsafe=allow_unsafe or None,
        budget=budget,
        executor=executor,
        judges=split_urls(judge),
        synth={
            "seeds": seeds,
            "seed_field": field,
            "allow_licenses": allow_licenses,
            "chains": chains,
            "turns": turns,
            "mode": mode,
            "profile": profile,
            "teacher": teacher,
            "student": student,
            "method": method,
            "solvers": solver,
            "strong_solver": strong_solver,
            "attempts": attempts,
            "seed": seed,
        },
    )
    console = Console()
    if settings.synth.seeds:
        found = seed_source(settings).counts()
        console.print(found.text(), soft_wrap=True, highlight=False, markup=False)
    if dry_run:
        with progress_display(console) as observer:
            expected = forecast(settings, observer)
        print_forecast(console, expected)
        return
    with resumable(console, out / WORK, f"Finished chains are safe in {out}"), progress_display(console) as observer:
        manifest = synthesize(settings, out, observer, resume=resume)
    _summary(console, manifest, out)
    try_report(console, out)
    if publish:
        shards.put(out, publish)
        console.print(f"Shards: {publish}", soft_wrap=True, highlight=False, markup=False)


def _summary(console: Console, manifest: Manifest, out: Path) -> None:
    counts = manifest.counts
    bands = ", ".join(f"{count} {band}" for band, count in counts.by_band.items()) or "none"
    student = "the simulated student" if manifest.student == "simulated" else manifest.student
    console.print(
        f"Kept {counts.accepted} of {counts.proposed} proposed problems ({counts.accepted_per_proposed:.0%}); "
        f"by pass rate of {student}: {bands}.\n"
        f"{counts.accepted_per_judged_program:.3f} kept per judged program, "
        f"{counts.executions_per_accepted:.0f} executions per kept problem, isolation {manifest.isolation}.\n"
        f"Data: {out / 'problems.parquet'}",
        soft_wrap=True,
        highlight=False,
    )
    if counts.unreadable > MUCH_UNREADABLE:
        none, cut = (counts.attempts.get(name, 0) for name in (NO_ANSWER, TRUNCATED))
        console.print(
            f"{counts.unreadable:.0%} of the student's attempts have no readable answer ({none}) or were cut off "
            f"({cut}). They move no difficulty. Look at the student's max_tokens and at its replies: "
            "stepsmith rehearse shows one of each kind.",
            soft_wrap=True,
            highlight=False,
        )
    if manifest.spend:
        console.print(_spending(manifest.spend, counts.accepted), soft_wrap=True, highlight=False)
    if not counts.accepted:
        reasons = ", ".join(f"{count} {reason}" for reason, count in counts.rejected.items())
        console.print(
            f"No problem was kept ({reasons}). {out / 'rejected.parquet'} holds the proposals and why each was "
            "rejected. More --chains or --turns give more chances.",
            soft_wrap=True,
            highlight=False,
        )


def _spending(spend: Spending, kept: int) -> str:
    """Return a text on what the models produced and what this run paid; in USD, too, if prices are known."""

    def amount(tokens: float, usd: float, digits: int = 4) -> str:
        return f"{short_count(tokens)} tokens" + (f", ${usd:.{digits}f}" if spend.usd or spend.paid_usd else "")

    parts = [amount(spend.tokens, spend.usd)]
    if kept:
        parts.append(f"per kept problem {amount(spend.tokens_per_accepted, spend.usd_per_accepted, 5)}")
    lost = f" ({amount(spend.unsure_tokens, spend.unsure_usd)} of it for lost answers)"
    paid = amount(spend.paid_tokens, spend.paid_usd) + lost * bool(spend.unsure_tokens)
    return f"Models: {'; '.join(parts)}. This run paid for {paid}."
