"""Recognises problems where several different outputs are right, so that disagreement does not show a mistake."""

import re
from collections.abc import Sequence
from itertools import pairwise

import msgspec

from stepsmith.core.records import Checker
from stepsmith.verify.labels.behaviour import Behaviour
from stepsmith.verify.matrix import ExecutionMatrix

_ANY_ANSWER = re.compile(
    r"(?:print|output|return|find|give|report)s?\s+any\b|any\s+(?:of\s+them|one\s+of\s+them|valid|such|correct)\b"
    r"|(?:multiple|several|many)\s+(?:\w+\s+){0,2}(?:answers|solutions|outputs|results)"
    r"|in\s+any\s+order|order\s+does\s*(?:n.t|\s+not)\s+matter|any\s+order\b",
    re.IGNORECASE,
)
LOOSER = (Checker(name="unordered"), Checker(name="float:1e-6"))  # in the order they are tried


def many_valid_answers(matrix: ExecutionMatrix, ranked: Sequence[Behaviour], statement: str) -> str:
    """Say why this looks like a problem with many valid answers, or "".

    Two well supported behaviours (at least two candidates and a fifth of all each) disagree by the problem's checker,
    and either a looser checker accepts each for the other on every input, or the statement allows any answer.
    """
    strong = [b for b in ranked if len(b.members) >= max(2, len(matrix.solutions) / 5) and None not in b.answers]
    for first, second in pairwise(strong):
        differ = [j for j in range(len(matrix.inputs)) if first.answers[j] != second.answers[j]]
        for checker in LOOSER:
            if checker.name != matrix.contract.checker.name and _agree(matrix, first, second, differ, checker):
                return (
                    f"candidates {first.members[0]} and {second.members[0]} differ on {len(differ)} inputs, yet the "
                    f'checker "{checker.name}" accepts both: use it'
                )
        if phrase := _ANY_ANSWER.search(statement):
            return (
                f"candidates {first.members[0]} and {second.members[0]} both have support and differ on {len(differ)} "
                f'inputs, and the statement says "{" ".join(phrase.group().split())}": it needs a checker program'
            )
    return ""


def _agree(
    matrix: ExecutionMatrix, first: Behaviour, second: Behaviour, differ: Sequence[int], checker: Checker
) -> bool:
    """Say whether ``checker`` accepts the outputs for each other on all inputs where they differ."""
    contract = msgspec.structs.replace(matrix.contract, checker=checker)
    pairs = [(j, matrix.at(first.members[0], j).output, matrix.at(second.members[0], j).output) for j in differ]
    return bool(pairs) and all(
        matrix.judge.agree(contract, matrix.inputs[j], a, b) and matrix.judge.agree(contract, matrix.inputs[j], b, a)
        for j, a, b in pairs
    )
