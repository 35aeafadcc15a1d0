"""``stepsmith verify``: labels, a golden solution and honest confidence for anybody's problems."""

import os
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from stepsmith.core.errors import CaseError, ConfigError, MachineError
from stepsmith.judge.local import LocalJudge
from stepsmith.verify.formats.adapters import Format, read_problems
from stepsmith.verify.report import ProblemReport
from stepsmith.verify.stream import already_done, verify_all, write_outcomes
from stepsmith.verify.verifier import Method, VerifyOptions


def verify(
    problems: Annotated[
        Path,
        typer.Argument(
            metavar="IN", help="JSON Lines file of problems, a data set of ours, a Kattis package or a folder of them."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Outcomes, one JSON line per problem; continued if it exists.")],
    method: Annotated[Method, typer.Option(help="How labels and golden are settled.")] = "consensus",
    candidates: Annotated[int | None, typer.Option(min=1, help="Use only the first N candidates.")] = None,
    target_error: Annotated[
        float, typer.Option(min=0.0, max=0.5, help="Wanted share of wrong goldens among accepted problems.")
    ] = 0.02,
    seed: Annotated[int, typer.Option(help="Of the paper's hold-out and of the mutants.")] = 0,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Problems under way at once. Default: one per core.")
    ] = None,
    format: Annotated[Format, typer.Option(help="Of IN.")] = "auto",
    strength: Annotated[bool, typer.Option(help="Measure the test suite of accepted problems.")] = True,
    allow_unsafe: Annotated[
        bool, typer.Option("--allow-unsafe", help="Run untrusted code even below isolation level L1.")
    ] = False,
) -> None:
    """Settle the labels of problems from their candidate solutions, pick a golden one, and audit published outputs."""
    if not problems.exists():
        raise CaseError(f"{problems} does not exist")
    if out.is_dir() or (out.parent != Path() and not out.parent.is_dir()):
        raise ConfigError(f"--out {out}: not a file in an existing folder")
    options = VerifyOptions(
        method=method, candidates=candidates, target_error=target_error, seed=seed, strength=strength
    )
    done = already_done(out, read_problems(problems, format), options)
    total = sum(1 for _ in read_problems(problems, format))  # also finds a malformed line before anything runs
    console = Console(stderr=True)
    counts = Counter(stub.status for stub in done)
    if done:
        _say(console, f"{len(done)} of {total} problems were done before")
    rest = read_problems(problems, format)
    for _ in done:
        next(rest)
    outcomes = verify_all(rest, lambda: _judge(allow_unsafe), options, workers or os.cpu_count() or 1)
    executions = 0
    try:
        with _progress(console) as progress:
            task = progress.add_task("", total=total, completed=len(done), text="")

            def seen(outcome: ProblemReport) -> None:
                nonlocal executions
                counts[outcome.status] += 1
                executions += outcome.executions
                progress.update(task, advance=1, text=f"accepted {counts['accepted']}")

            write_outcomes(outcomes, out, seen)
    except KeyboardInterrupt:
        _say(console, f"\nStopped. What is finished is in {out}; the same command continues: {' '.join(sys.argv)}")
        raise typer.Exit(130) from None
    finally:
        outcomes.close()
    new = counts["accepted"] - sum(stub.status == "accepted" for stub in done)
    spent = f"{executions} executions" + (f", {executions / new:.0f} per accepted problem" if new else "")
    _say(console, f"{counts['accepted']} accepted, {counts['rejected']} rejected; {spent}; outcomes in {out}")


def _progress(console: Console) -> Progress:
    """A live display on a terminal, nothing elsewhere."""
    return Progress(
        TextColumn("verifying"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("eta"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[text]}"),
        console=console,
        disable=not console.is_terminal,
    )


def _judge(allow_unsafe: bool) -> LocalJudge:
    """A judge at the best level there is; L0 only when allowed."""
    try:
        return LocalJudge()
    except MachineError:
        if not allow_unsafe:
            raise
        return LocalJudge("L0", allow_unsafe=True)


def _say(console: Console, line: str) -> None:
    console.print(line, soft_wrap=True, highlight=False, markup=False)
