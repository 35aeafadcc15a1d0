"""Replay a finding: run its steps in the sandbox and say of each whether it shows what it says."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from stepsmith.audit.acceptance import first_failed
from stepsmith.audit.document import read_audit
from stepsmith.audit.findings import Finding
from stepsmith.audit.rewards.caller import replay_steps
from stepsmith.audit.rewards.trials import RewardReplay
from stepsmith.audit.steps import (
    Allowed,
    Contains,
    Differs,
    Disagree,
    Ends,
    Fails,
    Gives,
    Passes,
    ProgramReplay,
    Refused,
    ReplayStep,
    Slow,
    Varies,
)
from stepsmith.core.errors import CaseError, SandboxError
from stepsmith.core.files import check_not_a_pipe
from stepsmith.core.records import Execution, Verdict
from stepsmith.judge.program import RunningJudge
from stepsmith.verify.matrix import ExecutionMatrix
from stepsmith.verify.validation import validate


class Shown(NamedTuple):
    """One step of a replay: what it says, whether that holds, and what was seen."""

    says: str
    holds: bool
    seen: str


def find_finding(place: str) -> Finding:
    """Return the finding at ``FILE#ID``, or the one that a file holds alone.

    FILE is an ``audit.json``, its folder, a ``findings.jsonl``, or a file with one finding. ID may be shortened.
    Raises ``CaseError`` for a file or id that does not exist, and where the id is missing and there are several.
    """
    text, _, wanted = place.partition("#")
    path = Path(text)
    if not path.exists():
        raise CaseError(f"{path} does not exist; give FILE#ID, the file of an audit and the id of a finding")
    findings = _findings(path)
    found = [f for f in findings if f.id.startswith(wanted)]
    if len({f.id for f in found}) == 1:
        return found[0]
    if wanted and not found:
        raise CaseError(f"{path} has no finding {wanted}; it has {', '.join(f.id for f in findings[:5]) or 'none'}")
    raise CaseError(f"{path} has {len(found)} findings; name one as {text}#{found[0].id if found else 'ID'}")


def _findings(path: Path) -> tuple[Finding, ...]:
    if path.is_file():
        check_not_a_pipe(path)
        try:
            return (msgspec.json.decode(path.read_bytes(), type=Finding),)
        except msgspec.DecodeError:
            pass  # not a finding alone
    return read_audit(path).findings


def replay_finding(finding: Finding, judge: RunningJudge) -> Iterator[Shown]:
    """Yield the steps of a replay as they are made. Raises ``CaseError`` for a finding that has no replay."""
    if finding.replay is None:
        raise CaseError(f"finding {finding.id} has no replay")
    if isinstance(finding.replay, RewardReplay):
        yield from (Shown(*step) for step in replay_steps(finding.replay))
    else:
        yield from _replay_programs(finding.replay, judge)


def _replay_programs(replay: ProgramReplay, judge: RunningJudge) -> Iterator[Shown]:
    for step in replay.steps:
        holds, seen = _hold(step, judge)
        yield Shown(step.says, holds, seen)


def _hold(step: ReplayStep, judge: RunningJudge) -> tuple[bool, str]:
    """Make one step. Raises ``SandboxError`` if our own machinery fails."""
    match step:
        case Passes() | Fails():
            failed = first_failed(judge, step.suite, step.program)
            what = "it passes every test" if failed is None else f"it fails test {failed}"
            return (failed is None) is isinstance(step, Passes), what
        case Gives() | Differs():
            run = _run(judge, step)
            same = run.verdict is Verdict.AC and (
                run.output == step.output or judge.agree(step.contract, step.input, step.output, run.output)
            )
            return same is isinstance(step, Gives), _seen(run)
        case Ends():
            run = _run(judge, step)
            return run.verdict is step.verdict, _seen(run)
        case Slow():
            run = _run(judge, step)
            used = run.cpu_s / step.contract.limits.time_s
            return run.verdict is Verdict.TLE or used > step.share, f"{used:.0%} of the time limit"
        case Varies():
            return _varies(step, judge)
        case Disagree():
            same = judge.agree(step.contract, step.input, step.first, step.second) or judge.agree(
                step.contract, step.input, step.second, step.first
            )
            return not same, "the checker accepts one for the other" if same else "the checker accepts neither"
        case Refused():
            validation = validate(judge, [step.validator], step.interface, [step.input])
            return validation.valid == (False,), validation.failure or f"valid: {validation.valid[0]}"
        case Allowed():
            validation = validate(judge, step.validators, step.interface, [step.input])
            return validation.valid == (True,), validation.failure or f"valid: {validation.valid[0]}"
        case Contains():
            return _squeezed(step.passage) in _squeezed(step.text), "the passage is searched in the text"


def _run(judge: RunningJudge, step: Gives | Differs | Ends | Slow) -> Execution:
    (run,) = judge.execute(step.program, step.contract, [step.input])
    if run.verdict is Verdict.IE:
        raise SandboxError(run.message)
    return run


def _varies(step: Varies, judge: RunningJudge) -> tuple[bool, str]:
    """Run the program again until it differs from its first run."""
    matrix = ExecutionMatrix(judge, step.contract, [step.program], [step.input])
    first = matrix.at(0, 0)
    for k in range(1, step.runs):
        if matrix.rerun(0):
            return True, f"run {k + 1} differs from {_seen(first)}"
    return False, f"{step.runs} runs agree: {_seen(first)}"


def _seen(run: Execution) -> str:
    return f"it gives {_short(run.output)}" if run.verdict is Verdict.AC else f"it ends in {run.verdict}: {run.message}"


def _short(text: str, width: int = 200) -> str:
    line = text.rstrip("\n")
    return line if len(line) <= width else line[: width - 1] + "…"


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text).replace('"', "'")
