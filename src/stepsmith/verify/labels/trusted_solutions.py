"""Verification with candidates that are claimed to be right: accepted submissions, the solutions of a data set."""

import math
from collections.abc import Sequence

from stepsmith.core.records import Example, TestKind
from stepsmith.verify.labels.behaviour import Behaviour, behaviours
from stepsmith.verify.labels.verification import Label, Verification
from stepsmith.verify.labels.vote import refuse_empty
from stepsmith.verify.matrix import ExecutionMatrix

# Probability that a program is right if somebody claims so. Chosen by us, not fitted: with good tests a few per cent of
# accepted programs are wrong (4% with the generated tests of CodeContests, Li et al. 2022).
TRUST = 0.95
# Factor on the odds for reproducing the worked examples: half of the wrong programs that are believed right do so.
EXAMPLES_FACTOR = 2.0


def verify_trusted(
    matrix: ExecutionMatrix,
    kinds: Sequence[TestKind] = (),
    *,
    examples: Sequence[Example] = (),
    target_error: float = 0.02,
) -> Verification:
    """Verify candidates that are all claimed to be right. Runs the whole matrix.

    Claims are taken to err independently, except programs of the same structure. A behaviour with ``s`` effective
    members has odds (TRUST / (1 - TRUST))ˢ, twice that if it reproduces all worked examples; "no behaviour is right"
    has odds 1. Two accepted submissions that agree are enough for a target error of 0.02; a single one is enough only
    if it reproduces the statement's examples.
    Reasons to reject: those of ``refuse_empty``, "claims-contradict" where claimed programs differ and no side is sure
    enough, "examples-unmet", "non-deterministic", "low-confidence".
    """
    empty = tuple(Label(output=None, kind=kinds[j] if kinds else "nominal") for j in range(len(matrix.inputs)))
    if refused := refuse_empty(matrix, empty, "trusted") if not (matrix.solutions and matrix.inputs) else None:
        return refused
    found = behaviours(matrix, examples)
    belief = trusted_belief(found, len(examples))
    labels = _labels(matrix, kinds, found, belief)
    if refused := refuse_empty(matrix, labels, "trusted"):
        return refused
    best = most_probable(found, belief)
    golden = found[best].members[0]
    reason, detail = trust_refusal(found, belief, len(examples), target_error)
    if not reason and matrix.rerun(golden):
        reason, detail = "non-deterministic", f"candidate {golden} differs from itself when run again"
    return Verification(
        method="trusted",
        labels=labels,
        golden=golden,
        confidence=belief[best],
        status="rejected" if reason else "accepted",
        reason=reason,
        detail=detail,
        executions=matrix.executions,
    )


def trusted_belief(found: Sequence[Behaviour], examples: int) -> list[float]:
    """Return the probability of each behaviour to be right; it is 0 for one that fails on some input."""
    weight = math.log(TRUST / (1 - TRUST))
    bonus = math.log(EXAMPLES_FACTOR) if examples else 0.0
    scores = [-math.inf if None in b.answers else weight * b.effective + bonus * (b.passed == examples) for b in found]
    top = max([0.0, *scores])
    total = math.exp(-top) + sum(math.exp(score - top) for score in scores)
    return [math.exp(score - top) / total for score in scores]


def most_probable(found: Sequence[Behaviour], belief: Sequence[float]) -> int:
    """Return the index of the most probable behaviour; of equal ones that with the first candidate."""
    return max(range(len(found)), key=lambda k: (belief[k], -found[k].members[0]))


def trust_refusal(
    found: Sequence[Behaviour], belief: Sequence[float], examples: int, target_error: float
) -> tuple[str, str]:
    """Return (reason, detail) where the most probable behaviour is not sure enough; ("", "") where it is."""
    best = most_probable(found, belief)
    needed = 1 - 2 * target_error
    total = sum(len(b.members) for b in found)
    sizes = f"{len(found[best].members)} of {total} trusted programs agree; probability {belief[best]:.3f}"
    if found[best].passed < examples:
        return "examples-unmet", f"they reproduce {found[best].passed} of {examples} worked examples; {sizes}"
    if belief[best] < needed:
        return "claims-contradict" if len(found) > 1 else "low-confidence", f"{sizes}, {needed:.3f} is needed"
    return "", ""


def _labels(
    matrix: ExecutionMatrix, kinds: Sequence[TestKind], found: Sequence[Behaviour], belief: Sequence[float]
) -> tuple[Label, ...]:
    """Return, for every input, the output whose behaviours have the largest total probability."""
    labels = []
    for j in range(len(matrix.inputs)):
        kind: TestKind = kinds[j] if kinds else "nominal"
        clusters = matrix.clusters(j)
        if not clusters:
            labels.append(Label(output=None, kind=kind))
            continue
        mass = [sum(p for b, p in zip(found, belief, strict=True) if b.answers[j] == k) for k in range(len(clusters))]
        best = max(range(len(clusters)), key=lambda k: (mass[k], -k))
        labels.append(
            Label(
                output=clusters[best].output,
                support=clusters[best].size,
                voters=sum(c.size for c in clusters),
                confidence=mass[best],
                tie=mass.count(mass[best]) > 1,
                kind=kind,
            )
        )
    return tuple(labels)
