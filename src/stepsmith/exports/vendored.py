"""Modules of this package as a zip file that Python imports from, for containers where Stepsmith is not installed."""

import ast
import io
import zipfile
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from stepsmith.core.errors import StepsmithError

PACKAGE = "stepsmith"
MOMENT = (1980, 1, 1, 0, 0, 0)  # zip files have dates; the same modules give the same bytes


def vendored(modules: Iterable[str]) -> bytes:
    """Return a zip file with modules and what they import from this package, which itself is left empty.

    Imports inside functions and for type checkers are not followed.
    """
    sources: dict[str, tuple[str, bytes]] = {}
    for module in modules:
        _take(module, sources)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, source in sorted(sources.values()):
            archive.writestr(zipfile.ZipInfo(path, MOMENT), source, zipfile.ZIP_DEFLATED)
    return file.getvalue()


def _take(module: str, sources: dict[str, tuple[str, bytes]]) -> None:
    if module in sources:
        return
    if module == PACKAGE:
        sources[module] = f"{PACKAGE}/__init__.py", b""
        return
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise StepsmithError(f"the source of {module} is not there; install stepsmith from a wheel or a checkout")
    source = Path(spec.origin).read_bytes()
    path = module.replace(".", "/") + ("/__init__.py" if Path(spec.origin).name == "__init__.py" else ".py")
    sources[module] = path, source
    _take(module.rpartition(".")[0], sources)
    for node in ast.parse(source).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{PACKAGE}."):
            _take(str(node.module), sources)
