"""What a message must not do: give the program away, or lean on what its reader has not seen.

The patterns are ours. They are tuned to let doubtful messages pass: a student that profits shows in the pass rate.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from difflib import SequenceMatcher

SHARED_TOKENS = 8  # consecutive code tokens in message and program, from which on it is a copy
SHARED_NODES = 7  # nodes of a shared expression, names aside

# Words of stories are left out on purpose: tasks, rounds and students have predecessors, too.
_EARLIER = re.compile(
    r"\b(?:previous|earlier|last|preceding|prior|original|former)\s+(?:problem|exercise|challenge|puzzle|question)\b"
    r"|\b(?:previous|earlier|original|harder|easier|simpler|modified|more\s+difficult)\s+(?:version|variant|variation)\b"
    r"|\b(?:harder|easier)\s+problem\b|\b(?:as|unlike)\s+before\b|\bas\s+in\s+the\s+(?:last|previous)\b"
    r"|\bthis\s+time,|\bpass\s+rate\b|\bprevious\s+(?:turn|attempts?)\b",
    re.IGNORECASE,
)
_UNSEEN = re.compile(
    r"\b(?:this|given|following|original)\s+(?:code|program|source)\b|\b(?:the|this|given)\s+snippet\b"
    r"|\bcode\s+(?:snippet|above|below)\b|\bfunction\s+(?:above|below)\b|\b(?:input|python)\s+blocks?\b",
    re.IGNORECASE,
)
_CODE_LINE = re.compile(
    r"^\s*(?:def \w+\(.*\).*:|return\b.+[(\[+*/%]|for \w+ in .+\).*:|\w+ [-+*/%]?= .+[(\[])", re.MULTILINE
)
_TOKEN = re.compile(r"[A-Za-z_]\w*|\d+|[^\s\w]")
_QUOTED = re.compile(r"`+([^`\n]+)`+")


def relies_on_unseen(message: str) -> str:
    """Return the words that refer to earlier turns, or to what the student is not shown; "" if there are none."""
    match = _EARLIER.search(message) or _UNSEEN.search(message)
    return " ".join(match[0].split()) if match else ""


def leaked_code(message: str, code: str) -> str:
    """Return what in ``message`` gives ``code`` away, in words; "" if nothing does.

    That is a fenced block or a line that is plainly Python; a run of at least ``SHARED_TOKENS`` tokens of the
    program; or an expression that, whatever its variables are called, occurs in the program and has at least
    ``SHARED_NODES`` syntax nodes.
    """
    if "```" in message or "~~~" in message:
        return "it has a code block"
    if line := _CODE_LINE.search(message):
        return f"it has a line of code, {line[0].strip()[:60]!r}"
    if run := _shared_run(message, code):
        return f"it repeats the program: {run!r}"
    if expression := _shared_expression(message, code):
        return f"it states an expression of the program: {expression!r}"
    return ""


def _shared_run(message: str, code: str) -> str:
    said, written = _TOKEN.findall(message), _code_tokens(code)
    matcher = SequenceMatcher(None, said, written, autojunk=False)
    match = matcher.find_longest_match()
    run = said[match.a : match.a + match.size]
    operators = sum(not token[0].isalnum() for token in run)
    return " ".join(run) if len(run) >= SHARED_TOKENS and operators else ""


def _code_tokens(code: str) -> list[str]:
    """Tokens of a program without comments and strings, whose prose a message may share."""
    kept: list[str] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            if token.type in (tokenize.NAME, tokenize.NUMBER, tokenize.OP):
                kept += _TOKEN.findall(token.string)
    except (tokenize.TokenError, IndentationError):
        return _TOKEN.findall(code)
    return kept


def _shared_expression(message: str, code: str) -> str:
    program = {_shape(node) for node in ast.walk(ast.parse(code)) if isinstance(node, ast.expr)}
    for text in _expressions(message):
        try:
            tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.expr) and _size(node) >= SHARED_NODES and _shape(node) in program:
                return ast.unparse(node)
    return ""


def _expressions(message: str) -> Iterator[str]:
    yield from _QUOTED.findall(message)
    yield from message.splitlines()


def _size(node: ast.AST) -> int:
    return sum(not isinstance(part, ast.expr_context) for part in ast.walk(node))


def _shape(node: ast.AST) -> str:
    """The syntax tree as text, with variables numbered in the order in which they occur."""
    names: dict[str, str] = {}

    def text(part: object) -> str:
        if isinstance(part, ast.Name):
            return names.setdefault(part.id, f"v{len(names)}")
        if isinstance(part, ast.AST):
            return f"{type(part).__name__}({','.join(text(getattr(part, field, None)) for field in part._fields)})"
        if isinstance(part, list):
            return f"[{','.join(map(text, part))}]"
        return repr(part)

    return text(node)
