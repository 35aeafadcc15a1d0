"""Finding Python literals in running text."""

import ast
import re

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_NAME = re.compile(r"(?:True|False|None)\b")
_OPENING = {"(": ")", "[": "]", "{": "}"}


def literal_at(text: str, start: int) -> tuple[str, int] | None:
    """The Python literal that begins at ``start``, normalised, and where it ends; None where there is none.

    A literal that goes on as an expression (``1 + n / 2``, ``a[0]``) is none.
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
        value = ast.literal_eval(text[start:end].replace("\n", " ") if text[start] in _OPENING else text[start:end])
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        return None
    if re.match(r"\w|[ \t`]*(?:[+*/%^\[]|-\s*\d|\.\w)", text[end:]):
        return None
    return repr(value), end


def closing(text: str, start: int) -> int | None:
    """Index after the bracket that closes the one at ``start``, strings skipped; None if it never closes."""
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
    """Index after the closing quote of the string at ``start`` (on one line, or tripled)."""
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
