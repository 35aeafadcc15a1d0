"""``stepsmith audit reward``: find what a reward pays that it should not, and what it does not pay."""

import json
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from stepsmith.audit.findings import SubjectReport
from stepsmith.audit.kinds import SEVERITIES
from stepsmith.audit.rewards.auditing import RewardProblems, audit_reward
from stepsmith.audit.rewards.subject import RewardOptions
from stepsmith.audit.rewards.target import Interface, Protocol, RewardTarget, reward_target
from stepsmith.core.errors import ConfigError
from stepsmith.judge.protocol import Judge
from stepsmith.store.progress import ProgressFile
from stepsmith.verify.formats.reading import Format

Target = Annotated[
    str,
    typer.Argument(
        metavar="TARGET",
        help="module:function, file.py:function, the name of a package of verifiers, or the address of a judge.",
    ),
]
ProblemFiles = Annotated[
    list[Path] | None,
    typer.Option(
        help="Problems with right programs, and the columns that the reward needs. Several are read together."
    ),
]
InterfaceOption = Annotated[Interface, typer.Option(help="How the target is called. auto: by its parameters.")]
ProtocolOption = Annotated[Protocol | None, typer.Option(help="What a judge speaks.")]
Python = Annotated[Path | None, typer.Option(help="Interpreter that has the target's packages. Default: this one.")]
Arguments = Annotated[
    list[str] | None, typer.Option("--arg", metavar="NAME=VALUE", help="Keyword argument of every call; JSON or text.")
]
Range = Annotated[
    tuple[float, float] | None,
    typer.Option("--range", metavar="LOW HIGH", help="The rewards that the target may give. Others are findings."),
]
Timeout = Annotated[float, typer.Option(min=1.0, help="Seconds for one call of the reward.")]


def run_reward_audit(
    target: RewardTarget,
    problems: list[Path] | None,
    format_: Format,
    judge: Judge,
    range_: tuple[float, float] | None,
    console: Console,
    watched: ProgressFile,
) -> SubjectReport:
    """Audit a reward, and say on a terminal and in ``watched`` which check is made."""
    low, high = range_ or (None, None)
    if low is not None and high is not None and low >= high:
        raise ConfigError(f"--range {low:g} {high:g}: the first number must be smaller than the second")
    options = RewardOptions(low=low, high=high)
    begun = 0
    watched.update(note="loading the reward")
    with console.status("loading the reward") as status:

        def seen(check: str) -> None:
            nonlocal begun
            status.update(f"checking {check}")
            watched.update(done=begun, note=f"checking {check}")
            begun += 1

        report = audit_reward(target, RewardProblems(tuple(problems or ()), format_), judge, options, seen)
    watched.update(done=begun, of=begun, note="")
    return report


def target_of(
    text: str,
    interface: Interface,
    protocol: Protocol | None,
    python: Path | None,
    arguments: list[str] | None,
    timeout_s: float,
) -> RewardTarget:
    """Return the target that the options describe."""
    given: dict[str, Any] = {}
    for one in arguments or ():
        name, found, value = one.partition("=")
        if not found or not name.isidentifier():
            raise ConfigError(f"--arg {one} must be NAME=VALUE")
        try:
            given[name] = json.loads(value)
        except ValueError:
            given[name] = value
    return reward_target(
        text, interface=interface, protocol=protocol, python=python, arguments=given, timeout_s=timeout_s
    )


def reward_table(console: Console, report: SubjectReport) -> None:
    """Print the findings of a reward, the gravest first, and what was not checked."""
    table = Table(title=f"{report.subject}: {int(report.facts['calls'])} calls", title_justify="left")
    for name in ("finding", "severity", "what"):
        table.add_column(name, overflow="fold")
    order = sorted(report.findings, key=lambda f: (bool(f.ambiguous), SEVERITIES.index(f.severity)))
    for finding in order:
        severity = f"{finding.severity}, ambiguous" if finding.ambiguous else finding.severity
        table.add_row(f"{finding.kind}\n{finding.id}", severity, finding.message)
    console.print(table)
    for lacking in report.not_checked:
        console.print(f"not checked: {lacking.check}: {lacking.reason}", soft_wrap=True, highlight=False, markup=False)
    count = Counter(finding.severity for finding in report.findings if not finding.ambiguous)
    said = ", ".join(f"{count[severity]} {severity}" for severity in SEVERITIES if count[severity]) or "no findings"
    ambiguous = sum(bool(finding.ambiguous) for finding in report.findings)
    console.print(f"{said}; {ambiguous} ambiguous", highlight=False)
