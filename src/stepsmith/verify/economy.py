"""Runs that need not be made: of dead programs, and of programs that can no longer change anything."""

from collections.abc import Sequence

from stepsmith.core.records import Verdict
from stepsmith.verify.behaviour import example_passes
from stepsmith.verify.examples import Example
from stepsmith.verify.matrix import ExecutionMatrix

PROBES = 4  # cheapest inputs that a program has to fail, after all examples, to be given up
SETTLED = 0.95  # a label of this confidence is not put to further votes


def worth_running(matrix: ExecutionMatrix, examples: Sequence[Example]) -> tuple[int, ...]:
    """The candidates to run on every input: those that reproduce all examples, else all that are alive, else all."""
    passes = example_passes(matrix, examples)
    passing = tuple(i for i, row in enumerate(passes) if row and all(row))
    return passing or alive(matrix, examples) or tuple(range(len(matrix.solutions)))


def alive(matrix: ExecutionMatrix, examples: Sequence[Example]) -> tuple[int, ...]:
    """The candidates that run to a normal end on some example or on one of the shortest inputs."""
    on_examples = matrix.extended([example.input for example in examples])
    probes = sorted(range(len(matrix.inputs)), key=lambda j: (len(matrix.inputs[j]), j))[:PROBES]
    found = []
    for i in range(len(matrix.solutions)):
        lives = any(on_examples.at(i, k).verdict in (Verdict.AC, Verdict.IE) for k in range(len(examples)))
        if lives or any(matrix.at(i, j).verdict in (Verdict.AC, Verdict.IE) for j in probes):
            found.append(i)
    return tuple(found)


def run_alive(matrix: ExecutionMatrix, examples: Sequence[Example], inputs: Sequence[int]) -> None:
    """Run every candidate that is alive on ``inputs``."""
    if inputs:
        matrix.fill(inputs, alive(matrix, examples))
