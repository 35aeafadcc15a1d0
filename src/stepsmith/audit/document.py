"""The files of an audit: ``findings.jsonl`` while it runs, ``audit.json`` at its end, and the readers of both."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from stepsmith.audit.checks import KINDS_OF_CHECK
from stepsmith.audit.findings import SCHEMA, SCHEMA_VERSION, AuditDocument, KindCount, SubjectReport
from stepsmith.audit.kinds import KINDS
from stepsmith.audit.rewards.checks import REWARD_CHECKS
from stepsmith.core.errors import CaseError
from stepsmith.core.stats import wilson_interval

AUDIT, FINDINGS = "audit.json", "findings.jsonl"


class _Head(msgspec.Struct):
    """What says which file this is."""

    schema: str = ""
    version: int = 0


def read_audit(path: Path) -> AuditDocument:
    """Read an audit: its folder, its ``audit.json``, or its ``findings.jsonl`` (then without the head).

    Raises ``CaseError`` for a file that is none, and for one of another version.
    """
    file = path
    if path.is_dir():
        file = path / AUDIT if (path / AUDIT).is_file() else path / FINDINGS
    try:
        data = file.read_bytes()
    except OSError as error:
        raise CaseError(f"cannot read {file}: {error.strerror}") from None
    if file.suffix == ".jsonl":
        return _from_lines(file, data)
    try:
        head = msgspec.json.decode(data, type=_Head)
        if head.schema != SCHEMA:
            raise CaseError(f"{file} is not the audit.json of `stepsmith audit`")
        if head.version != SCHEMA_VERSION:
            raise CaseError(f"{file} has version {head.version}; this Stepsmith reads version {SCHEMA_VERSION}")
        return msgspec.json.decode(data, type=AuditDocument)
    except msgspec.DecodeError as error:
        raise CaseError(f"{file} is not the audit.json of `stepsmith audit`: {error}") from None


def _from_lines(file: Path, data: bytes) -> AuditDocument:
    decoder = msgspec.json.Decoder(SubjectReport)
    subjects = []
    for number, line in enumerate(data.splitlines(keepends=True), 1):
        if not line.endswith(b"\n"):
            break  # torn by a stop
        try:
            subjects.append(decoder.decode(line))
        except msgspec.DecodeError as error:
            raise CaseError(f"{file}, line {number}: not a report of `stepsmith audit`: {error}") from None
    return AuditDocument(
        tool="",
        source="",
        format="",
        options={},
        isolation="",
        complete=False,
        counts=counted(subjects),
        subjects=tuple(subjects),
    )


def counted(subjects: Sequence[SubjectReport]) -> tuple[KindCount, ...]:
    """Return how often each kind occurs, for the kinds whose check was made at all, in the order of the table.

    The interval is for the share of subjects with a finding that is not ambiguous, among those that were checked.
    """
    checked: Counter[str] = Counter()
    found: Counter[str] = Counter()
    holders: Counter[str] = Counter()
    ambiguous: Counter[str] = Counter()
    for subject in subjects:
        checked.update({kind for check in subject.checked for kind in _kinds_of(check)})
        found.update(f.kind for f in subject.findings if not f.ambiguous)
        holders.update({f.kind for f in subject.findings if not f.ambiguous})
        ambiguous.update(f.kind for f in subject.findings if f.ambiguous)
    counts = []
    for kind in KINDS:
        total = max(checked[kind], holders[kind])
        if not total:
            continue
        low, high = wilson_interval(holders[kind], total)
        counts.append(
            KindCount(
                kind=kind,
                findings=found[kind],
                subjects=holders[kind],
                checked=total,
                low=round(low, 4),
                high=round(high, 4),
                ambiguous=ambiguous[kind],
            )
        )
    return tuple(counts)


def _kinds_of(check: str) -> tuple[str, ...]:
    """Return the kinds that a check finds, of problems or of rewards."""
    return KINDS_OF_CHECK.get(check) or next((one.kinds for one in REWARD_CHECKS if one.name == check), ())


def json_schema() -> bytes:
    """Return the JSON Schema of ``audit.json``."""
    return msgspec.json.format(msgspec.json.encode(msgspec.json.schema(AuditDocument)), indent=2)
