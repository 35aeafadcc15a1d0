"""The records of an audit: a finding, where it is, what proves it, and what would mend it."""

from collections.abc import Mapping
from typing import Self

import msgspec

from stepsmith.audit.kinds import KINDS, Severity
from stepsmith.audit.rewards.trials import RewardReplay
from stepsmith.audit.steps import ProgramReplay
from stepsmith.core.ids import content_id
from stepsmith.core.records import Record

SCHEMA = "stepsmith.audit"
SCHEMA_VERSION = 1  # raised when a field changes its meaning or goes; new fields may come without

# What replays a finding. Another kind of replay is one more tagged record here, and a case in ``replay``.
Replay = ProgramReplay | RewardReplay


class NotCheckedError(Exception):
    """A check cannot be made on a subject; the message says what is missing."""


class Place(Record, frozen=True, kw_only=True):
    """Where a finding is: the source, the line of a row in a file of rows, and the part of the row."""

    source: str
    line: int | None = None  # from 1; None where the source has no lines (Parquet, folders, rewards)
    part: str = ""  # "tests[3].output", "statement", ...


class Relabel(Record, frozen=True, kw_only=True, tag="relabel"):
    """Replace the expected output of a test."""

    test: int
    output: str


class AddTest(Record, frozen=True, kw_only=True, tag="add-test"):
    """Add a test. ``why`` says what it reaches that the others do not, where it is for diversity."""

    input: str
    output: str
    why: str = ""


class DropTest(Record, frozen=True, kw_only=True, tag="drop-test"):
    """Remove a test."""

    test: int


class DropProblem(Record, frozen=True, kw_only=True, tag="drop-problem"):
    """Remove the whole problem."""


Fix = Relabel | AddTest | DropTest | DropProblem


class Finding(Record, frozen=True, kw_only=True):
    """One thing that is wrong. ``id`` is of its content: the same fault of the same source has the same id again.

    ``ambiguous`` says why a careful reader may not call it a fault; "" for one that is proved.
    ``evidence`` are short facts by name, in the order in which they are shown.
    """

    id: str
    kind: str  # a name in ``kinds.KINDS``
    severity: Severity
    subject: str  # id of the problem, or name of the reward
    place: Place
    message: str  # one sentence
    confidence: float | None = None  # probability that it is a fault; None where nothing was estimated
    ambiguous: str = ""
    evidence: tuple[tuple[str, str], ...] = ()
    replay: Replay | None = None
    fixes: tuple[Fix, ...] = ()

    @classmethod
    def of(
        cls,
        kind: str,
        subject: str,
        place: Place,
        message: str,
        *,
        severity: Severity | None = None,
        confidence: float | None = None,
        ambiguous: str = "",
        evidence: Mapping[str, str] | None = None,
        replay: Replay | None = None,
        fixes: tuple[Fix, ...] = (),
    ) -> Self:
        """Return a finding with its id; the severity is that of its kind, or "low" for an ambiguous one."""
        usual = KINDS[kind].severity
        return cls(
            id="F-" + content_id("finding", kind, subject, place.part, message, replay).rpartition("_")[2][:12],
            kind=kind,
            severity=severity or ("low" if ambiguous else usual),
            subject=subject,
            place=place,
            message=message,
            confidence=confidence,
            ambiguous=ambiguous,
            evidence=tuple((evidence or {}).items()),
            replay=replay,
            fixes=fixes,
        )


class NotChecked(Record, frozen=True, kw_only=True):
    """A check that could not be made on a subject, with the reason."""

    check: str
    reason: str


class SubjectReport(Record, frozen=True, kw_only=True):
    """What an audit says of one subject: a line of ``findings.jsonl``. ``digest`` is of the subject and the options."""

    subject: str
    digest: str
    checked: tuple[str, ...]  # names of the checks that were made
    not_checked: tuple[NotChecked, ...] = ()
    findings: tuple[Finding, ...] = ()
    facts: dict[str, float] = msgspec.field(
        default_factory=dict
    )  # numbers that the summary adds up: "tests", "mutants", ...
    added: tuple[AddTest, ...] = ()  # tests for diversity; see ``audit.growth``
    executions: int = 0  # runs of a program on an input
    isolation: str = ""  # isolation level of the judge that ran its programs
    unread: bool = False  # it is no problem that could be read; the reason is in ``not_checked``


class KindCount(Record, frozen=True, kw_only=True):
    """How many subjects have a finding of a kind, out of those on which its check was made; 95% Wilson interval."""

    kind: str
    findings: int
    subjects: int
    checked: int
    low: float
    high: float
    ambiguous: int = 0  # findings of the kind that are called ambiguous; they are not among ``findings``


class AuditDocument(Record, frozen=True, kw_only=True):
    """The whole of ``audit.json``."""

    schema: str = SCHEMA
    version: int = SCHEMA_VERSION
    tool: str  # "stepsmith 0.1.0"
    source: str
    format: str
    options: dict[str, str | int | float | bool | None]
    isolation: str
    complete: bool  # False where the audit was stopped before its end
    counts: tuple[KindCount, ...]
    subjects: tuple[SubjectReport, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, in the order of the subjects."""
        return tuple(finding for subject in self.subjects for finding in subject.findings)
