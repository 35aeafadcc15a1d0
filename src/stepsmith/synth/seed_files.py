"""The files that seeds are drawn from: Python source, notebooks and JSONL rows. Also: which folders are skipped."""

import codecs
import re
import tokenize
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import msgspec

PYTHON, NOTEBOOK = ".py", ".ipynb"
JSONL = (".jsonl", ".ndjson")
ROW_FIELD = "code"  # the field of a JSONL row that holds the code

_INSTALLED = frozenset({"site-packages", "dist-packages", "__pypackages__", "node_modules"})
_IN_VIRTUAL_ENVIRONMENTS = ("pyvenv.cfg", "conda-meta", "bin/activate", "Scripts/activate")
_CACHES = frozenset({"__pycache__"})
_CACHE_TAG = "CACHEDIR.TAG"  # https://bford.info/cachedir/

# IPython: commands instead of statements, requests for help, and cells in another language.
_MAGIC_LINE = re.compile(r"\s*(?:[%!][A-Za-z_(]|\?|[\w.]+\?{1,2}\s*$)")
_PYTHON_CELLS = ("%%time", "%%timeit", "%%capture", "%%prun")


class Code(NamedTuple):
    """The lines of a file, or the reason why it cannot be used."""

    lines: tuple[str, ...] = ()
    problem: str = ""


class _NotebookCell(msgspec.Struct):
    cell_type: str = ""
    source: str | list[str] = ""
    input: str | list[str] = ""  # nbformat 3


class _Worksheet(msgspec.Struct):
    cells: list[_NotebookCell] = []


class _NotebookLanguage(msgspec.Struct):
    name: str = ""
    language: str = ""


class _Metadata(msgspec.Struct):
    kernelspec: _NotebookLanguage | None = None
    language_info: _NotebookLanguage | None = None


class _Notebook(msgspec.Struct):
    cells: list[_NotebookCell] = []
    worksheets: list[_Worksheet] = []  # nbformat 3
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)


def reason_to_skip(folder: Path) -> str:
    """Return why a folder inside a seed folder is skipped; "" if it is not."""
    if folder.name.startswith("."):
        return "hidden folders"
    if folder.name in _INSTALLED:
        return "folders of installed packages"
    if any((folder / name).exists() for name in _IN_VIRTUAL_ENVIRONMENTS):
        return "virtual environments"
    if folder.name in _CACHES or (folder / _CACHE_TAG).exists():
        return "caches"
    return ""


def read_code(path: Path) -> Code:
    """Read a Python file, or the code cells of a notebook."""
    try:
        data = path.read_bytes()
    except OSError:
        return Code(problem="files that cannot be read")
    code = _notebook(data) if path.suffix == NOTEBOOK else _source(data)
    return code if code.problem or any(line.strip() for line in code.lines) else Code(problem="files without code")


def field_text(line: bytes, field: str) -> str | None:
    """Return the text in ``field`` of a JSONL row; None if it has none. Raises ``ValueError`` for other lines."""
    try:
        row = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
        return msgspec.json.decode(row[field], type=str) if field in row else None
    except msgspec.ValidationError as error:
        if "Expected `object`" in str(error):
            raise ValueError(str(error)) from None
        return None  # the field is not text
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from None


def _source(data: bytes) -> Code:
    """Decode source as UTF-8 or as its coding line says (PEP 263)."""
    if b"\0" in data:
        return Code(problem="files that are not text")
    try:
        return Code(tuple(data.decode("utf-8-sig").splitlines()))
    except UnicodeDecodeError:
        pass
    try:
        encoding = tokenize.detect_encoding(BytesIO(data).readline)[0]
        return Code(tuple(codecs.decode(data, encoding).splitlines()))
    except (SyntaxError, LookupError, ValueError):
        return Code(problem="files that are not UTF-8 text")


def _notebook(data: bytes) -> Code:
    try:
        notebook = msgspec.json.decode(data, type=_Notebook)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Code(problem="files that are not notebooks")
    metadata = notebook.metadata
    said = [
        language.language or language.name for language in (metadata.kernelspec, metadata.language_info) if language
    ]
    if any(said) and not any("python" in name.lower() for name in said):
        return Code(problem="notebooks in other languages")
    cells = [*notebook.cells, *(cell for sheet in notebook.worksheets for cell in sheet.cells)]
    parts = [_cell_lines(cell) for cell in cells if cell.cell_type == "code"]
    lines: list[str] = []
    for part in filter(None, parts):
        lines += [*([""] if lines else []), *part]
    return Code(tuple(lines))


def _cell_lines(cell: _NotebookCell) -> list[str]:
    """Return the Python lines of a code cell, without IPython's commands."""
    source = cell.source or cell.input
    lines = ("".join(source) if isinstance(source, list) else source).splitlines()
    if lines and lines[0].startswith("%%"):
        if not lines[0].startswith(_PYTHON_CELLS):
            return []
        lines = lines[1:]
    return [line for line in lines if not _MAGIC_LINE.match(line)]
