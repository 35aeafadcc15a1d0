"""Find signals, such as a sorted call, in the syntax tree of a code window; they guide the grammar."""

import ast
import re
import textwrap
import warnings
from collections.abc import Callable, Iterator

from stepsmith.core.records import Record, Seed

MAX_TRIMS = 6  # how many times a piece is cut at a syntax error before its first line is dropped


class Signal(Record, frozen=True, kw_only=True):
    """One thing found in a seed, with the line numbers in the file (ascending, distinct)."""

    name: str
    lines: tuple[int, ...]


def read_signals(seed: Seed) -> tuple[Signal, ...]:
    """Return the signals of a seed in the order of ``SIGNALS``.

    A window usually starts and ends in the middle of a function. So signals are read from the largest pieces that can
    be parsed after they are dedented; all other lines are skipped.
    """
    seen: dict[str, set[int]] = {}
    for first_line, tree in parsable_pieces(seed.code):
        offset = seed.first_line + first_line
        for node in ast.walk(tree):
            for name, holds in DETECTORS:
                if holds(node):
                    seen.setdefault(name, set()).add(offset + _line(node))
    return tuple(Signal(name=name, lines=tuple(sorted(seen[name]))) for name in SIGNALS if name in seen)


def parsable_pieces(code: str) -> Iterator[tuple[int, ast.Module]]:
    """Yield (0-based line offset minus one, tree) of consecutive pieces of ``code`` that parse, as large as possible.

    A tree's own 1-based line numbers plus the offset give 0-based lines of ``code``.
    """
    lines = code.split("\n")
    start = 0
    while start < len(lines):
        if not lines[start].strip():
            start += 1
            continue
        end = _end_of_block(lines, start)
        tree = None
        for _ in range(MAX_TRIMS):
            tree, error_line = _parse(lines[start:end])
            if tree is not None:
                break
            end = min(start + error_line - 1, end - 1)
            if end <= start:
                break
        if tree is None:
            start += 1
            continue
        yield start - 1, tree
        start = end


def _end_of_block(lines: list[str], start: int) -> int:
    """Return the first line after ``start`` that is indented less than it (or the end)."""
    indent = _indent(lines[start])
    for i in range(start + 1, len(lines)):
        if lines[i].strip() and _indent(lines[i]) < indent:
            return i
    return len(lines)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _parse(lines: list[str]) -> tuple[ast.Module | None, int]:
    """Return the tree, or None and the 1-based line of the first syntax error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # warnings about a seed's code do not help the user
        try:
            return ast.parse(textwrap.dedent("\n".join(lines))), 0
        except SyntaxError as error:
            return None, error.lineno or 1
        except (ValueError, RecursionError, MemoryError):  # null bytes, absurd nesting
            return None, 1


def _line(node: ast.AST) -> int:
    return getattr(node, "lineno", 1)


# --- what each signal looks like -------------------------------------------------------------------------------------

Detector = Callable[[ast.AST], bool]
_LOOPS = (ast.For, ast.While, ast.AsyncFor)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_STRING_METHODS = frozenset(
    {"startswith", "endswith", "find", "rfind", "index", "strip", "lstrip", "rstrip", "isdigit", "isalpha", "isspace",
     "isupper", "islower", "isalnum", "lower", "upper", "replace", "count", "partition", "rpartition"}
)  # fmt: skip


def _called(node: ast.AST) -> str:
    """Name of the function or method that ``node`` calls, or an empty string."""
    if not isinstance(node, ast.Call):
        return ""
    if isinstance(node.func, ast.Name):
        return node.func.id
    return node.func.attr if isinstance(node.func, ast.Attribute) else ""


def _calls(*names: str) -> Detector:
    return lambda node: _called(node) in names


def _is(*kinds: type[ast.AST]) -> Detector:
    return lambda node: isinstance(node, kinds)


def _operator(*kinds: type[ast.operator]) -> Detector:
    return lambda node: isinstance(node, (ast.BinOp, ast.AugAssign)) and isinstance(node.op, kinds)


def _mentions(pattern: str) -> Detector:
    """Match a whole word of a name, an attribute or a parameter, such as ``queue`` in ``work_queue``."""
    word = re.compile(rf"(?:^|_)(?:{pattern})(?:_|$|s$|s_)", re.IGNORECASE)

    def holds(node: ast.AST) -> bool:
        name = getattr(node, "id", None) or getattr(node, "attr", None) or getattr(node, "arg", None)
        return isinstance(name, str) and word.search(name) is not None

    return holds


def _any(*detectors: Detector) -> Detector:
    return lambda node: any(holds(node) for holds in detectors)


def _contains(outer: tuple[type[ast.AST], ...], inner: Detector) -> Detector:
    """Match a node of the kinds ``outer`` with a proper descendant that ``inner`` matches."""
    return lambda node: isinstance(node, outer) and any(inner(child) for child in ast.walk(node) if child is not node)


def _recursion(node: ast.AST) -> bool:
    """A function that calls itself, by its name or as ``self.name``; ``super().name`` is another function."""
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return False
    spellings = {node.name, f"self.{node.name}", f"cls.{node.name}"}
    return any(isinstance(child, ast.Call) and ast.unparse(child.func) in spellings for child in ast.walk(node))


def _dict_use(node: ast.AST) -> bool:
    text_key = isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(
        node.slice.value, str
    )  # fmt: skip
    return (
        text_key
        or isinstance(node, (ast.Dict, ast.DictComp))
        or _called(node) in {"dict", "defaultdict", "OrderedDict", "setdefault", "items", "keys", "values"}
        or (_called(node) == "get" and isinstance(node, ast.Call) and 1 <= len(node.args) <= 2)
    )


def _stack_use(node: ast.AST) -> bool:
    """``x.pop()`` or ``x[-1]``."""
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, ast.UnaryOp) and ast.unparse(node.slice) == "-1"
    return _called(node) == "pop" and isinstance(node, ast.Call) and not node.args


def _counting(node: ast.AST) -> bool:
    by_one = (
        isinstance(node, ast.AugAssign)
        and isinstance(node.op, ast.Add)
        and isinstance(node.value, ast.Constant)
        and node.value.value == 1
    )
    return by_one or _called(node) in {"Counter", "count"}


def _accumulation(node: ast.AST) -> bool:
    return _called(node) in {"sum", "accumulate", "reduce"} or (
        isinstance(node, _LOOPS)
        and any(
            isinstance(child, ast.AugAssign) and isinstance(child.op, (ast.Add, ast.Sub, ast.Mult))
            for child in ast.walk(node)
        )
    )


def _string_scanning(node: ast.AST) -> bool:
    if _called(node) in _STRING_METHODS or _called(node) in {"ord", "chr"}:
        return True
    if isinstance(node, ast.Compare):
        return any(
            isinstance(side, ast.Constant) and isinstance(side.value, str) and len(side.value) == 1
            for side in (node.left, *node.comparators)
        )
    return False


def _index_arithmetic(node: ast.AST) -> bool:
    return isinstance(node, ast.Subscript) and any(
        isinstance(child, ast.BinOp) and isinstance(child.op, (ast.Add, ast.Sub)) for child in ast.walk(node.slice)
    )


def _string_building(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or _called(node) in {"join", "format", "write"}


def _pair_handling(node: ast.AST) -> bool:
    pair_target = isinstance(node, _LOOPS[:1]) and isinstance(node.target, ast.Tuple) and len(node.target.elts) == 2
    unpacking = isinstance(node, ast.Assign) and any(
        isinstance(target, ast.Tuple) and len(target.elts) == 2 for target in node.targets
    )
    return pair_target or unpacking or _called(node) == "zip"


def _grid(node: ast.AST) -> bool:
    return isinstance(node, ast.Subscript) and isinstance(node.value, ast.Subscript)


def _digits(node: ast.AST) -> bool:
    """``% 10``, ``// 10`` or ``divmod(..., 10)``: taking a number apart."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mod, ast.FloorDiv)):
        return isinstance(node.right, ast.Constant) and node.right.value == 10
    return _called(node) == "divmod"


def _search(node: ast.AST) -> bool:
    found_and_left = isinstance(node, ast.If) and any(isinstance(child, (ast.Break, ast.Return)) for child in node.body)
    membership = isinstance(node, ast.Compare) and any(isinstance(op, (ast.In, ast.NotIn)) for op in node.ops)
    return found_and_left or membership


DETECTORS: tuple[tuple[str, Detector], ...] = (
    ("loop", _is(*_LOOPS)),
    ("while loop", _is(ast.While)),
    ("nested loops", _contains(_LOOPS, _is(*_LOOPS))),
    ("nesting", _contains((ast.If, ast.For, ast.While), _is(ast.If))),
    ("comparison", _is(ast.Compare)),
    ("boolean logic", _any(_is(ast.BoolOp), lambda n: isinstance(n, ast.UnaryOp) and isinstance(n.op, ast.Not))),
    ("recursion", _recursion),
    ("dict use", _dict_use),
    ("set use", _any(_is(ast.Set, ast.SetComp), _calls("set", "frozenset", "add", "discard", "union"))),
    ("sorted call", _calls("sorted", "sort")),
    ("reversed order", _calls("reversed", "reverse")),
    ("slicing", _is(ast.Slice)),
    ("modular arithmetic", lambda n: _operator(ast.Mod)(n) and not _formats(n)),
    ("integer division", _any(_operator(ast.FloorDiv), _calls("divmod"))),
    ("multiplication", _operator(ast.Mult)),
    ("power", _any(_operator(ast.Pow), _calls("pow", "sqrt", "isqrt"))),
    ("number theory", _calls("gcd", "lcm", "is_prime", "factor", "pow", "isqrt", "divmod", "comb", "factorial")),
    ("digits", _digits),
    ("bit operations", _operator(ast.BitAnd, ast.BitOr, ast.BitXor, ast.LShift, ast.RShift)),
    ("string scanning", _string_scanning),
    ("string building", _string_building),
    ("parsing", _any(_calls("split", "splitlines", "partition", "match", "parse", "read", "readline", "tokenize"))),
    ("regular expression", _calls("compile", "findall", "finditer", "fullmatch", "sub", "search")),
    ("stack use", _any(_stack_use, _mentions("stack"))),
    ("queue use", _any(_calls("popleft", "appendleft", "deque", "put", "get_nowait"), _mentions("queue|fifo"))),
    ("heap use", _any(_calls("heappush", "heappop", "heapify", "nlargest", "nsmallest"), _mentions("heap|priority"))),
    ("accumulation", _accumulation),
    ("counting", _counting),
    ("min/max", _calls("min", "max")),
    ("search", _search),
    ("bisect", _any(_calls("bisect", "bisect_left", "bisect_right", "insort"), _mentions("lo|hi|mid|bisect"))),
    ("index arithmetic", _index_arithmetic),
    ("grid", _any(_grid, _mentions("grid|matrix|row|col|column|width|height|board"))),
    ("graph", _mentions("graph|node|edge|neighbor|neighbour|adj|vertex|vertices|visited|path|link|succ|pred")),
    ("tree", _mentions("tree|parent|child|children|root|leaf|left|right|ancestor|depth")),
    ("pairs", _pair_handling),
    ("interval", _mentions("start|end|begin|stop|interval|range|span|offset|first|last")),
    ("list comprehension", _is(ast.ListComp)),
    ("comprehension", _is(*_COMPREHENSIONS)),
    ("generator", _is(ast.Yield, ast.YieldFrom, ast.GeneratorExp)),
    ("lambda", _is(ast.Lambda)),
    ("memo", _any(_calls("lru_cache", "cache"), _mentions("cache|memo|cached|lru_cache"))),
    ("simulation", _mentions("state|step|tick|time|clock|timeout|delay|turn|phase|mode")),
    ("exception handling", _is(ast.Try, ast.Raise)),
    ("class", _is(ast.ClassDef)),
    ("conditional expression", _is(ast.IfExp)),
    ("early exit", _is(ast.Break, ast.Continue)),
    ("arithmetic", _operator(ast.Add, ast.Sub)),
    ("absolute difference", _calls("abs")),
    ("enumeration", _calls("enumerate", "range")),
    ("combinatorics", _calls("product", "permutations", "combinations", "combinations_with_replacement", "comb")),
)

SIGNALS: tuple[str, ...] = tuple(name for name, _ in DETECTORS)


def _formats(node: ast.AST) -> bool:
    """Return whether ``%`` formats text, as in ``"%d" % x``, and is not arithmetic."""
    left = getattr(node, "left", None)
    return isinstance(left, ast.JoinedStr) or (isinstance(left, ast.Constant) and isinstance(left.value, str))
