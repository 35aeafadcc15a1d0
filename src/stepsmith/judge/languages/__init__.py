"""The languages, one table row each. To add a language, add a file and a row.

Python runs in the fork server itself. A program in another language is compiled, or checked for syntax errors, once and
in the sandbox; the result is cached by content. For each test either the compiled executable is run, or the language's
runtime with the compiled program.
"""

import math
from collections.abc import Mapping
from pathlib import Path

from stepsmith.core.errors import CaseError
from stepsmith.judge.languages.c import CPP, C
from stepsmith.judge.languages.go import GO
from stepsmith.judge.languages.java import JAVA
from stepsmith.judge.languages.javascript import JAVASCRIPT
from stepsmith.judge.languages.language import Language, Sources
from stepsmith.judge.languages.pypy import PYPY
from stepsmith.judge.languages.python import PYTHON
from stepsmith.judge.languages.rust import RUST

__all__ = ["TABLE", "Language", "Sources", "check_time_factors", "installed", "language", "language_of", "tool_folders"]

TABLE: tuple[Language, ...] = (PYTHON, *CPP, C, PYPY, JAVA, RUST, GO, JAVASCRIPT)
_BY_NAME = {name: row for row in TABLE for name in (row.name, *row.aliases)}
_SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/etc/alternatives", "/etc/ld.so.cache")


def language(name: str) -> Language:
    """Return a language by its name or alias, in any case. Raises ``CaseError``."""
    try:
        return _BY_NAME[name.lower()]
    except KeyError:
        known = ", ".join(row.name for row in TABLE)
        raise CaseError(f"unknown language {name!r}; use one of {known}") from None


def language_of(file_name: str) -> str:
    """Return the language that a file's ending stands for. Raises ``CaseError``."""
    ending = Path(file_name).suffix.lower()
    for row in TABLE:
        if ending in row.endings:
            return row.name
    raise CaseError(f"{file_name!r} has no ending of a known language; name the language")


def check_time_factors(factors: Mapping[str, float]) -> dict[str, float]:
    """Return factors on time limits by the languages' own names. Raises ``CaseError`` for what cannot be one."""
    for name, factor in factors.items():
        if not (math.isfinite(factor) and factor > 0):
            raise CaseError(f"the time factor of {name} must be a number above 0, got {factor:g}")
    return {language(name).name: factor for name, factor in factors.items()}


def installed() -> list[str]:
    """Return the names of the languages whose tools this machine has."""
    return [row.name for row in TABLE if row.installed]


def tool_folders() -> tuple[str, ...]:
    """Return the paths that the installed tools need to see: the system's, and those of tools that lie elsewhere."""
    folders = dict.fromkeys(_SYSTEM)
    for row in TABLE:
        if row.tool and row.installed:
            folders |= dict.fromkeys(row.folders())
    return tuple(folders)
