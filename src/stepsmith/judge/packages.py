"""Packages that Python programs may import in addition to the standard library, as in contests.

If the judge's own environment has a package, every program whose text contains its name can import it, in any way:
``import sys, numpy as np``, inside a function, by ``importlib`` or in ``exec``. The text is searched and not parsed,
because a hostile program could make the parser slow. A program that names a package and does not import it sees no
difference.
"""

import functools
import importlib.metadata
import re
from collections.abc import Iterable
from importlib.machinery import PathFinder
from pathlib import Path

from stepsmith.core.records import Record


class Package(Record, frozen=True, kw_only=True):
    """A package by the name that programs import.

    ``needs`` are other packages that it always needs. ``uses`` are packages of the table that some of its functions
    import when they are called; they are offered with it.
    """

    name: str
    distribution: str = ""  # its name for pip, if that differs
    needs: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    extra: str = "contest"  # the extra of Stepsmith that installs it

    @property
    def installed_as(self) -> str:
        """Its name for pip."""
        return self.distribution or self.name


TABLE = (
    Package(name="numpy"),
    Package(name="scipy", needs=("numpy",)),
    Package(name="sympy", needs=("mpmath",)),
    Package(name="networkx", uses=("numpy", "scipy")),
    Package(name="sortedcontainers"),
    Package(name="more_itertools", distribution="more-itertools"),
    Package(name="atcoder", distribution="ac-library-python"),
    Package(name="cyaron", needs=("colorful", "xeger"), extra="cyaron"),  # for programs that generate inputs
)
_BY_NAME = {package.name: package for package in TABLE}
_NAMES = re.compile(rf"\b(?:{'|'.join(_BY_NAME)})\b")


def wanted(code: str, own: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the packages to offer to a program, sorted: those that its text names, and that are installed.

    ``own`` are the paths of the program's own files: a module of its own comes before a package of the same name.
    """
    if "import" not in code or not (named := set(_NAMES.findall(code))):
        return ()
    named -= {path.partition("/")[0].removesuffix(".py") for path in own}
    used = {part for name in named for part in _BY_NAME[name].uses}
    return tuple(sorted(name for name in named | used if folders(name)))


def loaded(names: Iterable[str]) -> tuple[str, ...]:
    """Return the modules to load for packages, with those that they need: programs can import only loaded ones."""
    return tuple(dict.fromkeys(part for name in names for part in (*_BY_NAME[name].needs, name)))


@functools.cache
def folders(name: str) -> tuple[str, ...]:
    """Return the folders that a package needs, its own first; none if it or something it needs is missing."""
    needed = [_folders_of(part) for part in (name, *_BY_NAME[name].needs)]
    return tuple(folder for part in needed for folder in part) if all(needed) else ()


def _folders_of(module: str) -> tuple[str, ...]:
    spec = PathFinder.find_spec(module)  # the loaded module is not used, because some packages hide their specification
    if spec is None or spec.origin is None or not spec.submodule_search_locations:
        return ()
    folder = Path(next(iter(spec.submodule_search_locations)))
    libraries = folder.parent / f"{module}.libs"
    return (str(folder), *([str(libraries)] if libraries.is_dir() else []))


def offered() -> dict[str, str]:
    """Return the version of each package of the table that is installed here, by the name that programs import."""
    return {package.name: _version(package.installed_as) for package in TABLE if folders(package.name)}


def missing() -> dict[str, list[str]]:
    """Return the packages of the table that are not installed here, by the extra that brings them."""
    lacking: dict[str, list[str]] = {}
    for package in TABLE:
        if not folders(package.name):
            lacking.setdefault(package.extra, []).append(package.name)
    return lacking


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "of unknown version"
