"""Behaviours: groups of candidates that do the same on every input, with the evidence for and against each group."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from stepsmith.core.records import Example, Solution, Verdict
from stepsmith.verify.labels.structure import structure_key
from stepsmith.verify.matrix import ExecutionMatrix

# Programs of the same structure make the same mistakes: each one after the first counts for this much of a vote.
# Any value from 0.25 to 1 predicts equally well on the development data; 0 predicts worse.
REPEAT = 0.5
CONSTANT = 0.8  # a behaviour with a larger share of equal outputs is called constant,
FEW_INPUTS = 5  # if there are at least this many inputs
EXHAUSTED = frozenset({Verdict.TLE, Verdict.MLE, Verdict.OLE})  # costly to run; a program that has one usually has more
MANY_EXAMPLES = 8  # further examples add no belief, because they tend to be alike


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Candidates with the same outcome on every input and example."""

    members: tuple[int, ...]
    answers: tuple[int | None, ...]  # per input, the index of its cluster; None if it failed
    passed: int  # worked examples reproduced
    effective: float  # members, repeats of one structure discounted
    constant: bool  # nearly all of its outputs are one and the same text


def behaviours(
    matrix: ExecutionMatrix, examples: Sequence[Example], rows: Sequence[int] | None = None
) -> tuple[Behaviour, ...]:
    """Group the candidates ``rows`` (None: all) by behaviour, in order of their first members; run missing cells.

    Candidates that fail everywhere are a behaviour, too. A run that failed by our fault (IE) is missing data: it
    counts as agreeing with whatever the group does there.
    """
    chosen = range(len(matrix.solutions)) if rows is None else rows
    matrix.fill(candidates=chosen)
    passes = example_passes(matrix, examples)
    answer: list[dict[int, int]] = [
        {i: k for k, cluster in enumerate(matrix.clusters_so_far(j)) for i in cluster.members}
        for j in range(len(matrix.inputs))
    ]
    groups: dict[tuple[object, ...], list[int]] = {}
    for i in chosen:
        outcome = tuple(answer[j].get(i) for j in range(len(matrix.inputs)))
        groups.setdefault((*_patched(matrix, i, outcome, groups), *passes[i]), []).append(i)
    found = []
    for members in groups.values():
        first = members[0]
        outputs = Counter(run.output for run in matrix.row(first) if run.verdict is Verdict.AC)
        found.append(
            Behaviour(
                members=tuple(members),
                answers=tuple(answer[j].get(first) for j in range(len(matrix.inputs))),
                passed=sum(passes[first]),
                effective=effective_size([matrix.solutions[i] for i in members]),
                constant=len(matrix.inputs) >= FEW_INPUTS
                and max(outputs.values(), default=0) > CONSTANT * len(matrix.inputs),
            )
        )
    return tuple(found)


def effective_size(programs: Sequence[Solution]) -> float:
    """Return how many votes programs are worth: the second and later ones of a structure count for ``REPEAT`` each."""
    distinct = len({structure_key(program) for program in programs})
    return distinct + REPEAT * (len(programs) - distinct)


def example_passes(matrix: ExecutionMatrix, examples: Sequence[Example]) -> list[tuple[bool, ...]]:
    """Return, for each candidate, whether it reproduces each example.

    A candidate that exhausts its limits on the first example is not run on the others: it cannot reproduce all.
    """
    on_examples = matrix.extended([example.input for example in examples])
    on_examples.fill(range(min(1, len(examples))))
    exhausted = {i for i in range(len(matrix.solutions)) if examples and on_examples.at(i, 0).verdict in EXHAUSTED}
    on_examples.fill(candidates=[i for i in range(len(matrix.solutions)) if i not in exhausted])
    return [
        tuple(
            on_examples.has(i, k)
            and (run := on_examples.at(i, k)).verdict is Verdict.AC
            and on_examples.agree(k, example.output, run.output)
            for k, example in enumerate(examples)
        )
        for i in range(len(matrix.solutions))
    ]


def features(found: Sequence[Behaviour], examples: int, candidates: int) -> list[dict[str, float]]:
    """Return the evidence on each behaviour by name; docs/verification.md explains the names."""
    rivals = sum(b.passed == examples for b in found) if examples else 0
    rows = []
    for b in found:
        row = {"bias": 1.0, "fails": float(None in b.answers), "constant": float(b.constant)}
        if examples:
            passes = float(b.passed == examples)
            row["passes"] = passes
            row["passes:examples"] = passes * math.log2(1 + min(examples, MANY_EXAMPLES))
            row["passes:size"] = passes * math.log2(b.effective)
            row["passes:rivals"] = passes * math.log2(max(1, rivals))
        else:
            row["size"] = math.log2(b.effective)
            row["share"] = len(b.members) / candidates
        rows.append(row)
    return rows


def _patched(
    matrix: ExecutionMatrix,
    candidate: int,
    outcome: tuple[int | None, ...],
    groups: dict[tuple[object, ...], list[int]],
) -> tuple[object, ...]:
    """Return ``outcome`` with inputs that were lost to IE taken from the first known behaviour that fits the rest."""
    lost = [j for j in range(len(outcome)) if matrix.at(candidate, j).verdict is Verdict.IE]
    if not lost:
        return outcome
    for known in groups:
        if all(known[j] == outcome[j] for j in range(len(outcome)) if j not in lost):
            return known[: len(outcome)]
    return outcome
