"""What a verification returns: labels with their confidence, the golden solution, and a status with its reason."""

from collections.abc import Sequence
from typing import Literal

from stepsmith.core.records import KIND_WEIGHT, Record, TestCase, TestKind

Status = Literal["accepted", "rejected"]


class Label(Record, frozen=True, kw_only=True):
    """The output believed right for one input; ``output`` is None if no candidate produced any."""

    output: str | None
    support: int = 0  # candidates whose output the checker takes for this one
    voters: int = 0  # candidates that produced an output
    confidence: float = 0.0  # probability that `output` is right (by vote and dual verification: support / candidates)
    tie: bool = False  # another output is as likely; the one whose first candidate comes first was taken
    kind: TestKind = "nominal"


class Verification(Record, frozen=True, kw_only=True):
    """The outcome on one problem. A rejected one still carries its labels, and a golden if one was selected."""

    method: str
    labels: tuple[Label, ...]
    golden: int | None  # candidate index
    confidence: float  # probability that the golden is right on every input, or what ``confidence_is`` says
    status: Status
    reason: str = ""  # slug when rejected: "no-candidates", "golden-unconfirmed", ...
    detail: str = ""
    # "support" is the golden's agreement with the majority of which it is a part: a score for ranking, no probability.
    confidence_is: Literal["probability", "support"] = "probability"
    executions: int = 0  # runs made for this problem up to here
    candidate_confidence: tuple[float, ...] = ()  # per candidate; empty if the method has none


def to_tests(verification: Verification, inputs: Sequence[str], min_confidence: float = 0.0) -> tuple[TestCase, ...]:
    """Return the labelled inputs as tests, weighted by kind, without those below ``min_confidence``."""
    return tuple(
        TestCase(
            input=text,
            output=label.output,
            kind=label.kind,
            weight=KIND_WEIGHT[label.kind],
            confidence=round(label.confidence, 6),
        )
        for text, label in zip(inputs, verification.labels, strict=True)
        if label.output is not None and label.confidence >= min_confidence
    )
