"""What the judge needs to know about a language: the base class of the descriptions beside this module."""

import functools
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from stepsmith.core.errors import MachineError
from stepsmith.core.records import Record

Sources = tuple[tuple[str, str], ...]  # (file name, text), the main file first
Files = tuple[tuple[str, bytes], ...]  # (file name, content)

BINARY = "program.bin"  # what a compiler is told to write, in its working folder
HEADER_ENDINGS = (".h", ".hpp", ".hh", ".hxx", ".inc")


class Language(Record, frozen=True, kw_only=True):
    """A language. The base class describes Python, which needs no tool: the fork server compiles and runs it.

    ``name`` and ``aliases`` are what cases call it. ``tool`` is the executable that compiles or interprets programs,
    ``needs`` are executables that the tool starts, and ``package`` is the Debian package that brings them. The time
    limit of a test is multiplied by ``time_factor``; ``runtime_mb`` is memory that the language's runtime takes for
    itself and that is allowed beyond the memory limit; ``reserve_mb`` is address space that the runtime reserves
    without touching it, ``compile_reserve_mb`` likewise for the compiler. ``out_of_memory`` is a regular expression
    that finds, in what a program wrote on stderr, that it died because an allocation failed.
    """

    name: str
    aliases: tuple[str, ...] = ()
    endings: tuple[str, ...]  # of source files, the usual one first
    tool: str = ""
    needs: tuple[str, ...] = ()
    package: str = ""
    version_option: str = "--version"
    time_factor: float = 1.0
    runtime_mb: int = 0
    reserve_mb: int = 0
    compile_reserve_mb: int = 0
    out_of_memory: str = ""

    @property
    def main(self) -> str:
        """Name of a program's file."""
        return f"solution{self.endings[0]}"

    # What is installed

    @property
    def path(self) -> Path:
        """Path of the tool. Raises ``MachineError`` if it, or something that it needs, is missing."""
        found = {name: _which(name) for name in (self.tool, *self.needs)}
        for name, path in found.items():
            if path is None:
                raise MachineError(
                    f"{self.name} programs need {name!r}: install it, e.g. `apt-get install {self.package}`"
                )
        return found[self.tool] or Path()

    @property
    def installed(self) -> bool:
        """True if this machine can run programs of this language."""
        try:
            return not self.tool or self.path.exists()
        except MachineError:
            return False

    @property
    def version(self) -> str:
        """First line of what the tool says of its version. Raises ``MachineError``."""
        return _version(self.path, self.version_option)

    def folders(self) -> tuple[str, ...]:
        """Return the paths that the tool reads, where they are not in ``/usr``. Raises ``MachineError``."""
        return _outside_usr(self.path.resolve().parent.parent)

    # Compiling. A language without a compiler is checked for syntax errors instead.

    @property
    def outputs(self) -> tuple[str, ...]:
        """What compiling leaves in its folder; a name that ends in ``/`` stands for all files below."""
        return (BINARY,)

    def named(self, sources: Sources) -> Sources:
        """Return the sources under the names that the compiler wants."""
        return sources

    def prepared(self, folder: Path, sources: Sources) -> tuple[str, ...]:
        """Return the paths of what compiling needs and was made once for all programs, below ``folder``.

        Nothing untrusted takes part in making it.
        """
        return ()

    def compile_command(self, sources: Sources, prepared: tuple[str, ...]) -> tuple[str, ...]:
        """Return the command that compiles or checks a program, in a folder that holds the sources.

        ``prepared`` are those paths of ``prepared()`` that the compiler may read.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say how its programs are compiled or checked")

    def packed(self, outputs: Files, sources: Sources) -> bytes:
        """Return what is kept of a compiled program: one file."""
        return outputs[0][1] if outputs else b""

    # Running

    def run_files(self, compiled: bytes, sources: Sources) -> Files:
        """Return the files that a run of a program needs."""
        return ()

    def run_command(self, sources: Sources, memory_mb: int) -> tuple[str, ...]:
        """Return the command that runs a program; empty if what was compiled is an executable itself."""
        return ()


class Interpreted(Language, frozen=True, kw_only=True):
    """A language whose interpreter is started for every test. ``check`` and ``run`` are options of the tool."""

    check: tuple[str, ...] = ()
    run: tuple[str, ...] = ()

    @property
    def outputs(self) -> tuple[str, ...]:
        """Nothing: a check leaves no files."""
        return ()

    def compile_command(self, sources: Sources, prepared: tuple[str, ...]) -> tuple[str, ...]:
        """Check the main file for syntax errors."""
        return (str(self.path), *self.check, argument(sources[0][0]))

    def run_files(self, compiled: bytes, sources: Sources) -> Files:
        """All sources."""
        return tuple((name, encoded(text)) for name, text in sources)

    def run_command(self, sources: Sources, memory_mb: int) -> tuple[str, ...]:
        """Interpret the main file."""
        options = [option.format(memory_mb=memory_mb) for option in self.run]
        return (str(self.path), *options, argument(sources[0][0]))


def argument(name: str) -> str:
    """Return a file's name as an argument that no tool takes for an option or a list of them."""
    return f"./{name}" if name[:1] in ("-", "@") else name


def arguments(sources: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Return the names of all sources that are not headers, as arguments."""
    return tuple(argument(name) for name, _ in sources if not name.lower().endswith(HEADER_ENDINGS))


def encoded(text: str) -> bytes:
    """Return a source's bytes. Half of a surrogate pair, which no file can hold, is left for the compiler to refuse."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


_found: dict[tuple[str, str], Path] = {}  # by name and search path


def _which(name: str) -> Path | None:
    """Return ``shutil.which(name)``, which is not asked again while what it found exists."""
    key = name, os.environ.get("PATH", "")
    if key not in _found or not os.path.exists(_found[key]):  # noqa: PTH110 - faster, and done for every program
        path = shutil.which(name)
        if path is None:
            return None
        _found[key] = Path(path)
    return _found[key]


@functools.cache
def _version(tool: Path, option: str) -> str:
    done = subprocess.run([tool, option], capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0 or not done.stdout:
        raise MachineError(f"{tool} {option} failed: {done.stderr.strip()[:200]}")
    return done.stdout.splitlines()[0]


def _outside_usr(*paths: Path) -> tuple[str, ...]:
    return tuple(str(path) for path in paths if not path.is_relative_to("/usr") and path != Path("/"))
