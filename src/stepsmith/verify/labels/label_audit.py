"""Published labels under audit: which of them the candidates contradict, how surely, and by which evidence."""

from collections.abc import Sequence

from stepsmith.core.records import TestCase, Verdict
from stepsmith.verify.labels.verification import Label
from stepsmith.verify.matrix import ExecutionMatrix
from stepsmith.verify.report import Audit, Doubt
from stepsmith.verify.suite.strength import first_failure

SHOWN = 200  # characters of an input in the evidence


def audit_outputs(
    matrix: ExecutionMatrix,
    labels: Sequence[Label],
    published: Sequence[str | None],
    *,
    needed: float,
) -> Audit:
    """Compare published outputs with the labels that the candidates support. Runs the whole matrix.

    A published output is believed wrong if another one has a confidence of at least ``needed``, and doubtful if the
    other one is merely more likely than not. Equal inputs with different published outputs contradict each other
    whatever the candidates do. Indices are those of the matrix.
    """
    matrix.fill()
    wrong: list[Doubt] = []
    doubtful: list[Doubt] = []
    confirmed = 0
    for j, (label, output) in enumerate(zip(labels, published, strict=True)):
        if output is None or label.output is None:
            continue
        if matrix.agree(j, output, label.output):
            confirmed += 1
        elif label.confidence >= 0.5:
            (wrong if label.confidence >= needed else doubtful).append(_doubt(matrix, j, label, output))
    wrong.sort(key=lambda doubt: (len(matrix.inputs[doubt.index]), doubt.index))
    return Audit(
        labels=sum(output is not None for output in published),
        confirmed=confirmed,
        wrong=tuple(wrong),
        doubtful=tuple(doubtful),
        contradictions=tuple(_contradictions(matrix, published)),
        smallest=wrong[0].index if wrong else None,
    )


def verdict_mismatches(
    matrix: ExecutionMatrix, tests: Sequence[TestCase], claims: Sequence[Verdict | None]
) -> tuple[str, ...]:
    """Candidates whose known verdict the tests do not bear out: called right and failing one, or the reverse."""
    found = []
    for i, claim in enumerate(claims):
        if claim is None:
            continue
        failing = first_failure(matrix, tests, i)
        if claim is Verdict.AC and failing is not None:
            found.append(f"candidate {i} is called AC and fails test {failing}")
        elif claim is not Verdict.AC and failing is None:
            found.append(f"candidate {i} is called {claim} and passes every test")
    return tuple(found)


def _doubt(matrix: ExecutionMatrix, input_index: int, label: Label, output: str) -> Doubt:
    """The evidence against one published output."""
    agreeing: list[int] = []
    disagreeing: list[int] = []
    for cluster in matrix.clusters(input_index):
        (agreeing if matrix.agree(input_index, output, cluster.output) else disagreeing).extend(cluster.members)
    text = matrix.inputs[input_index]
    return Doubt(
        index=input_index,
        input=text if len(text) <= SHOWN else text[: SHOWN - 1] + "…",
        published=output,
        believed=label.output,
        confidence=label.confidence,
        agreeing=tuple(sorted(agreeing)),
        disagreeing=tuple(sorted(disagreeing)),
    )


def _contradictions(matrix: ExecutionMatrix, published: Sequence[str | None]) -> list[tuple[int, int]]:
    """(first, later) index of equal inputs whose published outputs the checker does not take for the same."""
    first: dict[str, int] = {}
    pairs = []
    for j, output in enumerate(published):
        known = first.setdefault(matrix.inputs[j], j)
        expected = published[known]
        if known != j and output is not None and expected is not None and not matrix.agree(j, expected, output):
            pairs.append((known, j))
    return pairs
