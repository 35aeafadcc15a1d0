"""Is a difference between two outputs one that counts? Some differences are a matter of taste."""

import re

import msgspec

from stepsmith.core.errors import CaseError
from stepsmith.core.integers import read_literal
from stepsmith.core.records import Checker, Contract
from stepsmith.core.several_answers import hints_at_several_answers
from stepsmith.judge.checkers import is_custom
from stepsmith.judge.protocol import Judge

_ORDER_MATTERS = re.compile(
    r"\b(?:sort\w*|order\w*|ascending|descending|revers\w*|rotat\w*|shift\w*|first|last|rank\w*|arrang\w*|sequence"
    r"|rearrang\w*|permut\w*|interleav\w*|insert\w*|append\w*|mov\w+|swap\w*|increasing|decreasing|smallest|largest"
    r"|from left|from right|index\w*|position\w*|each|elements? wise|map\w*|respective\w*|corresponding\w*)\b",
    re.IGNORECASE,
)


def matter_of_taste(judge: Judge, contract: Contract, statement: str, input_text: str, one: str, two: str) -> str:
    """Return why two outputs that the checker tells apart may both be right, or "" where one must be wrong.

    Order where the statement does not speak of it, rounding of floats, letter case and white space, an empty value for
    another one, a number for its text, and statements that allow several answers.
    """
    if is_custom(contract.checker):
        return ""
    if contract.interface == "function" and sum(text.strip() in ("None", "") for text in (one, two)) == 1:
        return _of_values(one, two)  # nothing is no other choice where there is an answer
    if phrase := hints_at_several_answers(statement):
        return f'the statement says "{phrase}"'
    if _agree(judge, contract, "float:1e-4", input_text, one, two):
        return "the answers differ by rounding only"
    if _agree(judge, contract, "unordered", input_text, one, two) and not speaks_of_order(statement):
        return "the answers differ in order only, and the statement does not speak of it"
    if contract.interface == "stdio":
        return "the answers differ in letter case only" if one.lower().split() == two.lower().split() else ""
    return _of_values(one, two)


def speaks_of_order(statement: str) -> bool:
    """Return whether a statement has a word by which the order of an answer's elements may matter."""
    return bool(_ORDER_MATTERS.search(statement))


def _agree(judge: Judge, contract: Contract, checker: str, input_text: str, one: str, two: str) -> bool:
    looser = msgspec.structs.replace(contract, checker=Checker(name=checker))
    try:
        return judge.agree(looser, input_text, one, two)
    except CaseError:
        return False


def _of_values(one: str, two: str) -> str:
    try:
        a, b = read_literal(one), read_literal(two)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return ""
    if not a and not b and type(a) is not type(b):
        return "both answers are empty values, of different types"
    if isinstance(a, str) and isinstance(b, str):
        if a.split() == b.split():
            return "the answers differ in white space only"
        if a.lower() == b.lower():
            return "the answers differ in letter case only"
    if isinstance(a, str) is not isinstance(b, str) and str(a) == str(b):
        return "one answer is the text of the other"
    if isinstance(a, bool) is not isinstance(b, bool) and bool(a) == bool(b):
        return "the answers are true or false alike"
    if isinstance(a, list | tuple) is not isinstance(b, list | tuple) and (a in (b,) or [a] == b or a == [b]):
        return "one answer is a list with the other in it"
    return ""
