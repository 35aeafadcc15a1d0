"""A whole program run once, with its files and arguments: what custom checkers and the server's run endpoints need.

Judging solutions on tests is ``protocol.Judge``; this is the plainer service below it, without anything to compare.
"""

from typing import Protocol

from stepsmith.core.records import Limits, Record, Verdict
from stepsmith.judge.protocol import Judge


class Program(Record, frozen=True, kw_only=True):
    """A program and everything its one run sees. Names are relative to the run's working folder, which it may write.

    ``sources`` are (file name, text), the main file first; C++ compiles every source that is not a header. ``files``
    lie in the working folder at the start (a name may hold ``/``; one that ends in ``/`` is an empty folder).
    ``collect`` names files that are returned afterwards, as far as they exist.
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
    """What one run came to. AC: it ended by itself with exit code 0. RTE: another code, or a signal."""

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
