"""Leaves out runs that cannot change a result: of programs that always fail, and of programs that cannot win."""

from collections.abc import Sequence

from stepsmith.core.records import Example, Verdict
from stepsmith.verify.labels.behaviour import EXHAUSTED, example_passes
from stepsmith.verify.matrix import ExecutionMatrix

PROBES = 4  # a program that fails all examples and this many of the shortest inputs is given up
SETTLED = 0.95  # inputs whose label has this confidence get no further runs


def worth_running(matrix: ExecutionMatrix, examples: Sequence[Example]) -> tuple[int, ...]:
    """Return the candidates to run on every input.

    These are the ones that reproduce all examples; if there are none, all that are alive; if there are none of those
    either, all that did not exhaust their limits.
    """
    passes = example_passes(matrix, examples)
    passing = tuple(i for i, row in enumerate(passes) if row and all(row))
    if passing:
        return passing
    standing = _standing(matrix, examples)
    return alive(matrix, examples) or tuple(i for i, known in standing.items() if EXHAUSTED.isdisjoint(known))


def alive(matrix: ExecutionMatrix, examples: Sequence[Example]) -> tuple[int, ...]:
    """Return the candidates that end normally on some example or on one of the shortest inputs."""
    standing = _standing(matrix, examples)
    return tuple(i for i, known in standing.items() if not {Verdict.AC, Verdict.IE}.isdisjoint(known))


def _standing(matrix: ExecutionMatrix, examples: Sequence[Example]) -> dict[int, set[Verdict]]:
    """Return, per candidate, its verdicts on the examples and, if it fails on all of them, on the shortest inputs.

    A candidate that exhausts its limits there is not run any further.
    """
    on_examples = matrix.extended([example.input for example in examples])
    probes = sorted(range(len(matrix.inputs)), key=lambda j: (len(matrix.inputs[j]), j))[:PROBES]
    standing = {}
    for i in range(len(matrix.solutions)):
        known = {on_examples.at(i, k).verdict for k in range(len(examples)) if on_examples.has(i, k)}
        for probe in (probes[:1], probes[1:]):
            if {Verdict.AC, Verdict.IE, *EXHAUSTED}.isdisjoint(known):
                matrix.fill(probe, (i,))
                known |= {matrix.at(i, j).verdict for j in probe}
        standing[i] = known
    return standing


def run_alive(matrix: ExecutionMatrix, examples: Sequence[Example], inputs: Sequence[int]) -> None:
    """Run every candidate that is alive on ``inputs``."""
    if inputs:
        matrix.fill(inputs, alive(matrix, examples))
