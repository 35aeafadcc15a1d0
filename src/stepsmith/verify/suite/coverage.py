"""Branch coverage of a Python program over a test suite, by probes in its syntax tree and ordinary judge runs.

The probed program keeps behaving like the original but answers with the branches it took instead of its output, so
nothing is traced from outside and the sandbox stays as it is. A branch is one outcome (true or false) of the test of
an if, while, conditional expression or comprehension filter, or (entered, exhausted) of a for loop; tests that are
constants have none.
"""

import ast
from collections.abc import Sequence

import msgspec

from stepsmith.core.integers import read_literal
from stepsmith.core.records import Contract, Record, Solution, Verdict
from stepsmith.judge.protocol import Judge
from stepsmith.verify.matrix import ExecutionMatrix

ENTRY = "__coverage__"  # of a probed function
_PRELUDE = """
import io as __io, sys as __sys
__hits = set()
def __branch__(site, value):
    __hits.add(2 * site + bool(value))
    return value
def __loop__(site, values):
    for __value in values:
        __hits.add(2 * site + 1)
        yield __value
    __hits.add(2 * site)
"""
_STDIO_START = "__out, __sys.stdout = __sys.stdout, __io.TextIOWrapper(__io.BytesIO(), encoding='utf-8')"
_STDIO_END = "__out.write(repr(sorted(__hits))); __out.flush()"
_FUNCTION_END = f"""
def {ENTRY}(*args, **named):
    __hits.clear()
    __target = {{target}}
    try:
        __result = __target(*args, **named)
        if hasattr(__result, "__next__"):
            list(__result)
    except Exception:
        pass
    return sorted(__hits)
"""


class Coverage(Record, frozen=True, kw_only=True):
    """Branches of a program, and those that some test takes."""

    branches: int
    taken: int
    missed_lines: tuple[int, ...]  # lines with a branch that no test takes

    @property
    def rate(self) -> float:
        """Share of the branches that are taken; 1 for a program without branches."""
        return self.taken / self.branches if self.branches else 1.0


def branch_coverage(judge: Judge, contract: Contract, program: Solution, inputs: Sequence[str]) -> Coverage | None:
    """Run the program with probes on every input. None for other languages and for programs that do not parse."""
    if program.language != "python":
        return None
    try:
        probed, lines = probe(program.code, contract)
    except (SyntaxError, ValueError, RecursionError):
        return None
    entry_point = ENTRY if contract.interface == "function" else None
    limits = msgspec.structs.replace(contract.limits, time_s=4 * contract.limits.time_s)  # probes take time
    probed_contract = msgspec.structs.replace(contract, entry_point=entry_point, limits=limits)
    matrix = ExecutionMatrix(judge, probed_contract, [Solution(language="python", code=probed)], inputs)
    hits: set[int] = set()
    for run in matrix.row(0):
        if run.verdict is Verdict.AC:
            hits.update(branches_of(run.output, 2 * len(lines)))
    missed = {lines[branch // 2] for branch in range(2 * len(lines)) if branch not in hits}
    return Coverage(branches=2 * len(lines), taken=len(hits), missed_lines=tuple(sorted(missed)))


def probe(code: str, contract: Contract) -> tuple[str, list[int]]:
    """Return the program with probes, and the line of each site; site k has the branches 2k (false) and 2k + 1."""
    prober = _Prober()
    tree = prober.visit(ast.parse(code))
    future = [n for n in tree.body if isinstance(n, ast.ImportFrom) and n.module == "__future__"]
    body = [n for n in tree.body if n not in future]
    if contract.interface == "function":
        owner, _, method = (contract.entry_point or "").rpartition(".")
        target = f"{owner}().{method}" if owner else method
        if not owner and not _defines(tree, method) and _defines(tree, "Solution"):
            target = f"Solution().{method}"
        body = [*ast.parse(_PRELUDE).body, *body, *ast.parse(_FUNCTION_END.format(target=target)).body]
    else:
        guarded = ast.Try(body=body or [ast.Pass()], handlers=[], orelse=[], finalbody=ast.parse(_STDIO_END).body)
        body = [*ast.parse(_PRELUDE).body, *ast.parse(_STDIO_START).body, guarded]
    probed = ast.Module(body=[*future, *body], type_ignores=[])
    return ast.unparse(ast.fix_missing_locations(probed)) + "\n", prober.lines


class _Prober(ast.NodeTransformer):
    """Wraps tests and iterables in calls of the probes. Names that end in underscores are not mangled in classes."""

    def __init__(self) -> None:
        self.lines: list[int] = []

    def _wrap(self, name: str, value: ast.expr) -> ast.expr:
        if isinstance(value, ast.Constant):
            return value
        self.lines.append(value.lineno)
        site = ast.Constant(value=len(self.lines) - 1)
        return ast.Call(func=ast.Name(id=name, ctx=ast.Load()), args=[site, value], keywords=[])

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Wrap a node's test or iterable, then visit its parts."""
        if isinstance(node, (ast.If, ast.While, ast.IfExp)):
            node.test = self._wrap("__branch__", node.test)
        elif isinstance(node, ast.For):
            node.iter = self._wrap("__loop__", node.iter)
        elif isinstance(node, ast.comprehension) and not node.is_async:
            node.ifs = [self._wrap("__branch__", test) for test in node.ifs]
        return super().generic_visit(node)


def _defines(tree: ast.AST, name: str) -> bool:
    """Return whether a module defines ``name`` at its top level."""
    body = getattr(tree, "body", [])
    return any(getattr(node, "name", None) == name for node in body)


def branches_of(text: str, branches: int) -> list[int]:
    """Return the branches that a run reported; anything else in its output is ignored."""
    try:
        value = read_literal(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return []
    return [v for v in value if isinstance(v, int) and 0 <= v < branches] if isinstance(value, list) else []
