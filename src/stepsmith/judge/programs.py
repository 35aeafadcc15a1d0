"""Open and run programs in the workers of one judge; for one thread at a time.

Judging solutions, running custom checkers and running whole programs all use this.
"""

import os
from collections.abc import Sequence

import msgspec

from stepsmith.core.errors import CaseError, SandboxError
from stepsmith.core.records import Contract, Solution, Verdict
from stepsmith.judge.languages import language
from stepsmith.judge.packages import wanted
from stepsmith.judge.preparing import Prepared, prepare
from stepsmith.judge.program import Program, ProgramRun
from stepsmith.judge.runs import SEARCHED, RetryPolicy, encoded, opened_program, stderr_of
from stepsmith.judge.verdicts import MB, Allowance, allowance, failure
from stepsmith.judge.worker_set import CHECKERS, SOLUTIONS, WorkerSet
from stepsmith.sandbox.worker import Worker


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
    ) -> tuple[Worker, Prepared]:
        """Make a solution ready to be run on tests.

        ``shared``: one run does many tests. Raises ``CaseError`` for a contract that the language cannot honour, and
        ``SandboxError``.
        """
        kind = language(solution.language)
        if contract.interface == "function" and kind.name != "python":
            raise CaseError(f"the function interface is for Python; {kind.name} programs use stdio")
        if contract.interface == "function" and not contract.entry_point:
            raise CaseError("the function interface needs an entry point")
        entry_point = contract.entry_point if contract.interface == "function" else None
        sources = ((kind.main, solution.code),)
        worker = self._worker(SOLUTIONS, sources if kind.name == "python" else ())
        prepared = prepare(worker, self.worker_set.cache, kind, sources, contract.limits, entry_point=entry_point)
        if shared and prepared.program is not None:
            program = msgspec.structs.replace(prepared.program, shared=True)
            prepared = msgspec.structs.replace(prepared, program=program)
        return worker, opened_program(worker, prepared, allowed)

    def open(self, program: Program, role: str) -> tuple[Worker, Allowance, Prepared]:
        """Make a whole program ready to be run, with its files. Raises ``SandboxError``."""
        kind = language(program.language)
        worker = self._worker(role, (*program.sources, *program.files) if kind.name == "python" else ())
        allowed = allowance(program.limits, kind)
        prepared = prepare(
            worker, self.worker_set.cache, kind, program.sources, program.limits, compile_s=program.compile_time_s
        )
        return worker, allowed, opened_program(worker, prepared, allowed, program.files)

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
        worker, allowed, prepared = self.open(program, role)
        if prepared.program is None:
            return ProgramRun(verdict=Verdict.CE, compile_output=prepared.text, compile_s=prepared.compile_s)
        outcome = worker.run(encoded(program.stdin), program.args, stderr_bytes=SEARCHED)
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


class CheckerRunner:
    """Runs custom checkers, in workers of their own, while a judgement is under way. Implements ``ProgramRunner``."""

    def __init__(self, programs: Programs) -> None:
        self._programs = programs

    def run_program(self, program: Program) -> ProgramRun:
        """Run a checker once."""
        return self._programs.run(program, CHECKERS)
