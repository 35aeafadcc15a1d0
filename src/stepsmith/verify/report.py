"""What ``stepsmith verify`` writes: one report a line, in the order of the problems."""

from collections.abc import Sequence

import msgspec

from stepsmith.core.records import Record, TestKind
from stepsmith.verify.labels.verification import Status
from stepsmith.verify.suite.strength import SuiteStrength

SHOWN = 200  # characters of an input in the evidence


class TestReport(Record, frozen=True, kw_only=True):
    """The label of one input; ``valid`` is False and there is no label where a validator rejects the input."""

    __test__ = False  # not a pytest class

    index: int
    output: str | None
    confidence: float
    support: int
    voters: int
    kind: TestKind
    tie: bool = False
    valid: bool = True


class Golden(Record, frozen=True, kw_only=True):
    """The selected candidate and the probability that it is right on every input.

    Methods that give no probability (majority, dual verification) give ``support``: how far the candidate agrees with
    the majority, of which it is a part.
    """

    candidate: int
    confidence: float | None
    support: float | None = None


class DisputedLabel(Record, frozen=True, kw_only=True):
    """A published label that the candidates contradict."""

    index: int
    input: str  # shortened
    published: str | None
    believed: str | None
    confidence: float  # probability that `believed` is right, and so at least that `published` is wrong
    agreeing: tuple[int, ...]  # candidates that give the published output
    disagreeing: tuple[int, ...]  # candidates that give another one


def shortened(text: str) -> str:
    """Return an input as the evidence shows it."""
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


class Audit(Record, frozen=True, kw_only=True):
    """How the published outputs compare with the labels."""

    labels: int  # published labels that were compared
    confirmed: int
    wrong: tuple[
        DisputedLabel, ...
    ] = ()  # wrong with the confidence that the target error asks for; smallest input first
    doubtful: tuple[DisputedLabel, ...] = ()  # contradicted by a more likely output with less confidence
    contradictions: tuple[tuple[int, int], ...] = ()  # pairs of equal inputs that are published with different outputs
    smallest: int | None = None  # index of the smallest input whose label is believed wrong
    verdict_mismatches: tuple[str, ...] = ()  # candidates whose known verdict the published outputs contradict

    def renumbered(self, inputs: Sequence[int], candidates: Sequence[int]) -> "Audit":
        """Return the audit with index k of an input or candidate replaced by ``inputs[k]`` or ``candidates[k]``."""

        def doubt(old: DisputedLabel) -> DisputedLabel:
            return msgspec.structs.replace(
                old,
                index=inputs[old.index],
                agreeing=tuple(candidates[i] for i in old.agreeing),
                disagreeing=tuple(candidates[i] for i in old.disagreeing),
            )

        return msgspec.structs.replace(
            self,
            wrong=tuple(map(doubt, self.wrong)),
            doubtful=tuple(map(doubt, self.doubtful)),
            contradictions=tuple((inputs[a], inputs[b]) for a, b in self.contradictions),
            smallest=None if self.smallest is None else inputs[self.smallest],
        )


class ProblemReport(Record, frozen=True, kw_only=True):
    """One line of the output. ``digest`` is of the problem and the options, for resuming."""

    problem_id: str | int
    status: Status
    reason: str
    detail: str
    method: str
    golden: Golden | None
    tests: tuple[TestReport, ...]
    suite: SuiteStrength | None
    audit: Audit | None
    executions: int
    isolation: str
    digest: str
    left_out: tuple[str, ...] = ()  # candidates and other parts that were not used, with the reason
    faults: tuple[str, ...] = ()  # what a package's own validation data shows to be wrong with its validators


_encoder = msgspec.json.Encoder()


def encode_report(report: ProblemReport) -> bytes:
    """Return one report as a line of JSON, with its newline; an absent ``suite`` is an empty object.

    Bytes of a program's output that are not UTF-8 are written as ``\\xff``.
    """
    line = msgspec.to_builtins(report)
    if report.suite is None:
        line["suite"] = {}
    try:
        return _encoder.encode(line) + b"\n"
    except UnicodeEncodeError:
        return _encoder.encode(_printable(line)) + b"\n"


def _printable(value: object) -> object:
    """Return plain values with the text in them made fit for UTF-8."""
    if isinstance(value, str):
        try:
            return value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        except UnicodeEncodeError:  # half a character that does not stand for a byte
            return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {key: _printable(item) for key, item in value.items()}
    return [_printable(item) for item in value] if isinstance(value, list | tuple) else value


class ReportStub(msgspec.Struct, frozen=True):
    """The part of a line that resuming reads."""

    problem_id: str | int
    digest: str
    status: str
    reason: str = ""
    detail: str = ""
