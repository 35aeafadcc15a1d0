"""Join a module and the Stepsmith modules that it imports into one file, for machines without Stepsmith."""

import ast
from importlib.util import find_spec
from pathlib import Path

from stepsmith.core.errors import StepsmithError

PACKAGE = "stepsmith"


def standalone(module: str) -> str:
    """Return one source text: all other imports, the Stepsmith modules that ``module`` imports, then ``module``.

    The modules must import each other as ``from stepsmith.x import names``, without renaming, and no two of them may
    define the same name.
    """
    imports: set[str] = set()
    names: dict[str, set[str]] = {}
    bodies: dict[str, str] = {}

    def take(name: str) -> str:
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            raise StepsmithError(f"the source of {name} is missing; install stepsmith from a wheel or a checkout")
        source = Path(spec.origin).read_text("utf-8")
        lines, tree = source.splitlines(), ast.parse(source)
        for node in tree.body:
            is_doc = node is tree.body[0] and isinstance(node, ast.Expr)
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{PACKAGE}."):
                if node.module not in bodies:
                    take(str(node.module))
            elif isinstance(node, ast.ImportFrom):
                names.setdefault(str(node.module), set()).update(alias.name for alias in node.names)
            elif isinstance(node, ast.Import):
                imports.add(ast.unparse(node))
            elif not is_doc:
                continue
            for number in range(node.lineno - 1, node.end_lineno or node.lineno):
                lines[number] = ""
        bodies[name] = "\n".join(lines).strip()
        return ast.get_docstring(tree, clean=False) or ""

    doc = take(module)
    parts = [f"# ---- {name}\n\n{body}" for name, body in bodies.items()]
    chosen = [f"from {source} import {', '.join(sorted(names[source]))}" for source in sorted(names)]
    head = f'"""{doc}"""\n\n' + "\n".join([*sorted(imports), *chosen])
    return "\n\n\n".join([head, *parts]) + "\n"
