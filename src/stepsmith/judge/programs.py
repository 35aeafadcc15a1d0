"""Open and run programs in the workers of one judge; for one thread at a time.

Judging solutions, running custom checkers and running whole programs all use this.
"""

import os
from collections.abc import Sequence

import msgspec

from stepsmith.core.errors import CaseError, SandboxError
from stepsmith.core.records import Contract, Solution, Verdict
from stepsmith.judge.checkers import custom_kind
from stepsmith.judge.languages import language
from stepsmith.judge.packages import wanted
from stepsmith.judge.preparing import Prepared, prepare
from stepsmith.judge.program import Program, ProgramRun
from stepsmith.judge.runs import SEARCHED, RetryPolicy, encoded, opened_program, stderr_of
from stepsmith.judge.verdicts import MB, Allowance, allowance, failure, run_limits
from stepsmith.judge.worker_set import CHECKERS, SOLUTIONS, WorkerSet
from stepsmith.sandbox.executable import Executable, Opened, RunLimits, RunOutcome
from stepsmith.sandbox.worker import Worker

LONGEST_ONE_SHOT = 64 * 1024  # characters: compiling a longer program may need much memory


class CompileError(Exception):
    """A one-shot program does not compile; the message is the compiler's output."""


class OneShot:
    """A solution that each run starts, and compiles if it is Python, without a process of its own to be opened."""

    def __init__(self, worker: Worker, program: Executable, limits: RunLimits) -> None:
        self._worker, self._program, self._limits = worker, program, limits
        self.server = worker.server

    def run(self, stdin: bytes, arguments: Sequence[str] = (), *, stderr_bytes: int = SEARCHED) -> RunOutcome:
        """Run it on ``stdin``. Raises ``CompileError``, and what ``Worker.run`` raises."""
        outcome = self._worker.run_once(self._program, self._limits, stdin, arguments, stderr_bytes=stderr_bytes)
        if isinstance(outcome, Opened):
            raise CompileError(outcome.text)
        return outcome


class Programs:
    """The workers of one judge. Raises ``MachineError`` if this machine does not give the isolation level."""

    def __init__(self, isolation: str, allow_unsafe: bool) -> None:
        self._isolation = isolation
        self._allow_unsafe = allow_unsafe
        self._owner = os.getpid()
        self.closed = False
        self.worker_set = WorkerSet(isolation, allow_unsafe)

    def close(self) -> None:
        """Kill all workers, from any thread; running calls raise ``SandboxError``. Call ``clean_up`` afterwards."""
        self.closed = True
        if self._owner == os.getpid():  # a copy made by fork leaves the workers to the original
            self.worker_set.kill()

    def clean_up(self) -> None:
        """Remove what the killed workers left."""
        if self._owner == os.getpid():
            self.worker_set.close()

    def drop(self, role: str) -> None:
        """End the workers of a role, of which one has failed; new ones are started when needed."""
        self.worker_set.drop(role)

    def open_solution(
        self, solution: Solution, contract: Contract, allowed: Allowance, *, shared: bool = False
    ) -> tuple[Worker | OneShot, Prepared]:
        """Make a solution ready to be run on tests.

        A binary needs no process of its own for that, unless its checker talks with it. ``shared``: one run does many
        tests. Raises ``CaseError`` for a contract that the language cannot honour, and
        ``SandboxError``.
        """
        worker, prepared = self._prepared(solution, contract)
        if shared and prepared.program is not None:
            program = msgspec.structs.replace(prepared.program, shared=True)
            prepared = msgspec.structs.replace(prepared, program=program)
        ready = prepared.program
        if ready and ready.kind == "binary" and worker.can_one_shot and not _talks(contract):
            return OneShot(worker, ready, run_limits(allowed)), prepared
        return worker, opened_program(worker, prepared, allowed)

    def _prepared(self, solution: Solution, contract: Contract) -> tuple[Worker, Prepared]:
        kind = language(solution.language)
        if contract.interface == "function" and kind.name != "python":
            raise CaseError(f"the function interface is for Python; {kind.name} programs use stdio")
        if contract.interface == "function" and not contract.entry_point:
            raise CaseError("the function interface needs an entry point")
        entry_point = contract.entry_point if contract.interface == "function" else None
        sources = ((kind.main, solution.code),)
        worker = self._worker(SOLUTIONS, sources if kind.name == "python" else ())
        return worker, prepare(worker, self.worker_set.cache, kind, sources, contract.limits, entry_point=entry_point)

    def one_shot(
        self, solution: Solution, contract: Contract, allowed: Allowance, *, shared: bool = False
    ) -> OneShot | None:
        """Return a Python solution that each of its runs compiles anew: half the price where there is only one test.

        ``shared``: the run does many tests. None if it must be opened: other languages, long programs, and checkers
        that talk with the program.
        """
        kind = language(solution.language)
        if kind.name != "python" or len(solution.code) > LONGEST_ONE_SHOT or _talks(contract):
            return None
        worker, prepared = self._prepared(solution, contract)
        if prepared.program is None or not worker.can_one_shot:
            return None
        program = msgspec.structs.replace(prepared.program, shared=True) if shared else prepared.program
        return OneShot(worker, program, run_limits(allowed))

    def open(self, program: Program, role: str) -> tuple[Worker, Allowance, Prepared]:
        """Make a whole program ready to be run, with its files. Raises ``SandboxError``."""
        worker, allowed, prepared = self._compiled(program, role)
        return worker, allowed, opened_program(worker, prepared, allowed, program.files)

    def _compiled(self, program: Program, role: str) -> tuple[Worker, Allowance, Prepared]:
        kind = language(program.language)
        worker = self._worker(role, (*program.sources, *program.files) if kind.name == "python" else ())
        allowed = allowance(program.limits, kind)
        prepared = prepare(
            worker, self.worker_set.cache, kind, program.sources, program.limits, compile_s=program.compile_time_s
        )
        return worker, allowed, prepared

    def run(self, program: Program, role: str) -> ProgramRun:
        """Run a whole program once. If our own machinery fails it is tried again with new workers, and is then IE."""
        retries = RetryPolicy()
        while True:
            try:
                return self._run_once(program, role)
            except SandboxError as error:
                self.drop(role)
                if self.closed or not retries.wait():
                    return ProgramRun(verdict=Verdict.IE, message=str(error))

    def _run_once(self, program: Program, role: str) -> ProgramRun:
        worker, allowed, prepared = self._compiled(program, role)
        outcome = _at_once(worker, prepared, program, allowed)
        if outcome is None:
            prepared = opened_program(worker, prepared, allowed, program.files)
            if prepared.program is not None:
                outcome = worker.run(encoded(program.stdin), program.args, stderr_bytes=SEARCHED)
        if outcome is None or isinstance(outcome, Opened):
            text = prepared.text if outcome is None else outcome.text
            return ProgramRun(verdict=Verdict.CE, compile_output=text, compile_s=prepared.compile_s)
        verdict, message = failure(outcome, allowed) or (Verdict.AC, "")
        files = worker.collect(program.collect, int(program.limits.output_mb * MB)) if program.collect else {}
        return ProgramRun(
            verdict=verdict, message=message,
            stdout=outcome.stdout.decode("utf-8", "replace"), stderr=stderr_of(outcome),
            exit_code=outcome.exit_code, signal=outcome.signal,
            cpu_s=outcome.cpu_s, wall_s=outcome.wall_s, peak_mb=outcome.peak_mb,
            compile_s=prepared.compile_s, compile_output=prepared.text, files=tuple(files.items()),
        )  # fmt: skip

    def _worker(self, role: str, files: Sequence[tuple[str, str | bytes]]) -> Worker:
        """Return the worker for a role and the files of a Python program."""
        if self.closed:
            raise SandboxError("the judge was closed")
        if self._owner != os.getpid():  # we are a copy made by fork: leave the original's workers alone
            self.worker_set = WorkerSet(self._isolation, self._allow_unsafe)
            self._owner = os.getpid()
        modules = "\n".join(text for path, text in files if path.endswith(".py") and isinstance(text, str))
        worker = self.worker_set.worker(role, wanted(modules, [path for path, _ in files]))
        if self.closed:  # while it was started
            raise SandboxError("the judge was closed")
        return worker


def _at_once(worker: Worker, prepared: Prepared, program: Program, allowed: Allowance) -> Opened | RunOutcome | None:
    """Run a whole program without opening it.

    None if it must be opened: it has files, Python has arguments or is long, or it is not started by the supervisor;
    or it seems to need too much memory, because the figure of a one-shot run includes the compiler's memory.
    """
    ready = prepared.program
    if ready is None or not worker.can_one_shot or program.files or program.collect or ready.kind == "command":
        return None
    if ready.kind == "python" and (program.args or len(program.sources) > 1 or len(ready.code) > LONGEST_ONE_SHOT):
        return None
    ready = msgspec.structs.replace(ready, folder="write")
    outcome = worker.run_once(
        ready, run_limits(allowed), encoded(program.stdin), program.args, stderr_bytes=SEARCHED
    )  # fmt: skip
    if isinstance(outcome, Opened):
        return outcome
    failed = failure(outcome, allowed)
    return None if failed and failed[0] is Verdict.MLE and ready.kind == "python" else outcome


def _talks(contract: Contract) -> bool:
    """Return whether a checker talks with the program while it runs."""
    checker = custom_kind(contract.checker.name)
    return checker is not None and checker.interactive


class CheckerRunner:
    """Runs custom checkers, in workers of their own, while a judgement is under way. Implements ``ProgramRunner``."""

    def __init__(self, programs: Programs) -> None:
        self._programs = programs

    def run_program(self, program: Program) -> ProgramRun:
        """Run a checker once."""
        return self._programs.run(program, CHECKERS)
