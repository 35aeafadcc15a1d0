"""What a message must not do: give the program away, or refer to something that its reader has not seen.

The patterns are ours. They let doubtful messages pass: if a student profits from one, the pass rate shows it.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from difflib import SequenceMatcher

from stepsmith.core.integers import long_integers

SHARED_TOKENS = 8  # a message that shares so many consecutive code tokens with the program is a copy
SHARED_NODES = 7  # nodes of a shared expression, names aside

# References to other problems than the one at hand. Stories have predecessors, too (the previous task of a worker, the
# last question of a quiz), so only words that can mean nothing but the problem count.
_EARLIER_WORD = r"(?:previous|earlier|preceding|prior|original|former|last)"
_PROBLEM_WORD = r"(?:problem|exercise|challenge|puzzle|question|task)"
_EARLIER = re.compile(
    rf"\b(?:(?:as|like|unlike)\s+in|unlike|compared\s+(?:with|to))\s+(?:the|our|your|that)\s+{_EARLIER_WORD}\s+"
    rf"(?:{_PROBLEM_WORD}|version|variant)\b(?!\s+of\b)"
    rf"|\b(?:previous|earlier|preceding|prior|original|former)\s+problem\b"
    rf"|\b(?:in|to|from|of|on)\s+(?:the|our|your)\s+(?:previous|earlier|preceding|prior|original|former|last)\s+"
    rf"(?:problem|exercise|challenge)\b(?!\s+of\b)"
    r"|\b(?:harder|easier|more\s+difficult)\s+(?:version|problem)\b"
    rf"|\b(?:simpler|modified|generali[sz]ed|extended)\s+(?:version|variant|variation)\s+of\s+(?:the|this|that|our)\s+"
    rf"(?:\w+\s+)?{_PROBLEM_WORD}\b"
    r"|(?:\A|[.!?]\s)\s*(?:as|unlike)\s+before\b|\bas\s+in\s+the\s+(?:last|previous)\s+version\b|\A\s*this\s+time\b"
    r"|\bpass\s+rate\s+(?:was|of\s+(?:0|\d+%|the\s+(?:last|previous)))",
    re.IGNORECASE,
)
_UNSEEN = re.compile(
    r"\b(?:this|given|following|original|seed)\s+(?:code|program)\s+(?:does|do|computes|returns|prints|above|below|is)\b"
    r"|\b(?:source|seed|original)\s+code\b|\b(?:the|this|given)\s+snippet\b"
    r"|\bcode\s+(?:snippet|above|below)\b|\bfunction\s+(?:above|below)\b|\b(?:input|python)\s+blocks?\b",
    re.IGNORECASE,
)
_CODE_LINE = re.compile(
    r"^\s*(?:def \w+\(.*\).*:|return\b.+[(\[+*/%]|for \w+ in .+\).*:|\w+ [-+*/%]?= .+[(\[])", re.MULTILINE
)
_TOKEN = re.compile(r"[A-Za-z_]\w*|\d+|[^\s\w]")
_QUOTED = re.compile(r"`+([^`\n]+)`+")
# The pieces of prose: words (hyphenated ones whole), numbers, operators, brackets.
_PIECE = re.compile(r"[A-Za-z_]\w*(?:-[A-Za-z]\w*)*|\d+(?:\.\d+)?|\*\*|//|<<|>>|[<>=!]=|\S")
_OPERATORS = frozenset(
    ("+", "-", "*", "/", "%", "**", "//", "<<", ">>", "&", "|", "^", "~", "<", ">", "<=", ">=", "==")
)
_MATHEMATICAL = str.maketrans({"·": "*", "×": "*", "⋅": "*", "−": "-", "–": "-", "÷": "/", "≤": "<=", "≥": ">="})


def refers_to_earlier(text: str) -> str:
    """Return the words of a text that refer to another problem, which its reader has not seen; "" if there are none."""
    match = _EARLIER.search(text)
    return " ".join(match[0].split()) if match else ""


def relies_on_unseen(message: str) -> str:
    """Return the words that refer to earlier turns, or to what the student is not shown; "" if there are none."""
    match = _UNSEEN.search(message)
    return refers_to_earlier(message) or (" ".join(match[0].split()) if match else "")


def leaked_code(message: str, code: str) -> str:
    """Return what in ``message`` gives ``code`` away, in words; "" if nothing does.

    That is a fenced block or a line that is plainly Python; a run of at least ``SHARED_TOKENS`` tokens of the
    program; or a formula that, whatever its variables are called and however it is spaced, occurs in the program and
    has at least ``SHARED_NODES`` syntax nodes, as ``10 * depth + position`` has. What a number is made of may be said
    in words ("ten times the depth plus the position").
    """
    if "```" in message or "~~~" in message:
        return "it has a code block"
    if line := _CODE_LINE.search(message):
        return f"it has a line of code, {line[0].strip()[:60]!r}"
    if run := _shared_run(message, code):
        return f"it repeats the program: {run!r}"
    if expression := _shared_expression(message, code):
        return f"it states a formula of the program, {expression!r}; say it in words"
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


@long_integers()
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
    for line in message.translate(_MATHEMATICAL).splitlines():
        yield from _formulas(line)


def _formulas(line: str) -> Iterator[str]:
    """Yield the parts of a line of prose that are written as formulas: operands and operators in turn."""
    run: list[tuple[str, str]] = []  # (kind, text)
    end = 0
    for piece in _PIECE.finditer(line):
        text, spaced = piece[0], piece.start() > end
        end = piece.end()
        kind = _kind(text)
        before = run[-1][0] if run else ""
        open_brackets = sum(k == "open" for k, _ in run) - sum(k == "close" for k, _ in run)
        after_value = before in ("operand", "close")
        fits = {
            "operand": not after_value,
            "open": not after_value or not spaced,  # "max(", not "depth (the"
            "close": after_value and open_brackets > 0,
            "operator": after_value or (text in "+-~" and before != ""),
            "comma": after_value and open_brackets > 0,
        }.get(kind, False)
        if not fits:
            yield from _complete(run)
            run = []
        if fits or kind in ("operand", "open"):
            run.append((kind, text))
    yield from _complete(run)


def _kind(text: str) -> str:
    if text[0].isalnum() or text[0] == "_":
        return "word" if "-" in text else "operand"
    return {"(": "open", "[": "open", ")": "close", "]": "close", ",": "comma"}.get(
        text, "operator" if text in _OPERATORS else "other"
    )


def _complete(run: list[tuple[str, str]]) -> Iterator[str]:
    """Yield the complete formulas of a run: without an operator at the end, and cut at brackets that are not closed."""
    while run and run[-1][0] in ("operator", "open", "comma"):
        run = run[:-1]
    start = 0
    opened: list[int] = []
    for place, (kind, _) in enumerate(run):
        if kind == "open":
            opened.append(place)
        elif kind == "close" and opened:
            opened.pop()
    for place in [*opened, len(run)]:
        part = run[start:place]
        while part and part[-1][0] in ("operator", "comma"):
            part = part[:-1]
        if any(kind == "operator" for kind, _ in part):
            yield " ".join(text for _, text in part)
        start = place + 1


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
