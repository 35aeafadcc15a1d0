"""Answers that are Python literals: read from a reply, brought to one canonical text."""

import ast

from stepsmith.core.answers import last_code_block, strip_reasoning

MAX_TEXT = 1_000_000  # characters; a longer answer is no answer


def literal_answer(reply: str) -> str | None:
    """Return the literal in a reply's last code block, or in its last line when it has no block; None without one.

    The text is returned as ``repr`` of its value, so that equal answers are equal texts.
    """
    text = last_code_block(reply)
    if text is None:
        lines = strip_reasoning(reply).strip().splitlines()
        text = lines[-1] if lines else ""
    return canonical(text.strip())


def canonical(text: str) -> str | None:
    """``repr`` of the literal value of ``text``; None when it is not a Python literal."""
    if not text or len(text) > MAX_TEXT:
        return None
    try:
        return repr(ast.literal_eval(text))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def arguments(text: str, arity: int) -> str:
    """Bring argument literals to an argument tuple: ``"[1, 2], 3"`` → ``"([1, 2], 3)"``, ``"[1]"`` → ``"([1],)"``.

    ``text`` is a canonical literal. A tuple counts as the arguments when it has ``arity`` members, else as the one
    argument.
    """
    literal = ast.parse(text, mode="eval").body  # only its form: `inf`, the text of 1e999, is no Python literal
    if isinstance(literal, ast.Tuple) and len(literal.elts) == arity:
        return text
    return f"({text},)"


def parameters_of(program: str, entry_point: str) -> list[str]:
    """Names of the positional parameters of a function defined in ``program``; of a ``Solution.method`` without
    ``self``. Raises ``ValueError`` without it.
    """
    owner, _, name = entry_point.rpartition(".")
    classes = [node for node in ast.walk(ast.parse(program)) if isinstance(node, ast.ClassDef) and node.name == owner]
    for scope in classes if owner else [ast.parse(program)]:
        for node in ast.walk(scope):
            if isinstance(node, ast.FunctionDef) and node.name == name:
                names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
                return names[1:] if owner else names
    raise ValueError(f"the program defines no function {entry_point!r}")


def arity_of(program: str, entry_point: str) -> int:
    """Number of positional parameters of a function defined in ``program``. Raises ``ValueError`` without it."""
    return len(parameters_of(program, entry_point))
