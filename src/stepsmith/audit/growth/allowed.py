"""Which inputs may become tests for diversity: wider than what proves a finding, and still within the statement.

A finding needs an input that nobody can call illegal, so that it stays within what known inputs show. A test that is
added for diversity accuses nobody; it may leave what known inputs show in the ways of ``MAY``, as long as no
assertion, type, relation or word of the problem speaks against it. Arguments may be zero, negative, small, empty or
short where none was only if the reference itself asks for that: if it compares the argument with a constant.
"""

import ast
import re
from collections.abc import Iterator

from stepsmith.audit.search.legal import LegalInputs
from stepsmith.audit.search.shapes import Shape, Way
from stepsmith.verify.suite.baselines import arguments

MAY: frozenset[Way] = frozenset({"zero", "negative", "small", "large", "repeats", "long"})
GUARDED: frozenset[Way] = frozenset({"zero", "negative", "small", "empty", "short"})
# Words of a statement that rule a way out.
_RULED_OUT: dict[Way, re.Pattern[str]] = {
    "zero": re.compile(r"\b(?:positive|natural|non-?zero|at least (?:1|one)|prime|factors?|divisors?)\b", re.I),
    "negative": re.compile(
        r"\b(?:positive|natural|non-?negative|unsigned|whole|age|length|size|radius|side|height|width|number of"
        r"|count|index|position|n(?:'|-)?th|factors?|divisors?|primes?|factorial|digits?|binary|hexadecimal|octal|roman|prices?|year|month|day)\b",
        re.IGNORECASE,
    ),
    "repeats": re.compile(r"\b(?:unique|distinct|different|without (?:repeats|duplicates)|permutation)\b", re.I),
    "empty": re.compile(r"\bnon-?empty|not empty|at least\b", re.IGNORECASE),
    "short": re.compile(r"\bat least\b", re.IGNORECASE),
}


class PermittedInputs:
    """The inputs of a problem that may become tests for diversity."""

    def __init__(self, legal: LegalInputs, statement: str, reference: str, entry_point: str | None) -> None:
        self._legal = legal
        self._statement = statement
        self._guarded = guarded_arguments(reference, (entry_point or "").rpartition(".")[2])

    def of(self, texts: list[str]) -> list[str]:
        """Return the inputs that may become tests, in order. Raises ``NotCheckedError`` as ``LegalInputs`` does."""
        legal = self._legal
        if legal.authority == "validator" or not legal.function or not legal.shapes:
            return legal.legal(texts)
        return legal.contracted(list(filter(self._is_permitted, dict.fromkeys(texts))))

    def _is_permitted(self, text: str) -> bool:
        try:
            given = arguments(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return False
        shapes = self._legal.shapes
        if len(given) != len(shapes) or any(not relation.holds(given) for relation in self._legal.relations):
            return False
        if self._legal.broken_word(given, unsorted_too=True):
            return False
        if any(_is_character(shape) and len(str(value)) > 1 for shape, value in zip(shapes, given, strict=True)):
            return False
        return all(
            self._may(found.way, argument=k if _is_of_argument(found.way, shape, value) else None)
            for k, (shape, value) in enumerate(zip(shapes, given, strict=True))
            for found in shape.breaks(value)
        )

    def _may(self, way: Way, argument: int | None) -> bool:
        """Return whether an input may differ in this way; ``argument``: the place of the one that does so itself."""
        if way in _RULED_OUT and _RULED_OUT[way].search(self._statement):
            return False
        return argument in self._guarded if argument is not None and way in GUARDED else way in MAY


def _is_of_argument(way: Way, shape: Shape, value: object) -> bool:
    """Return whether an argument itself differs in this way, and not something in it."""
    return isinstance(value, int | float) or (way in ("empty", "short") and shape.is_short(value))


def _is_character(shape: Shape) -> bool:
    """Return whether all known values are texts of one character; then a longer text is no such argument."""
    return shape.types == {str} and shape.text.lengths == (1, 1)


def guarded_arguments(code: str, name: str) -> set[int]:
    """Return which parameters (by place, without ``self``) a function's own body compares with a constant.

    ``if not values``, ``len(values) < 2`` and ``while n > 0`` count, too; nested functions do not.
    """
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    found = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == name]
    if not found:
        return set()
    names = [a.arg for a in (*found[-1].args.posonlyargs, *found[-1].args.args) if a.arg != "self"]
    tested = {what for node in _own_nodes(found[-1]) for what in _tested(node)}
    return {k for k, parameter in enumerate(names) if parameter in tested}


def _own_nodes(function: ast.FunctionDef) -> Iterator[ast.AST]:
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            waiting += ast.iter_child_nodes(node)


def _tested(node: ast.AST) -> Iterator[str]:
    """Yield the names that a node compares with a constant, or takes as a condition."""
    if isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        if any(isinstance(side, ast.Constant | ast.UnaryOp | ast.List | ast.Tuple) for side in sides):
            yield from filter(None, map(_name, sides))
    elif isinstance(node, ast.If | ast.IfExp | ast.While):
        parts = node.test.values if isinstance(node.test, ast.BoolOp) else [node.test]
        yield from filter(None, (_name(p.operand if isinstance(p, ast.UnaryOp) else p) for p in parts))


def _name(node: ast.expr) -> str:
    """Return the name that an expression is, or whose length it is; "" for any other."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len" and node.args:
        node = node.args[0]
    return node.id if isinstance(node, ast.Name) else ""
