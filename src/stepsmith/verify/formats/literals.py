"""Finding Python literals in running text; JSON's ``true``, ``false`` and ``null`` are read, too."""

import ast
import re

from stepsmith.core.integers import long_integers

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_NAME = re.compile(r"(?:True|False|None|true|false|null)\b")
_JSON_NAMES = {"true": True, "false": False, "null": None}
_OPENING = {"(": ")", "[": "]", "{": "}"}


@long_integers()
def literal_at(text: str, start: int) -> tuple[str, int] | None:
    """Return the literal that begins at ``start``, as ``repr`` writes it, and where it ends; None if there is none.

    Text that goes on as an expression (``1 + n / 2``, ``a[0]``) is not a literal.
    """
    if start >= len(text):
        return None
    if text[start] in _OPENING:
        end = closing(text, start)
    elif text[start] in "'\"":
        end = end_of_string(text, start)
    else:
        match = _NUMBER.match(text, start) or _NAME.match(text, start)
        end = match.end() if match else None
        if match and end and match.group().endswith("."):
            end -= 1  # the full stop of a sentence: Python prints "7.0"
    if end is None:
        return None
    try:
        value = _value(text[start:end].replace("\n", " ") if text[start] in _OPENING else text[start:end])
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        return None
    if re.match(r"\w|[ \t`]*(?:[+*/%^\[]|-\s*\d|\.\w)", text[end:]):
        return None
    return repr(value), end


def _value(text: str) -> object:
    """Evaluate a literal. Raises what ``ast.literal_eval`` raises."""
    tree = ast.parse(text.strip(), mode="eval")
    return ast.literal_eval(_JsonNames().visit(tree))


class _JsonNames(ast.NodeTransformer):
    """Replaces JSON's names by the values that they stand for."""

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """Replace one name."""
        return ast.Constant(value=_JSON_NAMES[node.id]) if node.id in _JSON_NAMES else node


def closing(text: str, start: int) -> int | None:
    """Return the index after the bracket that closes the one at ``start``; None if none does. Strings are skipped."""
    stack: list[str] = []
    at = start
    while at < len(text) and at - start < 20_000:
        char = text[at]
        if char in "'\"":
            end = end_of_string(text, at)
            if end is None:
                return None
            at = end
            continue
        if char in _OPENING:
            stack.append(_OPENING[char])
        elif char in ")]}":
            if not stack or stack.pop() != char:
                return None
            if not stack:
                return at + 1
        at += 1
    return None


def end_of_string(text: str, start: int) -> int | None:
    """Return the index after the closing quote of the string at ``start`` (on one line, or tripled), or None."""
    quote = text[start] * 3 if text.startswith(text[start] * 3, start) else text[start]
    at = start + len(quote)
    while at < len(text):
        if text[at] == "\\":
            at += 2
            continue
        if text.startswith(quote, at):
            return at + len(quote)
        if len(quote) == 1 and text[at] == "\n":
            return None
        at += 1
    return None
