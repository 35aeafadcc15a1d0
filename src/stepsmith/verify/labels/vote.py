"""Plain majority voting on each input: the simplest labels, and the baseline of every other method."""

from collections.abc import Sequence

from stepsmith.core.records import TestKind
from stepsmith.verify.labels.verification import Label, Verification
from stepsmith.verify.matrix import ExecutionMatrix


def majority(matrix: ExecutionMatrix, kinds: Sequence[TestKind] = ()) -> tuple[Label, ...]:
    """Label every input with its most frequent output; confidence is the share of all candidates behind it.

    ``kinds`` is one kind per input, or empty for all nominal. Runs the whole matrix. A tie goes to the output whose
    first candidate comes first, and is reported.
    """
    matrix.fill()
    return tuple(_label(matrix, j, kinds[j] if kinds else "nominal") for j in range(len(matrix.inputs)))


def verify_majority(matrix: ExecutionMatrix, kinds: Sequence[TestKind] = ()) -> Verification:
    """Take majority labels, and as golden the candidate that agrees with most of them (the first one on ties).

    Accepts whenever some candidate produced an output. The golden's confidence is the share of labels it agrees
    with times their mean support; it is a ranking score, not a probability.
    """
    labels = majority(matrix, kinds)
    if refused := refuse_empty(matrix, labels, "majority"):
        return refused
    scores = [sum(hits) for hits in hit_table(matrix, labels)]
    golden = max(range(len(scores)), key=lambda i: (scores[i], -i))
    support = sum(label.confidence for label in labels) / len(labels)
    return Verification(
        method="majority",
        labels=labels,
        golden=golden,
        confidence=scores[golden] / len(labels) * support,
        confidence_is="support",
        status="accepted",
        executions=matrix.executions,
    )


def hit_table(matrix: ExecutionMatrix, labels: Sequence[Label]) -> list[list[bool]]:
    """Return, for each candidate and input, whether the candidate's output is the labelled one."""
    hits = [[False] * len(matrix.inputs) for _ in matrix.solutions]
    for j, label in enumerate(labels):
        chosen = next((c for c in matrix.clusters(j) if c.output == label.output), None)
        for i in chosen.members if chosen else ():
            hits[i][j] = True
    return hits


def refuse_empty(matrix: ExecutionMatrix, labels: tuple[Label, ...], method: str) -> Verification | None:
    """Return the outcome where there is nothing to verify (no candidates, no inputs, no output at all), else None."""
    if not matrix.solutions:
        reason, detail = "no-candidates", "there is no candidate solution"
    elif not matrix.inputs:
        reason, detail = "no-inputs", "there is no test input"
    elif all(label.output is None for label in labels):
        seen = ", ".join(f"{verdict} {count}" for verdict, count in sorted(matrix.failures().items()))
        reason, detail = (
            "all-candidates-fail",
            f"no candidate produced an output on any input that it was run on ({seen})",
        )
    else:
        return None
    return Verification(
        method=method, labels=labels, golden=None, confidence=0.0, status="rejected",
        reason=reason, detail=detail, executions=matrix.executions,
    )  # fmt: skip


def _label(matrix: ExecutionMatrix, input_index: int, kind: TestKind) -> Label:
    """Return the most frequent output on one input."""
    clusters = matrix.clusters(input_index)
    if not clusters:
        return Label(output=None, kind=kind)
    best = clusters[0]
    return Label(
        output=best.output,
        support=best.size,
        voters=sum(c.size for c in clusters),
        confidence=best.size / len(matrix.solutions),
        tie=len(clusters) > 1 and clusters[1].size == best.size,
        kind=kind,
    )
