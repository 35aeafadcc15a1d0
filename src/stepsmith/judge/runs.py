"""Run a program once: open it, repeat a doubtful run, and try again if the machine fails for a moment."""

import signal
import time
from collections.abc import Sequence
from typing import Protocol

from stepsmith.core.errors import CaseError
from stepsmith.core.records import Contract, Verdict
from stepsmith.judge.preparing import Prepared
from stepsmith.judge.program import Program
from stepsmith.judge.verdicts import Allowance, doubtful, failure, run_limits
from stepsmith.sandbox.executable import Executable, RunOutcome, check_name
from stepsmith.sandbox.worker import Worker

# A test becomes IE after this many failures of our machinery in a row, but not before this many wall seconds.
ATTEMPTS, GIVE_UP_S = 5, 10.0
RERUNS, RERUNS_KILLED = 2, 6  # how often a doubtful run is repeated; one that was killed, and not by a limit
PAUSE_S = 0.05  # before a new attempt, doubled each time, for an overloaded machine
MAX_FILES, MAX_ARGUMENTS, MAX_ARGUMENT_BYTES = 200, 200, 100_000  # of one whole program
SEARCHED = 1 << 16  # bytes at the end of stderr that are searched for words on memory
STDERR_TAIL = 4096  # bytes of it that a result keeps


class RetryPolicy:
    """How often, and how long, something that fails is tried again."""

    def __init__(self) -> None:
        self._failures = 0
        self._since = 0.0  # time of the first failure

    def wait(self) -> bool:
        """Wait before a new attempt, longer each time; return False, without waiting, when it is time to give up."""
        self._failures += 1
        if self._failures == 1:
            self._since = time.monotonic()
        if self._failures >= ATTEMPTS and time.monotonic() - self._since >= GIVE_UP_S:
            return False
        time.sleep(min(PAUSE_S * 2**self._failures, 1.0))
        return True


def check_program(program: Program) -> None:
    """Raise ``CaseError`` for a whole program that cannot be run as it stands."""
    if not program.sources:
        raise CaseError("a program needs at least one source file")
    names = [name for name, _ in (*program.sources, *program.files)]
    if len(names) > MAX_FILES:
        raise CaseError(f"a program may have {MAX_FILES} files, got {len(names)}")
    check_names(names)
    for name in program.collect:
        check_names([name])
    size = sum(len(argument.encode("utf-8", "surrogatepass")) + 1 for argument in program.args)
    if len(program.args) > MAX_ARGUMENTS or size > MAX_ARGUMENT_BYTES or any("\0" in a for a in program.args):
        raise CaseError(f"a program may have {MAX_ARGUMENTS} arguments of {MAX_ARGUMENT_BYTES} bytes, without NUL")


def check_names(names: Sequence[str]) -> None:
    """Raise ``CaseError`` unless files of these names can lie in one folder; one that ends in ``/`` is a folder."""
    files: set[str] = set()
    folders: set[str] = set()
    for name in names:
        try:
            check_name(name)
        except ValueError as error:
            raise CaseError(str(error)) from None
        if name in files:
            raise CaseError(f"two files are named {name!r}")
        parts = name.removesuffix("/").split("/")
        folders |= {"/".join(parts[:depth]) for depth in range(1, len(parts))}
        (folders if name.endswith("/") else files).add(name.removesuffix("/"))
    if both := sorted(files & folders):
        raise CaseError(f"{both[0]!r} is both a file and a folder")


def opened_program(
    worker: Worker, prepared: Prepared, allowed: Allowance, files: Sequence[tuple[str, str | bytes]] | None = None
) -> Prepared:
    """Open a prepared program. Where ``files`` are given, they lie in a folder that it may write to."""
    if prepared.program is None:
        return prepared
    program = prepared.program
    if files is not None:
        more = tuple((name, encoded(content)) for name, content in files)
        program = Executable(
            kind=program.kind, code=program.code, command=program.command, entry_point=program.entry_point,
            files=(*program.files, *more), folder="write",
        )  # fmt: skip
    opened = worker.open(program, run_limits(allowed))
    if not opened.ok:
        return Prepared(program=None, text=opened.text, compile_s=prepared.compile_s)
    return prepared


class Runnable(Protocol):
    """A program that is ready to run: open in a ``Worker``, or compiled anew by each run."""

    def run(self, stdin: bytes, *, stderr_bytes: int) -> RunOutcome:
        """Run it once on ``stdin``."""
        ...


def measured(
    program: Runnable, contract: Contract, allowed: Allowance, text: str
) -> tuple[RunOutcome, tuple[Verdict, str] | None]:
    """Run a solution on one input, and again where the machine may be to blame.

    Returns the facts of the run, and its verdict and message where it failed.
    """
    data = encoded(text)
    outcome = program.run(data, stderr_bytes=SEARCHED)
    for count in range(RERUNS_KILLED):
        most = RERUNS_KILLED if outcome.signal == signal.SIGKILL else RERUNS
        if count >= most or not doubtful(outcome, allowed.limits):
            break
        again = program.run(data, stderr_bytes=SEARCHED)
        if outcome.signal is not None or again.cpu_s < outcome.cpu_s:
            outcome = again
    failed = failure(outcome, allowed)
    if not failed and contract.interface == "function" and not outcome.result:
        failed = Verdict.RTE, f"ended before {contract.entry_point} returned"
    return outcome, failed


def output_of(outcome: RunOutcome, contract: Contract) -> str:
    """Return what the checker compares: the printed text, or the returned value as a literal."""
    data = outcome.result if contract.interface == "function" else outcome.stdout
    return data.decode("utf-8", "surrogateescape")


def stderr_of(outcome: RunOutcome) -> str:
    """Return the end of what a run wrote on stderr."""
    return outcome.stderr[-STDERR_TAIL:].decode("utf-8", "replace")


def encoded(content: str | bytes) -> bytes:
    """Return the bytes of a text; bytes that were decoded with ``surrogateescape`` come back unchanged."""
    if isinstance(content, bytes):
        return content
    try:
        return content.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return content.encode("utf-8", "surrogatepass")
