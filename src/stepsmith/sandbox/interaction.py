"""Run two confined programs against each other, each in its own worker; the output of one is the input of the other.

The rules about which program ends first are those of problemtools' ``interactive``. The judge keeps a copy of both ends
of every pipe, so that no program notices the end of the other before the judge has recorded it.
"""

import contextlib
import fcntl
import os
import select
import time
from collections.abc import Sequence

from stepsmith.core.errors import SandboxError
from stepsmith.core.records import Record
from stepsmith.sandbox.executable import RunOutcome
from stepsmith.sandbox.launch import START_S
from stepsmith.sandbox.worker import Worker, machinery

PIPE_BYTES = 1 << 20  # capacity of a pipe, if the system allows that much


class Interaction(Record, frozen=True, kw_only=True):
    """The facts of two runs. Neither has an output, because it went to the other program."""

    solution: RunOutcome
    interactor: RunOutcome
    interactor_first: bool  # the interactor ended while the solution was still running


class _Pipe:
    """A pipe; either end may be closed more than once."""

    def __init__(self) -> None:
        self.read, self.write = os.pipe2(os.O_CLOEXEC)
        with contextlib.suppress(OSError):
            fcntl.fcntl(self.write, fcntl.F_SETPIPE_SZ, PIPE_BYTES)

    def close_read(self) -> None:
        if self.read >= 0:
            os.close(self.read)
            self.read = -1

    def close_write(self) -> None:
        if self.write >= 0:
            os.close(self.write)
            self.write = -1


def interact(
    solution: Worker, interactor: Worker, arguments: Sequence[str], *, accepts: int, stderr_bytes: int
) -> Interaction:
    """Run the programs that are open in two workers against each other; ``arguments`` are the interactor's.

    Each program ends by itself or at its own limits, and sees the end of its input only when the other has ended. If a
    solution writes after the interactor has ended, it gets SIGPIPE, unless the interactor's exit code was ``accepts``:
    then the output is discarded, and the solution's own end decides. An interactor never gets SIGPIPE. Raises
    ``SandboxError``; then both workers must be closed.
    """
    with machinery(), contextlib.ExitStack() as stack:
        to_solution, to_interactor = _Pipe(), _Pipe()
        for pipe in (to_solution, to_interactor):
            stack.callback(pipe.close_read)
            stack.callback(pipe.close_write)
        written = []  # per program: an empty file instead of its output, and its error output
        for _ in range(2):
            files = [os.memfd_create("m", os.MFD_CLOEXEC) for _ in range(2)]
            written.append(files)
            for descriptor in files:
                stack.callback(os.close, descriptor)
        interactor.start((to_interactor.read, to_solution.write, written[1][1]), arguments)
        solution.start((to_solution.read, to_interactor.write, written[0][1]))

        interactor_first = _wait_for_either(solution, interactor) is interactor
        outcomes = {}
        for worker in (interactor, solution) if interactor_first else (solution, interactor):
            own = written[1] if worker is interactor else written[0]
            outcomes[worker] = worker.finish(own, stderr_bytes)
            if worker is solution:
                to_interactor.close_write()
            else:
                to_solution.close_write()
                if outcomes[worker].exit_code != accepts:
                    to_interactor.close_read()
        return Interaction(
            solution=outcomes[solution], interactor=outcomes[interactor], interactor_first=interactor_first
        )


def _wait_for_either(solution: Worker, interactor: Worker) -> Worker:
    """Return the worker whose program ended; the solution's if both did."""
    poll = select.poll()
    for worker in (solution, interactor):
        poll.register(worker.session, select.POLLIN)
    deadline = time.monotonic() + START_S + max(worker.patience_s for worker in (solution, interactor))
    while (left := deadline - time.monotonic()) > 0:
        ready = {descriptor for descriptor, _ in poll.poll(left * 1000)}
        for worker in (solution, interactor):
            if worker.session.fileno() in ready:
                return worker
    raise SandboxError("neither the solution nor the interactor ended in time")
