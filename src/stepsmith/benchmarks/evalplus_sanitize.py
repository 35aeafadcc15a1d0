"""What EvalPlus' ``sanitize`` keeps of a text, without tree-sitter: Python's own parser reads the same part.

The longest run of lines that is Python is taken; of it, imports, and the definitions that the entry point needs.
Odd cases are as they are there: functions without ``return`` and decorated ones are dropped. Only comments after the
last statement of a function differ: they are not kept here. It follows the main branch of EvalPlus after 0.3.1.
"""

import ast
import re
import warnings
from itertools import accumulate

_ANSI = re.compile(r"\x1B(?:[@-Z\\-_]|\[[0-?]*[ -/]*[@-~])")


def sanitize(text: str, entry_point: str) -> str:
    """Return what ``sanitize(text, entry_point)`` of EvalPlus returns."""
    code = longest_python(text)
    kept = _needed(code, entry_point).strip()
    return kept or code


def longest_python(text: str) -> str:
    """Return the longest run of lines that parses, counted in lines that are not blank; the first such run."""
    text = _ANSI.sub("", text)
    lines = text.split("\n")
    filled = [0, *accumulate(int(bool(line.strip())) for line in lines)]
    best, where = 0, (0, 0)
    for i in range(len(lines)):
        if filled[-1] - filled[i] <= best:
            break
        for j in range(len(lines) - 1, i, -1):  # from the end: the longest run of this start comes first
            count = filled[j + 1] - filled[i]
            if count <= best:
                break
            if _parses("\n".join(lines[i : j + 1])):
                best, where = count, (i, _first_end(lines, filled, i, j))
                break
    return "\n".join(lines[where[0] : where[1] + 1])


def _first_end(lines: list[str], filled: list[int], i: int, j: int) -> int:
    """Return the first end at which the run has as many lines that are not blank, and still parses."""
    ends = (end for end in range(i + 1, j) if filled[end + 1] == filled[j + 1])
    return next((end for end in ends if _parses("\n".join(lines[i : end + 1]))), j)


def _parses(code: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(code)
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            return False
    return True


def _needed(code: str, entry_point: str) -> str:
    """Return the imports, and the definitions that the entry point needs, as they stand in the text."""
    if not _parses(code):
        return ""
    imports, definitions = [], []
    names: set[str] = set()
    for node in ast.parse(code).body:
        text = ast.get_source_segment(code, node) or ""
        if isinstance(node, ast.Import | ast.ImportFrom):
            imports.append(text)
            continue
        name = _defined(node)
        if name is not None and name not in names:
            names.add(name)
            definitions.append((name, node, text))
    needs = {name: _identifiers(node) for name, node, _ in definitions}
    reached, queue = {entry_point}, [entry_point]
    while queue:
        for other in needs.get(queue.pop(), ()):
            if other not in reached:
                reached.add(other)
                queue.append(other)
    return "\n".join((*imports, *(text for name, _, text in definitions if name in reached)))


def _defined(node: ast.stmt) -> str | None:
    """Return the name that a statement defines, as tree-sitter's tree shows it; None for what is dropped."""
    if isinstance(node, ast.ClassDef):
        return None if node.decorator_list else node.name
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        returns = any(isinstance(inner, ast.Return) for inner in ast.walk(node))
        return node.name if returns and not node.decorator_list else None
    if isinstance(node, ast.Assign | ast.AnnAssign):
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        for side in (target, node.value):
            if isinstance(side, ast.Name):
                return side.id
    return None


def _identifiers(node: ast.AST) -> set[str]:
    """Return all identifiers in a statement: names, attributes, parameters, keywords, definitions and imports."""
    found: set[str] = set()
    for inner in ast.walk(node):
        for field in ("id", "attr", "arg", "name", "asname"):
            value = getattr(inner, field, None)
            if isinstance(value, str):
                found.update(value.split("."))
        if isinstance(inner, ast.Global | ast.Nonlocal):
            found.update(inner.names)
    return found
