"""Running a whole program once, with files and arguments. Custom checkers and the server's run endpoints use it.

Nothing is compared here; judging solutions on tests is ``protocol.Judge``.
"""

from typing import Protocol

from stepsmith.core.records import Limits, Record, Verdict
from stepsmith.judge.protocol import Judge


class Program(Record, frozen=True, kw_only=True):
    """A program with its input, arguments and files. Names are relative to its working folder, which it may write to.

    ``sources`` are (file name, text), the main file first; C++ compiles every source that is not a header. ``files``
    lie in the working folder at the start (a name may contain ``/``; one that ends in ``/`` is an empty folder).
    ``collect`` names files that are returned afterwards if they exist; one that ends in ``/`` is all files below it.
    """

    language: str
    sources: tuple[tuple[str, str], ...]
    args: tuple[str, ...] = ()
    stdin: str | bytes = ""
    files: tuple[tuple[str, str | bytes], ...] = ()
    collect: tuple[str, ...] = ()
    limits: Limits = Limits()
    compile_time_s: float = 30.0


class ProgramRun(Record, frozen=True, kw_only=True):
    """The result of one run. AC: it ended by itself with exit code 0. RTE: another exit code, or a signal."""

    verdict: Verdict
    stdout: str = ""
    stderr: str = ""
    exit_code: int | None = None
    signal: int | None = None
    cpu_s: float = 0.0
    wall_s: float = 0.0
    peak_mb: float = 0.0
    compile_s: float = 0.0
    compile_output: str = ""
    files: tuple[tuple[str, bytes], ...] = ()
    message: str = ""  # which limit was hit, or what failed in the sandbox


class ProgramRunner(Protocol):
    """Runs a program in the sandbox, under the same isolation as solutions. Compiled programs are cached by content."""

    def run_program(self, program: Program) -> ProgramRun:
        """Run ``program`` once. Raises ``SandboxError`` or answers IE when our own machinery fails."""
        ...


class RunningJudge(Judge, ProgramRunner, Protocol):
    """Judges solutions and runs whole programs, in the same sandbox."""
