"""Java: compiled to a jar, run by a virtual machine that is started for every test."""

import io
import re
import zipfile
from pathlib import Path

from stepsmith.core.errors import MachineError
from stepsmith.judge.languages.language import Files, Language, Sources, arguments

JAR, CLASSES = "program.jar", "classes/"
# One garbage collection thread, no files with performance data, warnings on stderr instead of the program's stdout.
_MACHINE = ("-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xlog:disable", "-Xlog:all=warning:stderr")
_COMPILER_MB = 1024  # heap of the compiler
STACK_MB = 64  # of the main thread; programs that need more start a thread with a larger stack
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the date of all entries, so that the same program gives the same jar
_NOT_CODE = re.compile(r'//[^\n]*|/\*.*?\*/|"""(?:\\.|.)*?"""|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)
_TYPE = re.compile(
    r"((?:\b(?:public|final|abstract|strictfp|sealed|static)\s+)*)\b(?:class|interface|enum|record)\s+(\w+)"
)
_MAIN = re.compile(r"\bvoid\s+main\s*\(")
_PACKAGE = re.compile(r"\bpackage\s+([\w.]+)\s*;")


class Java(Language, frozen=True, kw_only=True):
    """Java. The class with ``main`` may have any name, and be in any package."""

    @property
    def _home(self) -> Path:
        home = self.path.resolve().parent.parent
        if not (home / "bin" / "java").exists():
            raise MachineError(f"{self.path} has no `java` beside it: install a whole JDK, e.g. {self.package}")
        return home

    def folders(self) -> tuple[str, ...]:
        """The JDK, and the folders of its settings, which Debian keeps in /etc."""
        home = self._home
        settings = [(home / name).resolve() for name in ("conf", "lib/jvm.cfg", "lib/security")]
        places = {home, *(path if path.is_dir() else path.parent for path in settings)}
        return tuple(sorted(str(path) for path in places if path.exists() and not path.is_relative_to("/usr")))

    @property
    def outputs(self) -> tuple[str, ...]:
        """The classes."""
        return (CLASSES,)

    def named(self, sources: Sources) -> Sources:
        """Name the main file after its public class, as the compiler requires."""
        (name, text), *rest = sources
        folder, slash, _ = name.rpartition("/")
        public = next((kind for kind, is_public, _ in top_level_types(text) if is_public), None)
        return ((f"{folder}{slash}{public}.java" if public else name, text), *rest)

    def compile_command(self, sources: Sources, prepared: tuple[str, ...]) -> tuple[str, ...]:
        """Compile all sources."""
        machine = (*_MACHINE, "-XX:TieredStopAtLevel=1", f"-Xmx{_COMPILER_MB}m")
        options = (*(f"-J{option}" for option in machine), "-encoding", "UTF-8", "-nowarn", "-d", CLASSES)
        return (str(self._home / "bin" / "javac"), *options, *arguments(sources))

    def packed(self, outputs: Files, sources: Sources) -> bytes:
        """Return a jar that names the class to start."""
        jar = io.BytesIO()
        with zipfile.ZipFile(jar, "w") as file:
            manifest = f"Manifest-Version: 1.0\nMain-Class: {main_class(sources)}\n\n"
            file.writestr(zipfile.ZipInfo("META-INF/MANIFEST.MF", _EPOCH), manifest)
            for name, content in sorted(outputs):
                file.writestr(zipfile.ZipInfo(name.removeprefix(CLASSES), _EPOCH), content)
        return jar.getvalue()

    def run_files(self, compiled: bytes, sources: Sources) -> Files:
        """The jar."""
        return ((JAR, compiled),)

    def run_command(self, sources: Sources, memory_mb: int) -> tuple[str, ...]:
        """Start the virtual machine with all of the memory limit as its heap."""
        return (str(self._home / "bin" / "java"), *_MACHINE, f"-Xmx{memory_mb}m", f"-Xss{STACK_MB}m", "-jar", JAR)


def top_level_types(source: str) -> list[tuple[str, bool, bool]]:
    """Return the classes and the like of a source that lie in no other: name, whether public, whether with a main."""
    code = _NOT_CODE.sub(" ", source)
    found: list[tuple[str, bool, bool]] = []
    position = 0
    while declared := _TYPE.search(code, position):
        start = code.find("{", declared.end())
        end = _end_of_block(code, start) if start >= 0 else len(code)
        body = code[start:end] if start >= 0 else ""
        found.append((declared[2], "public" in declared[1].split(), bool(_MAIN.search(body))))
        position = max(end, declared.end())
    return found


def main_class(sources: Sources) -> str:
    """Return the full name of the class to start: the first with a ``main``, public ones first; else the first."""
    types = [
        (name, is_public, has_main, _PACKAGE.search(_NOT_CODE.sub(" ", text)))
        for _, text in sources
        for name, is_public, has_main in top_level_types(text)
    ]
    types.sort(key=lambda kind: (not kind[2], not kind[1]))  # stable
    if not types:
        return "Main"
    name, _, _, package = types[0]
    return f"{package[1]}.{name}" if package else name


def _end_of_block(code: str, start: int) -> int:
    depth = 0
    for brace in re.compile(r"[{}]").finditer(code, start):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return brace.end()
    return len(code)


JAVA = Java(
    name="java",
    aliases=("java17", "java21"),
    endings=(".java",),
    tool="javac",
    package="default-jdk-headless",
    time_factor=2.0,
    runtime_mb=192,  # an empty program takes 38 MB; compiled code and stacks need more
    reserve_mb=4096,
    compile_reserve_mb=2048,
    out_of_memory=r"java\.lang\.OutOfMemoryError",
)
