"""Recognises problems where several different outputs are right, so that disagreement does not show a mistake."""

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from stepsmith.core.records import Checker, Example
from stepsmith.core.several_answers import hints_at_several_answers
from stepsmith.judge.checkers import is_custom
from stepsmith.verify.labels.behaviour import Behaviour, behaviours
from stepsmith.verify.labels.verification import Verification
from stepsmith.verify.matrix import ExecutionMatrix

LOOSER = (Checker(name="unordered"), Checker(name="float:1e-6"))  # in the order they are tried
REASON = "many-valid-answers"


def refuse_many_answers(
    matrix: ExecutionMatrix, verification: Verification, statement: str, examples: Sequence[Example] = ()
) -> Verification:
    """Return ``verification``, rejected if it was accepted and the problem seems to have many valid answers.

    For the methods that do not group candidates by behaviour. Runs the whole matrix.
    """
    if verification.status != "accepted":
        return verification
    ranked = sorted(behaviours(matrix, examples), key=lambda b: (-b.passed, -len(b.members), b.members[0]))
    detail = many_valid_answers(matrix, ranked, statement)
    if not detail:
        return verification
    return msgspec.structs.replace(verification, status="rejected", reason=REASON, detail=detail)


def many_valid_answers(matrix: ExecutionMatrix, ranked: Sequence[Behaviour], statement: str) -> str:
    """Return why this looks like a problem with many valid answers, or "".

    Two well supported behaviours (at least two candidates and a fifth of all each) that reproduce as many worked
    examples disagree by the problem's checker, and either a looser checker accepts each for the other on every input,
    or the statement allows any answer. A problem with a checker program has said which answers are right.
    """
    if is_custom(matrix.contract.checker):
        return ""
    strong = [b for b in ranked if len(b.members) >= max(2, len(matrix.solutions) / 5) and None not in b.answers]
    for first, second in pairwise(strong):
        differ = [j for j in range(len(matrix.inputs)) if first.answers[j] != second.answers[j]]
        if first.passed != second.passed or not differ:
            continue
        for checker in LOOSER:
            if checker.name != matrix.contract.checker.name and _agree(matrix, first, second, differ, checker):
                return (
                    f"candidates {first.members[0]} and {second.members[0]} differ on {len(differ)} inputs, yet the "
                    f'checker "{checker.name}" accepts both: use it'
                )
        if phrase := hints_at_several_answers(statement):
            return (
                f"candidates {first.members[0]} and {second.members[0]} both have support and differ on {len(differ)} "
                f'inputs, and the statement says "{phrase}": it needs a checker program'
            )
    return ""


def _agree(
    matrix: ExecutionMatrix, first: Behaviour, second: Behaviour, differ: Sequence[int], checker: Checker
) -> bool:
    """Return whether ``checker`` accepts the outputs for each other on all inputs where they differ."""
    contract = msgspec.structs.replace(matrix.contract, checker=checker)
    pairs = [(j, matrix.at(first.members[0], j).output, matrix.at(second.members[0], j).output) for j in differ]
    return all(
        matrix.judge.agree(contract, matrix.inputs[j], a, b) and matrix.judge.agree(contract, matrix.inputs[j], b, a)
        for j, a, b in pairs
    )
