"""One reward through all checks."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from stepsmith.audit.auditing import run_checks
from stepsmith.audit.findings import NotChecked, SubjectReport
from stepsmith.audit.rewards.caller import RewardCaller
from stepsmith.audit.rewards.checks import REWARD_CHECKS, SCALE
from stepsmith.audit.rewards.problems import choose_specimens
from stepsmith.audit.rewards.specimens import Specimen, built_in, confirmed
from stepsmith.audit.rewards.subject import RewardOptions, open_subject
from stepsmith.audit.rewards.target import RewardTarget
from stepsmith.core.ids import content_id
from stepsmith.judge.protocol import Judge
from stepsmith.verify.formats.reading import Format


class RewardProblems(NamedTuple):
    """The problems that the reward is tried on: files that are read together; none for our own problems alone."""

    sources: tuple[Path, ...] = ()
    format: Format = "auto"


def audit_reward(
    target: RewardTarget,
    problems: RewardProblems,
    judge: Judge,
    options: RewardOptions,
    seen: Callable[[str], None] = lambda _: None,
) -> SubjectReport:
    """Audit one reward. ``seen`` is told the name of each check before it is made.

    Raises ``ConfigError`` for a reward that cannot be loaded or called, ``CaseError`` for problems that cannot be used.
    """
    own: Sequence[Specimen] = ()
    left_out: tuple[str, ...] = ()
    if problems.sources:
        own, left_out = choose_specimens(problems.sources, problems.format, judge)
    with RewardCaller(target) as caller:
        subject = open_subject(caller, own, list(confirmed(built_in(), judge)), options)
        checks = REWARD_CHECKS if subject.scaled else (SCALE,)
        findings, made, lacking = run_checks(subject, checks, seen)
        lacking += tuple(
            NotChecked(check=check.name, reason="right and wrong answers earn the same")
            for check in REWARD_CHECKS
            if check not in checks
        )
        lacking += tuple(NotChecked(check="problems", reason=reason) for reason in left_out[:5])
        lacking += tuple(NotChecked(check="problems", reason=note) for note in subject.notes)
        return SubjectReport(
            subject=subject.id,
            digest=content_id("audit", target, [str(path) for path in problems.sources], options),
            checked=made,
            not_checked=lacking,
            findings=tuple({(f.kind, f.message): f for f in reversed(findings)}.values())[::-1],
            facts={"specimens": len(subject.scaled), "calls": caller.calls},
        )
