"""C and C++ with GCC, one row for each dialect that contests offer."""

import contextlib
import fcntl
import functools
import os
import shutil
import subprocess
from pathlib import Path

from stepsmith.core.errors import MachineError
from stepsmith.core.ids import content_id
from stepsmith.core.leftovers import temporary_folder
from stepsmith.judge.languages.language import BINARY, Language, Sources, arguments

# Contest programs do not redirect their input to a file where ONLINE_JUDGE is defined.
OPTIONS = ("-O2", "-static", "-pipe", "-DONLINE_JUDGE")
EVERYTHING = "bits/stdc++.h"  # a header that takes longer to compile than the program that includes it


class Gcc(Language, frozen=True, kw_only=True):
    """A dialect of C or C++, under its name in ``-std=``."""

    dialect: str
    libraries: tuple[str, ...] = ()
    needs_probe: bool = False  # not every compiler has the dialect

    @property
    def path(self) -> Path:
        """The compiler. Raises ``MachineError`` if it is missing or too old for the dialect."""
        found = super().path
        if self.needs_probe and not _accepts(found, self.dialect):
            raise MachineError(f"{self.name} programs need a newer {self.tool}: {found} has no -std={self.dialect}")
        return found

    def prepared(self, folder: Path, sources: Sources) -> tuple[str, ...]:
        """Return the folder of the precompiled header, which is made now if nobody has.

        Programs also compile without it, but take three times as long.
        """
        if self.tool != "g++" or not any(EVERYTHING in text for _, text in sources):
            return ()
        place = folder / content_id("gch", self.version, OPTIONS) / self.dialect
        target = place / f"{EVERYTHING}.gch"
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(OSError), (place / "lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # somebody else is making it: go without
                _remove_others(place.parent)
                self._precompile(target)
        return (str(place),) if target.exists() else ()

    def _precompile(self, target: Path) -> None:
        """Compile the system's own header with the options of programs."""
        with temporary_folder("making", target.parent) as folder:
            source, made = folder / "header.h", folder / "header.gch"
            source.write_text(f"#include <{EVERYTHING}>\n")
            options = [option for option in OPTIONS if option != "-static"]
            command = [str(self.path), f"-std={self.dialect}", *options, "-o", str(made)]
            command += ["-x", "c++-header", str(source)]
            environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"}
            done = subprocess.run(command, capture_output=True, env=environment, check=False)
            if done.returncode == 0:
                made.chmod(0o644)
                made.replace(target)

    def compile_command(self, sources: Sources, prepared: tuple[str, ...]) -> tuple[str, ...]:
        """Compile every source that is not a header."""
        options = (f"-std={self.dialect}", *OPTIONS, "-o", BINARY)
        headers = (f"-I{folder}" for folder in prepared)
        return (str(self.path), *options, *headers, *arguments(sources), *self.libraries)


@functools.cache
def _accepts(compiler: Path, dialect: str) -> bool:
    command = [str(compiler), f"-std={dialect}", "-x", "c++", "-E", "/dev/null"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _remove_others(keep: Path) -> None:
    """Remove the precompiled headers of other versions of the compiler, which are large."""
    for folder in keep.parent.glob("gch_*"):
        if folder != keep:
            shutil.rmtree(folder, ignore_errors=True)


def _cpp(year: int, *aliases: str, name: str = "", probe: bool = False) -> Gcc:
    return Gcc(
        name=name or f"cpp{year}",
        aliases=(*aliases, f"c++{year}", f"gnu++{year}"),
        endings=(".cpp", ".cc", ".cxx", ".c++"),
        tool="g++",
        package="g++",
        dialect=f"gnu++{year}",
        needs_probe=probe,
        out_of_memory="std::bad_alloc",
    )


# The first row, C++17, is what `cpp` means. The older dialects are for programs with names (data, size, byte) that the
# standard library uses since C++17, the newer ones for programs that use newer features.
CPP = (
    _cpp(17, "c++", "cc", "cxx", "g++", "cpp17", name="cpp"),
    _cpp(11),
    _cpp(14),
    _cpp(20, probe=True),
    _cpp(23, probe=True),
)
C = Gcc(
    name="c",
    aliases=("c17", "c11", "gcc"),
    endings=(".c",),
    tool="gcc",
    package="gcc",
    dialect="gnu17",
    libraries=("-lm",),
)
