"""What the harness of a published data set does besides comparing rows: its imports, and when it accepts an output.

Whether a data set is right depends on the harness that its authors judged it with. We imitate the imports that a
harness puts before every program, its recursion limit, and the cases where it accepts an output that our own checkers
reject. We do not imitate it where it is stricter than our checkers, or ignores a program's exit code. The facts come
from LiveCodeBench/LiveCodeBench (lcb_runner/evaluation/testing_util.py), hendrycks/apps
(eval/testing_util.py), FlagOpen/TACO (metrics/testing_util.py), verl 0.9.1 from PyPI
(utils/reward_score/prime_code/testing_util.py) and google-deepmind/code_contests (execution/tester_sandboxer.cc).
"""

import ast
import builtins
import math
import symtable
from collections.abc import Callable
from typing import Literal, NamedTuple

from stepsmith.benchmarks.rules.comparing import close_tokens, equal_decimals, lines_close
from stepsmith.benchmarks.rules.rule_sets import EVERYTHING
from stepsmith.core.records import Interface
from stepsmith.judge.checkers.literal import Rules, difference
from stepsmith.judge.checkers.values import NotLiteralError, parse_value

HarnessName = Literal["apps", "taco", "prime", "livecodebench", "codecontests"]


class Harness(NamedTuple):
    """The imports before every Python program, the recursion limit, and two comparisons of (expected, actual) text."""

    imports: str
    recursion_limit: int | None
    accepts_text: Callable[[str, str], bool]
    accepts_value: Callable[[str, str], bool]


def with_prelude(code: str, harness: HarnessName) -> str:
    """Return a Python program as the harness runs it: with its imports and its recursion limit.

    They stand after the docstring and ``__future__`` imports. The imports take ten times as long as a small program,
    so a program gets them only if it uses a name that it does not define; NumPy only if it is ``np``.
    """
    chosen = HARNESSES[harness]
    missing = _undefined_names(code)
    prelude = chosen.imports if missing is None or missing else ""
    if _NUMPY in prelude and missing is not None and "np" not in missing:
        prelude = prelude.replace(_NUMPY, "")
    if chosen.recursion_limit is not None:
        prelude += f"import sys\nsys.setrecursionlimit({chosen.recursion_limit})\n"
    lines = code.split("\n")
    head = _head_lines(code)
    return "\n".join([*lines[:head], prelude + "\n".join(lines[head:])])


def _undefined_names(code: str) -> set[str] | None:
    """Return the global names that a program uses but does not define; None if that cannot be told."""
    try:
        top = symtable.symtable(code, "<program>", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    used: set[str] = set()
    defined = {*dir(builtins), "__file__"}
    tables = [top]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        for symbol in table.get_symbols():
            if symbol.is_global() and symbol.is_referenced():
                used.add(symbol.get_name())
            if (table is top or symbol.is_declared_global()) and (symbol.is_assigned() or symbol.is_imported()):
                defined.add(symbol.get_name())
    return None if used & _DYNAMIC else used - defined


def harness_accepts(harness: HarnessName, interface: Interface, expected: str, actual: str) -> bool:
    """Return whether the harness accepts an output that our checker rejects; ``expected`` is the published output."""
    chosen = HARNESSES[harness]
    return (chosen.accepts_value if interface == "function" else chosen.accepts_text)(expected, actual)


def _head_lines(code: str) -> int:
    """Return how many lines at the top must stay there: a docstring and ``__future__`` imports."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return 0
    head = 0
    for index, node in enumerate(tree.body):
        future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        docstring = index == 0 and ast.get_docstring(tree, clean=False) is not None
        if not (future or docstring):
            break
        head = node.end_lineno or 0
    return head


def _imports(*modules: str) -> str:
    return "".join(f"import {module}\n" for module in modules)


_DYNAMIC = {"eval", "exec", "globals", "locals", "vars"}  # the text of such a program does not show what it uses

_NUMPY = "try:\n    import numpy as np\nexcept ImportError:\n    pass\n"
# APPS's list; TACO took it over. Both give stdio programs `stdin` and `stdout`, too.
_USUAL = (
    _imports("sys", "time", "itertools", "collections", "math", "fractions", "random", "heapq")
    + "from itertools import accumulate, product, permutations, combinations\n"
    + "from collections import Counter, OrderedDict, deque, defaultdict, ChainMap\n"
    + "from functools import lru_cache\n"
    + "from math import sqrt, sin, cos, tan, ceil, fabs, floor, gcd, exp, log, log2\n"
    + "from typing import List, Tuple\n"
    + "from heapq import *\n"
    + "stdin, stdout = sys.stdin, sys.stdout\n"
    + _NUMPY
)


# Comparisons. They are asked only about outputs that our own checker has rejected; others are in ``benchmarks.rules``.


def _never(_expected: str, _actual: str) -> bool:
    return False


def _first_element(expected: str, actual: str) -> bool:
    """APPS, TACO, PRIME: an expected list also stands for its first element."""
    try:
        want, got = parse_value(expected), parse_value(actual)
    except NotLiteralError:
        return False
    return isinstance(want, list) and bool(want) and difference(want[0], got, Rules()) is None


def _apps_text(expected: str, actual: str) -> bool:
    """APPS: the same lines; numbers one a line and nearly equal; or lines as sets of tokens, in any order.

    verl's copy of PRIME makes the sets and compares nothing after that (0.4.1 to 0.9.1), so that it has no such rule.
    """
    want = [line.strip() for line in expected.split("\n") if line]
    got = [line for line in actual.splitlines() if line]
    if _all_close(want, got):
        return True
    return _same_sets([line.split() for line in want], [line.split() for line in got if line.split()])


def _taco_text(expected: str, actual: str) -> bool:
    """TACO: its copy of the code of APPS gets one text instead of lines, and so takes tokens for lines."""
    want = [line.strip() for line in expected.split("\n") if line]
    if _all_close(want, list(actual)):
        return True
    return _same_sets([line.split() for line in want], [list(token) for token in actual.split()])


def _all_close(expected: list[str], actual: list[str]) -> bool:
    """NumPy's ``allclose`` with its default tolerances."""
    try:
        pairs = [(float(a), float(b)) for a, b in zip(expected, actual, strict=True)]
    except ValueError:  # not numbers, or not as many
        return False
    return all(a == b or (math.isfinite(a) and abs(a - b) <= 1e-8 + 1e-5 * abs(a)) for a, b in pairs)


def _same_sets(expected: list[list[str]], actual: list[list[str]]) -> bool:
    want, got = ({frozenset(tokens) for tokens in lines} for lines in (expected, actual))
    try:
        return want == got or _rounded(want) == _rounded(got)
    except ValueError:
        return False


def _rounded(sets: set[frozenset[str]]) -> set[frozenset[float]]:
    return {frozenset(round(float(token), 3) for token in tokens) for tokens in sets}


# PRIME's recursion limit serves for APPS and TACO, too, whose own harnesses leave Python's 1,000: verl judges their
# rows with PRIME's.
HARNESSES: dict[HarnessName, Harness] = {
    "apps": Harness(_USUAL, 600_000, _apps_text, _first_element),
    "taco": Harness(_USUAL, 600_000, _taco_text, _first_element),
    "prime": Harness(EVERYTHING, 600_000, lines_close, _first_element),
    "livecodebench": Harness(EVERYTHING, 50_000, equal_decimals, _never),
    "codecontests": Harness("", None, close_tokens, _never),
}
