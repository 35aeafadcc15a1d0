"""Taking a check program apart into single assertions."""

import ast
from collections.abc import Sequence

from stepsmith.benchmarks.problem import Assertion
from stepsmith.core.integers import literal_text, long_integers


def check_assertions(test: str, entry_point: str) -> tuple[Assertion, ...]:
    """Return the assertions of HumanEval's ``check(candidate)``, which call ``entry_point`` instead.

    Only statements at the top of the function's body are taken, and only if they use no local variable. An empty tuple
    means that the check cannot be taken apart: it has loops or computes its inputs.
    """
    tree = _parsed(test)
    body = next((node.body for node in tree if isinstance(node, ast.FunctionDef) and node.name == "check"), [])
    names = {name for node in body for name in _bound(node)}
    taken = []
    for statement in body:
        if isinstance(statement, ast.Assert):
            if names & {name.id for name in ast.walk(statement.test) if isinstance(name, ast.Name)} - _bound(statement):
                return ()
            renamed = _Rename("candidate", entry_point).visit(statement)
            if _calls(renamed, entry_point):  # "assert True" tests nothing
                taken.append(_assertion(ast.unparse(renamed), renamed, entry_point))
        elif not isinstance(statement, ast.Pass | ast.Expr):
            return ()
    return tuple(taken)


def listed_assertions(tests: Sequence[str], entry_point: str) -> tuple[Assertion, ...]:
    """Return MBPP's list of tests; one that is not a single ``assert`` keeps its text alone."""
    taken = []
    for text in tests:
        body = _parsed(text)
        single = body[0] if len(body) == 1 and isinstance(body[0], ast.Assert) else None
        taken.append(Assertion(text=text) if single is None else _assertion(text, single, entry_point))
    return tuple(taken)


def name_under_test(program: str, tests: Sequence[str]) -> str:
    """Return the name that the tests call and the program defines (its last such one); "" if there is none."""
    tested = {
        name.id for text in tests for node in _parsed(text) for name in ast.walk(node) if isinstance(name, ast.Name)
    }
    defined = [node.name for node in _parsed(program) if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    functions = [node.name for node in _parsed(program) if isinstance(node, ast.FunctionDef)]
    for names in (functions, defined):
        if found := [name for name in names if name in tested]:
            return found[-1]
    assigned = [target.id for node in _parsed(program) if isinstance(node, ast.Assign)
                for target in node.targets if isinstance(target, ast.Name)]  # fmt: skip
    return next((name for name in reversed(assigned) if name in tested), "")


def _assertion(text: str, statement: ast.Assert, entry_point: str) -> Assertion:
    """Return an assertion with the literals of its call, where it makes one."""
    calls = _calls(statement, entry_point)
    if len(calls) != 1 or calls[0].keywords:
        return Assertion(text=text)
    arguments = _literal(ast.Tuple(elts=calls[0].args, ctx=ast.Load()))
    return Assertion(text=text, arguments=arguments, expected=_expected(statement.test, calls[0]) if arguments else "")


def _expected(test: ast.expr, call: ast.Call) -> str:
    """Return the literal that a call must equal in ``f(x) == y``, ``y == f(x)`` and ``f(x) is y``; "" otherwise."""
    if test is call:
        return ""  # any true value
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq | ast.Is):
        left, right = test.left, test.comparators[0]
        if left is call:
            return _literal(right)
        if right is call:
            return _literal(left)
    return ""


@long_integers()
def _literal(node: ast.expr) -> str:
    """Return the literal that an expression writes, as ``repr`` gives it; "" if it is none."""
    try:
        return literal_text(ast.literal_eval(node))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return ""


def _calls(node: ast.AST, name: str) -> list[ast.Call]:
    return [
        call
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == name
    ]


def _bound(node: ast.AST) -> set[str]:
    """Return the names that a statement binds itself, in comprehensions and lambdas."""
    return {name.id for name in ast.walk(node) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)}


@long_integers()
def _parsed(text: str) -> list[ast.stmt]:
    try:
        return ast.parse(text).body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return []


class _Rename(ast.NodeTransformer):
    """Replaces one name by another."""

    def __init__(self, old: str, new: str) -> None:
        self._old, self._new = old, new

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """Replace one name."""
        return ast.Name(id=self._new, ctx=node.ctx) if node.id == self._old else node
