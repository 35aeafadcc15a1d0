"""``stepsmith synth``: the main job."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from stepsmith.cli.forecast import print_forecast
from stepsmith.cli.progress import progress_display, short_count
from stepsmith.cli.report import try_report
from stepsmith.cli.resuming import resumable
from stepsmith.pipeline.config import load_config, with_changes
from stepsmith.pipeline.forecast import forecast
from stepsmith.pipeline.synthesis import synthesize
from stepsmith.store.manifest import Manifest, Spending
from stepsmith.store.runfolder import WORK


def synth(
    config: Annotated[Path | None, typer.Argument(help="TOML configuration; flags override it.")] = None,
    seeds: Annotated[
        list[str] | None,
        typer.Option(
            help="Python file or folder, or JSONL with a `code` field; repeatable. Default: standard library."
        ),
    ] = None,
    chains: Annotated[int | None, typer.Option(help="Number of chains, one seed each.")] = None,
    turns: Annotated[int | None, typer.Option(help="Problems proposed per chain.")] = None,
    mode: Annotated[str | None, typer.Option(help="multi-turn, hard-first or single-turn.")] = None,
    profile: Annotated[str | None, typer.Option(help="micro or contest.")] = None,
    teacher: Annotated[
        str | None, typer.Option(help=r"Who proposes: offline, a \[models.NAME], or an address, URL or URL#MODEL.")
    ] = None,
    student: Annotated[
        str | None,
        typer.Option(help=r"Who attempts: simulated, the folder of a trained policy, a \[models.NAME] or an address."),
    ] = None,
    method: Annotated[
        str | None, typer.Option(help="How a model teaches: teacher-student (Deep Dive) or two-stage (X-Coder).")
    ] = None,
    solver: Annotated[
        list[str] | None, typer.Option(help="Model whose programs vote on outputs beside the teacher's; repeatable.")
    ] = None,
    strong_solver: Annotated[
        str | None, typer.Option(help="Model without a vote: problems that it never solves are dropped.")
    ] = None,
    attempts: Annotated[int | None, typer.Option(help="Attempts per problem that measure its pass rate.")] = None,
    seed: Annotated[int | None, typer.Option(help="Same seed and configuration, same bytes.")] = None,
    workers: Annotated[int | None, typer.Option(help="Worker processes. Default: one per core.")] = None,
    out: Annotated[Path, typer.Option(help="Output folder.")] = Path("runs/synth"),
    budget: Annotated[
        str | None, typer.Option(help='The most that models may cost: "5 USD" or "2M tokens"; resumptions included.')
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Grow a few chains, which the run then has for nothing; predict the rest.")
    ] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Continue an unfinished run in --out.")] = False,
    allow_unsafe: Annotated[
        bool, typer.Option("--allow-unsafe", help="Run untrusted code even below isolation level L1.")
    ] = False,
) -> None:
    """Turn real code into a verified, difficulty-graded problem set."""
    settings = with_changes(
        load_config(config),
        workers=workers,
        allow_unsafe=allow_unsafe or None,
        budget=budget,
        synth={
            "seeds": seeds,
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
    if dry_run:
        print_forecast(console, forecast(settings))
        return
    with resumable(console, out / WORK, f"Finished chains are safe in {out}"), progress_display(console) as observer:
        manifest = synthesize(settings, out, observer, resume=resume)
    _summary(console, manifest, out)
    try_report(console, out)


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
    if manifest.spend:
        console.print(_spending(manifest.spend, counts.accepted), soft_wrap=True, highlight=False)
    if not counts.accepted:
        reasons = ", ".join(f"{count} {reason}" for reason, count in counts.rejected.items())
        console.print(
            f"No problem was kept ({reasons}); what was proposed, and why it was not kept, is in "
            f"{out / 'rejected.parquet'}. More --chains or --turns give more chances.",
            soft_wrap=True,
            highlight=False,
        )


def _spending(spend: Spending, kept: int) -> str:
    """What models were asked for and what this run paid, in USD too where prices are known."""

    def amount(tokens: float, usd: float, digits: int = 4) -> str:
        return f"{short_count(tokens)} tokens" + (f", ${usd:.{digits}f}" if spend.usd or spend.paid_usd else "")

    parts = [amount(spend.tokens, spend.usd)]
    if kept:
        parts.append(f"per kept problem {amount(spend.tokens_per_accepted, spend.usd_per_accepted, 5)}")
    lost = f" ({amount(spend.unsure_tokens, spend.unsure_usd)} of it for answers that got lost)"
    paid = amount(spend.paid_tokens, spend.paid_usd) + lost * bool(spend.unsure_tokens)
    return f"Models: {'; '.join(parts)}. This run paid for {paid}."
