"""``stepsmith rate``: measure the difficulty of finished problems again, by one student or several."""

from collections import Counter
from collections.abc import Collection, Sequence
from itertools import combinations
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from stepsmith.cli.executor import Executor, Servers
from stepsmith.cli.progress import bar_columns
from stepsmith.cli.resuming import resumable
from stepsmith.cluster.fleet.shared import split_urls
from stepsmith.core.records import BANDS, NO_ANSWER, TRUNCATED, UNDECIDED
from stepsmith.core.stats import paired
from stepsmith.pipeline.config import load_config, with_changes
from stepsmith.pipeline.rerating import LOG, rate_problems
from stepsmith.store.problem_sets import load_problems
from stepsmith.store.ratings import RATINGS, StudentRating

SHOWN = (*BANDS, UNDECIDED)


def rate(
    problems: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", help="Folder of a finished `stepsmith synth`, or a Parquet file or folder of problems."
        ),
    ],
    student: Annotated[
        list[str],
        typer.Option(
            help=r"Who attempts the problems: simulated, the folder of a trained policy, the NAME of a \[models.NAME] "
            "table, or an address: URL, URL#MODEL. Can be given several times; the first one's pass rates go into the "
            "new data set."
        ),
    ],
    config: Annotated[
        Path | None,
        typer.Option(help=r"TOML configuration, for its tables \[models.NAME], \[rating], \[judge] and \[runtime]."),
    ] = None,
    attempts: Annotated[
        int | None,
        typer.Option(min=1, help="Most attempts per problem. Fewer are made if the band is clear before."),
    ] = None,
    confidence: Annotated[
        float | None, typer.Option(help="Probability that a band must have to be stated, above 0.5 and below 1.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Number that decides all random choices.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Number of judges. Default: one per core.")] = None,
    executor: Executor = None,
    judge: Servers = None,
    budget: Annotated[
        str | None, typer.Option(help='The most that models may cost, over all resumptions: "5 USD" or "2M tokens".')
    ] = None,
    out: Annotated[Path, typer.Option(help="Output folder.")] = Path("runs/rated"),
    resume: Annotated[bool, typer.Option("--resume", help="Continue the unfinished run in --out.")] = False,
    allow_unsafe: Annotated[
        bool, typer.Option("--allow-unsafe", help="Run untrusted programs even if they cannot be confined here (L0).")
    ] = False,
) -> None:
    """Measure the difficulty of problems again, with one or several students. The problems do not change.

    Writes OUT/problems.parquet, the same problems with the first student's pass rates, and OUT/ratings.parquet, which
    has a row for each problem and student.
    """
    settings = with_changes(
        load_config(config),
        workers=workers,
        allow_unsafe=allow_unsafe or None,
        budget=budget,
        executor=executor,
        judges=split_urls(judge),
        synth={"attempts": attempts, "seed": seed},
        rating={"confidence": confidence},
    )
    found = load_problems(problems)
    console = Console()
    with (
        resumable(console, out / LOG, f"Finished ratings are safe in {out}"),
        Progress(*bar_columns(), console=console, disable=not console.is_terminal) as progress,
    ):
        task = progress.add_task("rating", total=len(found) * len(student), text="")

        def rated(one: StudentRating) -> None:
            progress.update(task, advance=1, text=f"{one.student}: {one.rate.claimed_band}")

        origin = problems if problems.is_dir() else problems.parent
        ratings = rate_problems(found, student, settings, out, rated, origin=origin, resume=resume)
    _summary(console, ratings)
    console.print(f"Data: {out / 'problems.parquet'}; ratings: {out / RATINGS}", soft_wrap=True, highlight=False)


def _summary(console: Console, ratings: Sequence[StudentRating]) -> None:
    """Print a row for each student, and how far each two of them are apart on the problems that both attempted."""
    by_student: dict[str, dict[str, StudentRating]] = {}
    for rating in ratings:
        by_student.setdefault(rating.student, {})[rating.problem_id] = rating
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("")
    columns = [_column(found.values()) for found in by_student.values()]
    for student in by_student:
        table.add_column(student, justify="right", overflow="fold")
    for name in columns[0]:
        table.add_row(name, *(column[name] for column in columns))
    console.print(table)
    for (first, of_first), (second, of_second) in combinations(by_student.items(), 2):
        both = [id for id, rating in of_first.items() if rating.rate.attempts and of_second[id].rate.attempts]
        if both:
            apart = paired([of_first[id].rate.rate for id in both], [of_second[id].rate.rate for id in both])
            interval = f" (95%: {apart.interval[0]:+.3f} to {apart.interval[1]:+.3f})" if apart.interval else ""
            console.print(
                f"{first} against {second}: {apart.mean:+.3f}{interval} in pass rate over {len(both)} problems",
                soft_wrap=True,
                highlight=False,
            )


def _column(ratings: Collection[StudentRating]) -> dict[str, str]:
    """Return what one student made of the problems, by the name of the row."""
    bands = Counter(rating.rate.claimed_band for rating in ratings)
    rates = [rating.rate.rate for rating in ratings if rating.rate.attempts]
    attempts = sum(sum(rating.verdicts.values()) for rating in ratings)
    unreadable = sum(rating.verdicts.get(name, 0) for rating in ratings for name in (NO_ANSWER, TRUNCATED))
    return {
        "mean pass rate": f"{sum(rates) / len(rates):.3f}" if rates else "none",
        **{band: str(bands[band]) for band in SHOWN},
        "attempts per problem": f"{attempts / len(ratings):.1f}",
        "unreadable or cut off": f"{unreadable / max(1, attempts):.0%}",
    }
