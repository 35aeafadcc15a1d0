"""The licence of a seed's file: its SPDX header, else the licence file of the folder it lies in, or of one above it."""

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import msgspec
from identify.identify import license_id
from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

STDLIB = "PSF-2.0"  # of the interpreter's standard library
HEADER_BYTES = 4096  # how far into a file its SPDX header is looked for
ROW_FIELDS = ("license", "licenses", "max_stars_repo_licenses")  # of JSONL rows; the last is The Stack's
_HEADER = re.compile(r"SPDX-License-Identifier:\s*([\w.+()\- ]+)")
_INNERMOST = re.compile(r"\(([^()]*)\)")
_MET = "met"
_FILE = re.compile(r"(?:un)?licen[cs]e|copying", re.IGNORECASE)


class AllowedLicenses:
    """Which licences seeds may have: SPDX identifiers. Raises ``ValueError`` for a word that is none."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = {name: normal(name) for name in names}
        for name, known in self._names.items():
            if not known:
                raise ValueError(f"{name!r} is no SPDX licence identifier; for instance MIT, Apache-2.0, BSD-3-Clause")

    def allow(self, license: str) -> bool:
        """Say whether a normal licence expression can be met: of licences joined by OR, one has to be allowed."""
        while inner := _INNERMOST.search(license):
            license = license[: inner.start()] + (_MET if self._met(inner[1]) else "") + license[inner.end() :]
        return self._met(license)

    def _met(self, flat: str) -> bool:
        """Evaluate an expression without brackets; AND binds tighter than OR (SPDX 2.3, annex D.4)."""
        met = {_MET, *self._names.values()}
        return any(all(term in met for term in part.split(" AND ")) for part in flat.split(" OR "))


@lru_cache(maxsize=1024)
def normal(expression: str) -> str:
    """Return an SPDX expression in its usual spelling; "" for one that is not valid."""
    try:
        return canonicalize_license_expression(expression)
    except InvalidLicenseExpression:
        return ""


def license_of_file(path: Path, root: Path) -> str:
    """Return the SPDX expression of a file at or below the folder ``root``; "" where none is found.

    Licence files are looked for up to ``root``, and above it as far as a repository goes (a folder with ``.git``).
    """
    try:
        with path.open("rb") as file:
            header = _HEADER.search(file.read(HEADER_BYTES).decode("utf-8", "replace"))
    except OSError:
        return ""
    if header and (said := normal(header[1].strip())):
        return said
    folder = path.parent
    while True:
        if found := _license_of_folder(folder):
            return found
        outside = folder == root or root not in folder.parents
        if folder == folder.parent or (folder / ".git").exists() or (outside and not _in_repository(folder)):
            return ""
        folder = folder.parent


def license_of_row(row: bytes) -> str:
    """Return the SPDX expression of a JSONL row, from one of ``ROW_FIELDS``; several licences are joined by OR."""
    try:
        fields = msgspec.json.decode(row, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    for name in ROW_FIELDS:
        try:
            said = msgspec.json.decode(fields[name], type=str | list[str])
        except (KeyError, msgspec.DecodeError):
            continue
        if found := normal(" OR ".join(said) if isinstance(said, list) else said):
            return found
    return ""


@lru_cache(maxsize=4096)
def _license_of_folder(folder: Path) -> str:
    """Return what the licence files of one folder say; different ones are joined by OR, as projects mean them."""
    try:
        files = sorted(path for path in folder.iterdir() if _FILE.match(path.name) and path.is_file())
    except OSError:
        return ""
    found = {_license_of_text(path) for path in files} - {""}
    return normal(" OR ".join(sorted(found))) if found else ""


def _license_of_text(path: Path) -> str:
    try:
        return license_id(str(path)) or ""
    except (OSError, UnicodeDecodeError, ValueError):
        return ""


@lru_cache(maxsize=4096)
def _in_repository(folder: Path) -> bool:
    return any((parent / ".git").exists() for parent in folder.parents)
