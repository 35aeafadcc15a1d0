"""Runs that need not be made: of dead programs, and of programs that can no longer change anything."""

from collections.abc import Sequence

from stepsmith.core.records import Example, Verdict
from stepsmith.verify.labels.behaviour import EXHAUSTED, example_passes
from stepsmith.verify.matrix import ExecutionMatrix

PROBES = 4  # cheapest inputs that a program has to fail, after all examples, to be given up
SETTLED = 0.95  # a label of this confidence is not put to further votes


def worth_running(matrix: ExecutionMatrix, examples: Sequence[Example]) -> tuple[int, ...]:
    """The candidates to run on every input.

    Those that reproduce all examples; else all that are alive; else all that did not exhaust their limits.
    """
    passes = example_passes(matrix, examples)
    passing = tuple(i for i, row in enumerate(passes) if row and all(row))
    if passing:
        return passing
    standing = _standing(matrix, examples)
    return alive(matrix, examples) or tuple(i for i, known in standing.items() if EXHAUSTED.isdisjoint(known))


def alive(matrix: ExecutionMatrix, examples: Sequence[Example]) -> tuple[int, ...]:
    """The candidates that run to a normal end on some example or on one of the shortest inputs."""
    standing = _standing(matrix, examples)
    return tuple(i for i, known in standing.items() if not {Verdict.AC, Verdict.IE}.isdisjoint(known))


def _standing(matrix: ExecutionMatrix, examples: Sequence[Example]) -> dict[int, set[Verdict]]:
    """Per candidate, its verdicts on the examples and, should it fail on all of them, on the shortest inputs.

    One that exhausts its limits there is run on nothing more.
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
