"""Verification by behaviours: which program is right on every input, how probably, and which labels follow from it."""

from collections.abc import Sequence
from typing import Literal

from stepsmith.core.records import Example, Record, TestKind
from stepsmith.verify.labels.ambiguity import REASON, many_valid_answers
from stepsmith.verify.labels.behaviour import Behaviour, behaviours, example_passes, features
from stepsmith.verify.labels.posterior import (
    ConsensusModel,
    Population,
    Regime,
    choose,
    output_features,
    output_probabilities,
    shipped_model,
)
from stepsmith.verify.labels.run_pruning import SETTLED, run_alive, worth_running
from stepsmith.verify.labels.strong_solvers import strong_belief
from stepsmith.verify.labels.verification import Label, Status, Verification
from stepsmith.verify.labels.vote import refuse_empty
from stepsmith.verify.matrix import ExecutionMatrix

Voters = Population | Literal["strong-solvers"]


class ConsensusSettings(Record, frozen=True, kw_only=True):
    """What the user asks for."""

    target_error: float = 0.02  # wanted share of wrong goldens among accepted problems; see needed_probability
    population: Voters = "model-samples"  # who the candidates are; decides which fitted model, or rule, is used
    prune_runs: bool = True  # leave out runs that cannot change a label or the golden solution


def needed_probability(target_error: float, population: Voters = "model-samples") -> float:
    """Return the probability from which a problem is accepted, so that ``target_error`` of the accepted ones are wrong.

    1 - 2·target bounds each accepted problem at twice the target. Samples of a model were measured: up to a target of
    0.02 three times the target stays within it; from 0.03 on only twice does, and between them 0.94 is needed.
    """
    if population == "model-samples":
        return 1 - min(3 * target_error, max(0.06, 2 * target_error))
    return 1 - 2 * target_error


def verify_consensus(
    matrix: ExecutionMatrix,
    kinds: Sequence[TestKind] = (),
    *,
    examples: Sequence[Example] = (),
    statement: str = "",
    settings: ConsensusSettings = ConsensusSettings(),  # noqa: B008 - frozen
    model: ConsensusModel | None = None,
) -> Verification:
    """Find the group of candidates that is right on every input, with its probability, and the labels that follow.

    Candidates are grouped by what they do on all inputs; the model turns the evidence on each group (its size, worked
    ``examples`` reproduced, rivals that reproduce them too, failures, constant output) into the probability that it
    is right everywhere. A label's probability combines the groups that give it with the plain votes. The golden is
    a member of the most probable group; the problem is accepted if that probability is at least
    ``needed_probability`` and the golden repeats its outputs when run again. ``examples`` may come from the statement
    or from a trusted brute force; ``statement`` only serves to recognise problems with many valid answers.

    Reasons to reject: those of ``refuse_empty``, "examples-unmet", "many-valid-answers", "non-deterministic",
    "low-confidence".
    """
    empty = tuple(Label(output=None, kind=kinds[j] if kinds else "nominal") for j in range(len(matrix.inputs)))
    if not matrix.solutions or not matrix.inputs:
        refused = refuse_empty(matrix, empty, "consensus")
        assert refused is not None
        return refused
    # For the case that no behaviour is right, nothing is known of strong solvers; the general model serves for them.
    model = model or shipped_model("model-samples" if settings.population == "strong-solvers" else settings.population)
    regime = model.with_examples if examples else model.without_examples
    rows = worth_running(matrix, examples) if settings.prune_runs else tuple(range(len(matrix.solutions)))
    found = behaviours(matrix, examples, rows)
    if settings.population == "strong-solvers":
        belief = strong_belief(found, len(examples))
    else:
        evidence = [*features(found, len(examples), len(matrix.solutions)), *_passed_over(matrix, found)]
        belief = choose(regime.behaviour, evidence)[: len(found)]
    if settings.prune_runs:
        so_far = _probabilities(matrix, examples, found, belief, regime)
        unsettled = [j for j, p in enumerate(so_far) if max(p, default=0.0) < SETTLED]
        run_alive(matrix, examples, unsettled)
    else:
        matrix.fill()
    labels = _labels(matrix, kinds, examples, found, belief, regime)
    if refused := refuse_empty(matrix, labels, "consensus"):
        return refused
    order = sorted(range(len(found)), key=lambda k: (-belief[k], found[k].members[0]))
    order = [k for k in order if any(answer is not None for answer in found[k].answers)]
    confidence = belief[order[0]]
    members = sorted(found[order[0]].members, key=lambda i: (_slowness(matrix, i), i))
    golden: int | None = members[0]
    reason, detail = "", ""
    ranked = [found[k] for k in order]
    if ambiguous := many_valid_answers(matrix, ranked, statement):
        reason, detail = REASON, ambiguous
    elif confidence < needed_probability(settings.target_error, settings.population):
        reason, detail = _why_unsure(matrix, examples, ranked, confidence, settings)
        if matrix.rerun(members[0], range(min(2, len(matrix.inputs)))):
            reason, detail = "non-deterministic", f"candidate {members[0]} differs from itself when run again; {detail}"
    else:
        golden = next((i for i in members if not matrix.rerun(i)), None)
        if golden is None:
            reason, detail = "non-deterministic", f"all {len(members)} members of the best group differ when run again"
    per_candidate = [0.0] * len(matrix.solutions)
    for behaviour, probability in zip(found, belief, strict=True):
        for i in behaviour.members:
            per_candidate[i] = probability
    status: Status = "rejected" if reason else "accepted"
    return Verification(
        method="consensus",
        labels=labels,
        golden=golden,
        confidence=confidence,
        status=status,
        reason=reason,
        detail=detail,
        executions=matrix.executions,
        candidate_confidence=tuple(per_candidate),
    )


def _labels(
    matrix: ExecutionMatrix,
    kinds: Sequence[TestKind],
    examples: Sequence[Example],
    found: Sequence[Behaviour],
    belief: Sequence[float],
    regime: Regime,
) -> tuple[Label, ...]:
    """Return the most probable output of every input."""
    labels = []
    for j, probability in enumerate(_probabilities(matrix, examples, found, belief, regime)):
        kind: TestKind = kinds[j] if kinds else "nominal"
        clusters = matrix.clusters_so_far(j)
        if not clusters:
            labels.append(Label(output=None, kind=kind))
            continue
        best = max(range(len(clusters)), key=lambda k: (probability[k], -k))
        labels.append(
            Label(
                output=clusters[best].output,
                support=clusters[best].size,
                voters=sum(c.size for c in clusters),
                confidence=probability[best],
                tie=sum(p == probability[best] for p in probability) > 1,
                kind=kind,
            )
        )
    return tuple(labels)


def _passed_over(matrix: ExecutionMatrix, found: Sequence[Behaviour]) -> list[dict[str, float]]:
    """Return the evidence on programs that were not run on every input: each counts as a behaviour with no evidence."""
    run = {matrix.program_of(i) for b in found for i in b.members}
    return [{"bias": 1.0}] * (matrix.distinct - len(run))


def _probabilities(
    matrix: ExecutionMatrix,
    examples: Sequence[Example],
    found: Sequence[Behaviour],
    belief: Sequence[float],
    regime: Regime,
) -> list[list[float]]:
    """Return, for every input, the probability of each of the clusters that it has so far."""
    none = 1 - sum(belief)
    evidence = output_evidence(matrix, examples, found, belief)
    return [output_probabilities(regime.output, mass, none, rows) for mass, rows in evidence]


def output_evidence(
    matrix: ExecutionMatrix, examples: Sequence[Example], found: Sequence[Behaviour], belief: Sequence[float]
) -> list[tuple[list[float], list[dict[str, float]]]]:
    """Return, for every input, the belief in each of the clusters that it has so far, and the other evidence on each.

    Candidates that have not been run on an input count as if they had voted for something else.
    """
    passes = [sum(row) for row in example_passes(matrix, examples)]
    reproduced = sum(passes)
    passers = sum(count == len(examples) for count in passes)
    share = {i: probability / len(b.members) for b, probability in zip(found, belief, strict=True) for i in b.members}
    evidence = []
    for j in range(len(matrix.inputs)):
        clusters = matrix.clusters_so_far(j)
        answered = {i for c in clusters for i in c.members}
        silent = sum(passes[i] for i in range(len(passes)) if i not in answered and matrix.has(i, j))
        rows = [
            output_features(
                c.size,
                len(matrix.solutions),
                sum(passes[i] for i in c.members) / max(1, reproduced - silent) if examples else None,
                sum(passes[i] == len(examples) for i in c.members) / max(1, passers),
            )
            for c in clusters
        ]
        evidence.append(([sum(share.get(i, 0.0) for i in c.members) for c in clusters], rows))
    return evidence


def _slowness(matrix: ExecutionMatrix, candidate: int) -> int:
    """Return a coarse, repeatable measure of the slowest run: powers of four from a quarter of a second of CPU time.

    It keeps a program that nearly runs out of time from being the golden one of several that are equally right.
    """
    slowest = max((run.cpu_s for run in matrix.row(candidate)), default=0.0)
    step, edge = 0, 0.25
    while slowest > edge:
        step, edge = step + 1, edge * 4
    return step


def _why_unsure(
    matrix: ExecutionMatrix,
    examples: Sequence[Example],
    ranked: Sequence[Behaviour],
    confidence: float,
    settings: ConsensusSettings,
) -> tuple[str, str]:
    """Return (reason, detail) of a rejection, the most specific reason first; ``ranked`` is by probability."""
    sizes = f"the most probable behaviour has {len(ranked[0].members)} of {len(matrix.solutions)} candidates"
    needed = needed_probability(settings.target_error, settings.population)
    detail = f"{sizes} and probability {confidence:.3f}; {needed:.3f} is needed"
    met = max(b.passed for b in ranked)
    if met < len(examples):
        return (
            "examples-unmet",
            f"no candidate reproduces all {len(examples)} worked examples (at most {met}); {detail}",
        )
    return "low-confidence", detail
