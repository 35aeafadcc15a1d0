"""Audit of published labels: which of them the candidates contradict, how probably, and with which evidence."""

from collections.abc import Sequence

from stepsmith.verify.labels.verification import Label
from stepsmith.verify.matrix import Accepts, ExecutionMatrix
from stepsmith.verify.report import Audit, DisputedLabel, shortened


def audit_outputs(
    matrix: ExecutionMatrix,
    labels: Sequence[Label],
    published: Sequence[str | None],
    *,
    needed: float,
    accepts: Accepts = ExecutionMatrix.agree,
) -> Audit:
    """Compare published outputs with the labels that the candidates support. Runs the whole matrix.

    A published output is believed wrong if ``accepts`` refuses the label for it and the label has a confidence of at
    least ``needed``, and doubtful if the label is merely more likely right than not. Equal inputs with different
    published outputs contradict each other whatever the candidates do. Indices are those of the matrix.
    """
    matrix.fill()
    wrong: list[DisputedLabel] = []
    doubtful: list[DisputedLabel] = []
    confirmed = 0
    for j, (label, output) in enumerate(zip(labels, published, strict=True)):
        if output is None or label.output is None:
            continue
        if accepts(matrix, j, output, label.output):
            confirmed += 1
        elif label.confidence >= 0.5:
            (wrong if label.confidence >= needed else doubtful).append(_doubt(matrix, j, label, output, accepts))
    wrong.sort(key=lambda doubt: (len(matrix.inputs[doubt.index]), doubt.index))
    return Audit(
        labels=sum(output is not None for output in published),
        confirmed=confirmed,
        wrong=tuple(wrong),
        doubtful=tuple(doubtful),
        contradictions=tuple(_contradictions(matrix, published, accepts)),
        smallest=wrong[0].index if wrong else None,
    )


def _doubt(matrix: ExecutionMatrix, input_index: int, label: Label, output: str, accepts: Accepts) -> DisputedLabel:
    """Return the evidence against one published output."""
    agreeing: list[int] = []
    disagreeing: list[int] = []
    for cluster in matrix.clusters(input_index):
        (agreeing if accepts(matrix, input_index, output, cluster.output) else disagreeing).extend(cluster.members)
    return DisputedLabel(
        index=input_index,
        input=shortened(matrix.inputs[input_index]),
        published=output,
        believed=label.output,
        confidence=label.confidence,
        agreeing=tuple(sorted(agreeing)),
        disagreeing=tuple(sorted(disagreeing)),
    )


def _contradictions(
    matrix: ExecutionMatrix, published: Sequence[str | None], accepts: Accepts
) -> list[tuple[int, int]]:
    """Return (first, later) index of equal inputs whose published outputs are not accepted for each other."""
    first: dict[str, int] = {}
    pairs = []
    for j, output in enumerate(published):
        known = first.setdefault(matrix.inputs[j], j)
        expected = published[known]
        if known == j or output is None or expected is None:
            continue
        if not accepts(matrix, j, expected, output) and not accepts(matrix, j, output, expected):
            pairs.append((known, j))
    return pairs
