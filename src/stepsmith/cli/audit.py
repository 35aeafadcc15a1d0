"""``stepsmith audit``: find what is wrong with problems, tests and rewards, and replay a finding."""

import shlex
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress
from typer.core import TyperGroup

from stepsmith import __version__
from stepsmith.audit.document import AUDIT, FINDINGS, counted, json_schema
from stepsmith.audit.findings import AuditDocument, SubjectReport
from stepsmith.audit.kinds import KINDS, SEVERITIES, Severity, at_least
from stepsmith.audit.replay import find_finding, replay_finding
from stepsmith.audit.sources import Problems
from stepsmith.audit.stream import already_done, audit_all, write_reports
from stepsmith.audit.subject import AuditOptions
from stepsmith.audit.writing import CORRECTED, write_document, write_patch
from stepsmith.cli.audit_reward import (
    Arguments,
    InterfaceOption,
    ProblemFiles,
    ProtocolOption,
    Python,
    Range,
    Target,
    Timeout,
    reward_table,
    run_reward_audit,
    target_of,
)
from stepsmith.cli.executor import Executor, Servers
from stepsmith.cli.progress import bar_columns
from stepsmith.cli.terminal import EXIT_INTERRUPTED
from stepsmith.cluster.connection import LOCAL
from stepsmith.cluster.fleet.shared import split_urls
from stepsmith.cluster.opening import open_executor
from stepsmith.core.errors import CaseError, ConfigError, MachineError
from stepsmith.evaluate.samples import samples_of_any
from stepsmith.judge.local import LocalJudge
from stepsmith.store.folder_lock import explained, used_alone
from stepsmith.store.progress import ProgressFile
from stepsmith.verify.formats.reading import Format, ProblemSource

REASONS = 12  # lines on what was not checked
EXIT_FOUND = 1  # what --fail-on and a replay that does not reproduce return


class _SourceFirst(TyperGroup):
    """A group whose first word may be a source: `stepsmith audit FILE` means `stepsmith audit run FILE`."""

    def parse_args(self, ctx: object, args: list[str]) -> list[str]:
        """Put the command `run` before what is not a command."""
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h"):
            args = ["run", *args]
        return super().parse_args(ctx, args)  # type: ignore[arg-type]


audit_app = typer.Typer(
    cls=_SourceFirst,
    help="Find what is wrong with problems, tests and rewards, with proof. `stepsmith audit SOURCE` audits problems.",
    no_args_is_help=True,
)


@audit_app.command("run", hidden=True)
def audit(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE",
            help="Problems: JSON Lines or Parquet, HumanEval(+), MBPP(+), a Stepsmith data set, Kattis packages.",
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder for the audit. An unfinished audit in it is continued.")] = Path(
        "audit"
    ),
    format: Annotated[
        Format, typer.Option(help="Format of the problems. auto: detect it from the keys of each row.")
    ] = "auto",
    mutants: Annotated[int, typer.Option(min=0, help="Wrong programs made from each reference.")] = 24,
    inputs: Annotated[int, typer.Option(min=0, help="Inputs tried to tell a program from the reference.")] = 300,
    candidates: Annotated[int, typer.Option(min=0, help="Programs of the source used for each problem.")] = 50,
    tests: Annotated[
        int, typer.Option(min=0, help="Tests added for diversity to each problem's corrected row, at most.")
    ] = 8,
    samples: Annotated[
        Path | None,
        typer.Option(
            help="Answers of a model as further programs: JSON Lines with task_id and solution, completion or reply."
        ),
    ] = None,
    target_error: Annotated[
        float, typer.Option(min=0.0, max=0.5, help="Share of wrong accusations of labels to aim at.")
    ] = 0.02,
    seed: Annotated[int, typer.Option(help="Seed of the random choices.")] = 0,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Number of problems audited at once. Default: one per core.")
    ] = None,
    executor: Executor = None,
    judge: Servers = None,
    testlib: Annotated[
        Path | None, typer.Option(help="A copy of testlib.h, for problems whose checker includes it.")
    ] = None,
    fail_on: Annotated[
        Severity | None, typer.Option(help="Exit with code 1 if there is a finding of this severity or a graver one.")
    ] = None,
    allow_unsafe: Annotated[
        bool,
        typer.Option("--allow-unsafe", help="Run untrusted programs even if they cannot be confined here (L0)."),
    ] = False,
) -> None:
    """Audit a source of problems: write OUT/audit.json, and print a table of what was found."""
    if not source.exists():
        raise CaseError(f"{source} does not exist")
    if out.exists() and not out.is_dir():
        raise ConfigError(f"--out {out} is a file; give a folder")
    if samples is not None and not samples.is_file():
        raise CaseError(f"--samples {samples} is no file")
    options = AuditOptions(
        mutants=mutants, inputs=inputs, candidates=candidates, tests=tests, target_error=target_error, seed=seed
    )
    problems = Problems(ProblemSource(source, format, testlib), samples_of_any(samples) if samples else None)
    total = problems.count()
    if samples is not None and total is not None and not any(problems.matched for _ in problems.items()):
        raise _no_samples(samples, source)
    items = problems.items()
    console = Console(stderr=True)
    with explained(out):
        out.mkdir(parents=True, exist_ok=True)
    with used_alone(out):
        lines = out / FINDINGS
        done = already_done(lines, items, options)
        if done:
            _say(console, f"{len(done)} of {'the' if total is None else total} problems were done before")
        try:
            with (
                _progress(console, total, len(done)) as progress,
                ProgressFile(out, "audit", "problems", total, len(done)) as watched,
                open_executor(
                    executor or LOCAL, workers, allow_unsafe=allow_unsafe, servers=split_urls(judge)
                ) as places,
                closing(audit_all(items, places, options)) as reports,
            ):

                def seen(report: SubjectReport) -> None:
                    done.append(report)
                    watched.advance(figures={"findings": {"": float(sum(len(r.findings) for r in done))}})
                    progress.update(
                        progress.task_ids[0], advance=1, text=f"findings {sum(len(r.findings) for r in done)}"
                    )

                write_reports(reports, lines, seen)
        except KeyboardInterrupt:
            again = "" if total is None else f"; the same command continues: {shlex.join(sys.argv)}"
            _say(console, f"\nStopped. What was found so far is in {lines}{again}")
            raise typer.Exit(EXIT_INTERRUPTED) from None
    if samples is not None and not problems.matched:
        raise _no_samples(samples, source)
    unread = [report for report in done if report.unread]
    if len(unread) == len(done):
        first = unread[0].not_checked[0].reason if unread else "it is empty"
        raise CaseError(f"{source}: none of {len(done)} problems could be read. The first: {first}")
    document = AuditDocument(
        tool=f"stepsmith {__version__}",
        source=str(source),
        format=problems.format,
        options=msgspec.to_builtins(options),
        isolation=", ".join(sorted({report.isolation for report in done} - {""})),
        complete=True,
        counts=counted(done),
        subjects=tuple(done),
    )
    pageless = ""
    try:
        write_document(out, document)
    except MachineError as error:
        pageless = str(error)
    patch = write_patch(out, document, problems) if total is not None else None
    _table(document)
    if pageless:
        _say(console, f"No page: {pageless}")
    if patch is not None:
        corrected = sum(correction.applied for correction in patch.corrections)
        grown = sum(len(report.added) for report in done)
        _say(console, f"{grown} tests for diversity are added to {sum(bool(r.added) for r in done)} problems")
        _say(console, f"{corrected} problems are changed in {out / CORRECTED}; the source is unchanged")
    _say(console, f"The audit is in {out / AUDIT}; replay a finding: stepsmith audit replay {out}#ID")
    if fail_on is not None and any(at_least(f.severity, fail_on) for f in document.findings):
        raise typer.Exit(EXIT_FOUND)


@audit_app.command()
def replay(
    finding: Annotated[
        str, typer.Argument(metavar="FILE#ID", help="A finding of an audit.json, or a file with one finding.")
    ],
    allow_unsafe: Annotated[
        bool,
        typer.Option("--allow-unsafe", help="Run untrusted programs even if they cannot be confined here (L0)."),
    ] = False,
) -> None:
    """Replay a finding in the sandbox. Exit code 0: it is reproduced; 1: it is not."""
    found = find_finding(finding)
    console = Console()
    _say(console, f"{found.id} {found.kind} ({found.severity}) in {found.subject}: {found.message}")
    judge = _judge(allow_unsafe)
    try:
        steps = []
        for step in replay_finding(found, judge):
            steps.append(step)
            _say(console, f"  {'yes' if step.holds else 'NO '} {step.says}: {step.seen}")
    finally:
        judge.close()
    reproduced = bool(steps) and all(step.holds for step in steps)
    _say(console, "reproduced" if reproduced else "not reproduced")
    if not reproduced:
        raise typer.Exit(EXIT_FOUND)


@audit_app.command()
def reward(
    target: Target,
    problems: ProblemFiles = None,
    out: Annotated[Path, typer.Option(help="Folder for the audit.")] = Path("audit"),
    interface: InterfaceOption = "auto",
    protocol: ProtocolOption = None,
    python: Python = None,
    arg: Arguments = None,
    range: Range = None,
    timeout: Timeout = 30.0,
    format: Annotated[
        Format, typer.Option(help="Format of the problems. auto: detect it from the keys of each row.")
    ] = "auto",
    fail_on: Annotated[
        Severity | None, typer.Option(help="Exit with code 1 if there is a finding of this severity or a graver one.")
    ] = None,
    allow_unsafe: Annotated[
        bool,
        typer.Option("--allow-unsafe", help="Run our own check of the problems even if it cannot be confined (L0)."),
    ] = False,
) -> None:
    """Audit a reward: send it right, wrong and cheating answers, and look at what it pays."""
    if out.exists() and not out.is_dir():
        raise ConfigError(f"--out {out} is a file; give a folder")
    chosen = target_of(target, interface, protocol, python, arg, timeout)
    with explained(out):
        out.mkdir(parents=True, exist_ok=True)
    with closing(_judge(allow_unsafe)) as judge, ProgressFile(out, "audit", "checks", None) as watched:
        report = run_reward_audit(chosen, problems, format, judge, range, Console(stderr=True), watched)
    document = AuditDocument(
        tool=f"stepsmith {__version__}",
        source=chosen.reference,
        format="reward",
        options={"problems": ", ".join(map(str, problems or ())), "interface": interface, "protocol": protocol},
        isolation=judge.isolation,
        complete=True,
        counts=counted([report]),
        subjects=(report,),
    )
    pageless = ""
    try:
        write_document(out, document)
    except MachineError as error:
        pageless = str(error)
    reward_table(Console(), report)
    console = Console(stderr=True)
    if pageless:
        _say(console, f"No page: {pageless}")
    _say(console, f"The audit is in {out / AUDIT}; replay a finding: stepsmith audit replay {out}#ID")
    if fail_on is not None and any(at_least(f.severity, fail_on) for f in document.findings):
        raise typer.Exit(EXIT_FOUND)


@audit_app.command()
def schema() -> None:
    """Print the JSON Schema of audit.json."""
    print(json_schema().decode())


def _table(document: AuditDocument) -> None:
    """Print how many subjects have a finding of each kind, with 95% Wilson intervals, and what was not checked."""
    print(f"{document.source}: {len(document.subjects)} audited")
    print(
        f"{'finding':<58}{'severity':<9}{'with it':>8}{'checked':>9}{'share':>8}{'95% interval':>15}{'ambiguous':>11}"
    )
    for row in sorted(document.counts, key=lambda row: SEVERITIES.index(KINDS[row.kind].severity)):
        interval = f"{100 * row.low:.1f}-{100 * row.high:.1f}%"
        print(
            f"{KINDS[row.kind].title:<58}{KINDS[row.kind].severity:<9}{row.subjects:>8}{row.checked:>9}"
            f"{row.subjects / row.checked:>8.1%}{interval:>15}{row.ambiguous:>11}"
        )
    lacking = Counter((row.check, row.reason) for subject in document.subjects for row in subject.not_checked)
    for (check, reason), count in lacking.most_common(REASONS):
        print(f"not checked: {check} of {count}: {reason}")
    if len(lacking) > REASONS:
        print(f"not checked: {len(lacking) - REASONS} more reasons in {AUDIT}")


def _no_samples(samples: Path, source: Path) -> CaseError:
    return CaseError(f"--samples {samples}: none of its task ids is that of a problem in {source}")


@contextmanager
def _progress(console: Console, total: int | None, completed: int) -> Iterator[Progress]:
    """Yield a live display on a terminal, nothing elsewhere."""
    with Progress(*bar_columns(), console=console, disable=not console.is_terminal) as progress:
        progress.add_task("auditing", total=total, completed=completed, text="")
        yield progress


def _judge(allow_unsafe: bool) -> LocalJudge:
    """Return a judge at the best level of this machine; L0 only if allowed."""
    try:
        return LocalJudge()
    except MachineError:
        if not allow_unsafe:
            raise
        return LocalJudge("L0", allow_unsafe=True)


def _say(console: Console, line: str) -> None:
    console.print(line, soft_wrap=True, highlight=False, markup=False)
