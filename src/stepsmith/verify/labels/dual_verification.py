"""Dual verification as X-Coder publishes it (arXiv 2601.06953): the baseline that consensus is compared with.

The replies that X-Coder drops before it verifies are dropped in ``synth/two_stage/filters.py``.
"""

from collections.abc import Sequence
from typing import Literal

from stepsmith.core.ids import derive_rng
from stepsmith.core.records import KIND_WEIGHT, Record, TestKind
from stepsmith.verify.labels.verification import Label, Verification
from stepsmith.verify.labels.vote import hit_table, majority, refuse_empty
from stepsmith.verify.matrix import ExecutionMatrix


class DualVerificationSettings(Record, frozen=True, kw_only=True):
    """X-Coder's figures; those that are ours are marked."""

    weights: Literal["kind", "size"] = "kind"  # by kind of case, or by quartile of the input's size
    holdout: float = 0.5  # "about half" of the labelled tests
    # Ours: X-Coder gives no figure for "best or competitive" on the held-out half. A candidate is competitive if it
    # is at most this share of the held-out tests below the best one.
    competitive_margin: float = 0.1


def verify_dual(
    matrix: ExecutionMatrix,
    kinds: Sequence[TestKind] = (),
    *,
    seed: int = 0,
    settings: DualVerificationSettings = DualVerificationSettings(),  # noqa: B008 - frozen
) -> Verification:
    """Vote, weight the tests, hold out a half, select a golden solution, and confirm it on the held-out half.

    Labels ŷ are the majority outputs. The labelled tests are split by a seeded shuffle; A′ is the candidate with the
    largest weighted agreement Σ wᵢ·1[A(xᵢ) = ŷᵢ] on the first part (first in order on ties, reported in ``detail``),
    and is the golden if its unweighted agreement on the held-out part is the best, or competitive. Otherwise the
    problem is dropped ("golden-unconfirmed"). ``kinds`` is one kind per input, or empty for all nominal.
    """
    labels = majority(matrix, kinds)
    if refused := refuse_empty(matrix, labels, "dual-verification"):
        return refused
    labelled = [j for j, label in enumerate(labels) if label.output is not None]
    select, held_out = split_half(labelled, settings.holdout, seed)
    weights = size_weights(matrix.inputs) if settings.weights == "size" else kind_weights(labels)
    hits = hit_table(matrix, labels)
    scores = [sum(weights[j] for j in select if row[j]) for row in hits]
    golden = max(range(len(scores)), key=lambda i: (scores[i], -i))
    tied = [i for i, score in enumerate(scores) if score == scores[golden]]
    kept = [sum(row[j] for j in held_out) for row in hits]
    shortfall = max(kept) - kept[golden]
    confirmed = shortfall <= settings.competitive_margin * len(held_out)
    detail = f"agrees with {kept[golden]} of {len(held_out)} held-out labels, the best candidate with {max(kept)}"
    if len(tied) > 1:
        detail += f"; {len(tied)} candidates tied for selection, the first was taken"
    return Verification(
        method="dual-verification",
        labels=labels,
        golden=golden,
        confidence=sum(hits[golden]) / len(labelled),
        confidence_is="support",
        status="accepted" if confirmed else "rejected",
        reason="" if confirmed else "golden-unconfirmed",
        detail=detail,
        executions=matrix.executions,
    )


def kind_weights(labels: Sequence[Label]) -> list[float]:
    """Nominal 1, complex 2, boundary 3, stress 4 (adversarial counts like stress)."""
    return [KIND_WEIGHT[label.kind] for label in labels]


def size_weights(inputs: Sequence[str]) -> list[float]:
    """1 to 4 by quartile of the input's length in characters; equal lengths get equal weights."""
    order = sorted(len(text) for text in inputs)
    return [1.0 + min(3, 4 * order.index(len(text)) // len(order)) for text in inputs]


def split_half(labelled: Sequence[int], holdout: float, seed: int) -> tuple[list[int], list[int]]:
    """A seeded split into (for selection, held out); both parts have a test wherever there are two."""
    order = list(labelled)
    derive_rng(seed, "paper-holdout").shuffle(order)
    count = min(max(round(len(order) * holdout), 1), len(order) - 1) if len(order) > 1 else 0
    cut = len(order) - count
    return sorted(order[:cut]), sorted(order[cut:])
