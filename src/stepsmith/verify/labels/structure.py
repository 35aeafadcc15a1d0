"""Which programs are the same apart from names, layout, comments and annotations."""

import ast
import builtins
import re
from functools import lru_cache

from stepsmith.core.records import Solution

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/|#[ \t]*(?:include|define|pragma)\b[^\n]*", re.DOTALL)


@lru_cache(maxsize=1024)
def structure_key(solution: Solution) -> str:
    """Return a text that is equal for programs of the same structure.

    For Python it is the syntax tree without docstrings and annotations, in which every name that is not a builtin or
    an attribute is replaced by its order of appearance; constants count. For other languages it is the text without
    comments, preprocessor lines and white space. Code that does not parse is returned as it is.
    """
    if solution.language != "python":
        return "".join(_COMMENT.sub(" ", solution.code).split())
    try:
        return ast.dump(_Anonymous().visit(ast.parse(solution.code)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return solution.code


class _Anonymous(ast.NodeTransformer):
    """Renames variables, arguments and functions by order of appearance; drops docstrings and annotations."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}

    def _rename(self, name: str) -> str:
        return name if hasattr(builtins, name) else self.names.setdefault(name, f"_{len(self.names)}")

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """Rename a variable."""
        return ast.Name(id=self._rename(node.id), ctx=node.ctx)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        """Rename an argument and drop its annotation."""
        return ast.arg(arg=self._rename(node.arg))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Rename a function and drop its docstring and return annotation."""
        if isinstance(node.body[0], ast.Expr) and isinstance(node.body[0].value, ast.Constant):
            node.body = node.body[1:] or [ast.Pass()]
        node.name, node.returns = self._rename(node.name), None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        """Turn an annotated assignment into a plain one."""
        if node.value is None:
            return ast.Pass()
        return self.visit_Assign(ast.Assign(targets=[node.target], value=node.value))

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        """Visit the parts of an assignment."""
        return self.generic_visit(node)
