"""Checks, before any program runs, whether a test's input can be read as the arguments of a function."""

import ast
import contextlib
import json

from stepsmith.core.errors import CaseError
from stepsmith.core.integers import long_integers
from stepsmith.core.records import Interface
from stepsmith.judge.checkers.values import NotLiteralError, parse_value
from stepsmith.sandbox.values import NAMES


def check_input(interface: Interface, text: str) -> None:
    """Raise ``CaseError`` for an input of the function interface that no program could be called with."""
    if interface != "function":
        return
    try:
        parse_value(text.strip())
    except NotLiteralError:
        if why := _why_not(text.strip()):
            raise CaseError(f"the input is not the arguments of a function: {why}") from None


@long_integers()
def _why_not(text: str) -> str:
    """Return why an expression, such as ``([0] * 5,)``, cannot be evaluated; "" where it seems that it can."""
    with contextlib.suppress(ValueError, RecursionError):
        json.loads(text)
        return ""
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError as error:
        return error.msg
    except (ValueError, MemoryError, RecursionError) as error:
        return str(error)
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    made = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    unknown = [node.id for node in names if node.id not in made and node.id not in NAMES]
    return f"the name {unknown[0]!r} stands for no value" if unknown else ""
