"""A reward of a file under some checks, on short versions of our own problems."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from stepsmith.audit.auditing import run_checks
from stepsmith.audit.findings import Finding, NotChecked
from stepsmith.audit.rewards.caller import RewardCaller
from stepsmith.audit.rewards.checks import REWARD_CHECKS
from stepsmith.audit.rewards.specimens import Specimen, built_in
from stepsmith.audit.rewards.subject import RewardOptions, open_subject
from stepsmith.audit.rewards.target import reward_target

FOLDER = Path(__file__).parent
TESTS = 6  # two samples and four hidden ones


def short_specimens(interface: str = "", **changes: object) -> list[Specimen]:
    """Our own problems with a few tests; of one interface, if one is named."""
    return [
        msgspec.structs.replace(one, tests=one.tests[:TESTS], **changes)
        for one in built_in()
        if interface in ("", one.interface)
    ]


def checked(
    reference: str,
    checks: Sequence[str] = (),
    specimens: Sequence[Specimen] | None = None,
    options: RewardOptions | None = None,
    **target: object,
) -> tuple[tuple[Finding, ...], tuple[NotChecked, ...]]:
    """The findings of some checks (all without names), and what was not checked."""
    chosen = [check for check in REWARD_CHECKS if not checks or check.name in checks]
    assert chosen
    with RewardCaller(reward_target(reference, **target)) as caller:  # type: ignore[arg-type]
        own = short_specimens() if specimens is None else specimens
        subject = open_subject(caller, [], own, options or RewardOptions())
        findings, _, lacking = run_checks(subject, chosen)
    return findings, lacking
