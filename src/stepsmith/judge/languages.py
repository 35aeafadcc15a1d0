"""The languages, one table row each. Adding one is adding a row.

Python runs in the fork server itself. A compiled language is compiled once, inside the sandbox, to one binary that is
cached by content. An interpreted one starts its interpreter for every test.
"""

import functools
import shutil
import subprocess
from pathlib import Path

from stepsmith.core.errors import CaseError, MachineError
from stepsmith.core.records import Record

BINARY = "program.bin"  # what a compiler is told to write, in its working folder


class Language(Record, frozen=True, kw_only=True):
    """How programs of a language become something to run."""

    name: str
    aliases: tuple[str, ...] = ()
    endings: tuple[str, ...]  # of source files, the usual one first
    compiler: tuple[str, ...] = ()  # command; the sources follow, then ``libraries``
    libraries: tuple[str, ...] = ()
    precompiled: str = ""  # a header worth compiling ahead
    check: tuple[str, ...] = ()  # command that tells a program that does not compile; the source follows
    interpreter: tuple[str, ...] = ()  # command; the source follows
    package: str = ""  # what to install where the tool is missing

    @property
    def main(self) -> str:
        """Name of a program's file."""
        return f"solution{self.endings[0]}"

    @property
    def tool(self) -> Path:
        """The compiler or interpreter. Raises ``MachineError`` where it is missing."""
        name = (self.compiler or self.interpreter)[0]
        found = shutil.which(name)
        if found is None:
            raise MachineError(f"{self.name} programs need {name!r}: install it, e.g. `apt-get install {self.package}`")
        return Path(found)


# ONLINE_JUDGE is what contest programs look for before they redirect their input to a file.
_GCC = ("-O2", "-static", "-pipe", "-DONLINE_JUDGE", "-o", BINARY)
_COMPILES = "import sys; compile(open(sys.argv[1], encoding='utf-8-sig').read(), sys.argv[1], 'exec')"

TABLE = (
    Language(name="python", aliases=("python3", "py", "py3"), endings=(".py",)),
    Language(
        name="cpp",
        aliases=("c++", "cpp17", "c++17", "cc", "cxx"),
        endings=(".cpp", ".cc", ".cxx", ".c++"),
        compiler=("g++", "-std=c++17", *_GCC),
        precompiled="bits/stdc++.h",
        package="g++",
    ),
    Language(
        name="c",
        aliases=("c17", "c11"),
        endings=(".c",),
        compiler=("gcc", "-std=gnu17", *_GCC),
        libraries=("-lm",),
        package="gcc",
    ),
    Language(
        name="pypy",
        aliases=("pypy3",),
        endings=(".py",),
        check=("pypy3", "-S", "-c", _COMPILES),
        interpreter=("pypy3", "-S", "-B"),
        package="pypy3",
    ),
)
_BY_NAME = {name: row for row in TABLE for name in (row.name, *row.aliases)}


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


def installed() -> list[str]:
    """Return the names of the languages whose tools this machine has."""
    return [row.name for row in TABLE if not (row.compiler or row.interpreter) or _has_tool(row)]


def _has_tool(row: Language) -> bool:
    try:
        return row.tool.exists()
    except MachineError:
        return False


@functools.cache
def version(tool: Path) -> str:
    """Return the first line of what a tool says of its version. Raises ``MachineError``."""
    done = subprocess.run([tool, "--version"], capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        raise MachineError(f"{tool} --version failed: {done.stderr.strip()[:200]}")
    return done.stdout.splitlines()[0]


def tool_folders() -> tuple[str, ...]:
    """Return the paths that the installed tools need to see: the system's, and the prefixes of tools elsewhere."""
    folders = ["/usr", "/bin", "/lib", "/lib64", "/etc/alternatives", "/etc/ld.so.cache"]
    for row in TABLE:
        if (row.compiler or row.interpreter) and _has_tool(row):
            real = row.tool.resolve()
            if not real.is_relative_to("/usr") and not real.is_relative_to("/bin"):
                folders.append(str(real.parent.parent))
    return tuple(folders)
