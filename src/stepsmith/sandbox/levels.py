"""Isolation levels: what each one adds, and the proof that it works on this machine.

- L0 resource limits only; programs can read files and reach the network.
- L1 adds a system call filter (seccomp), file access by allow list (Landlock), no new privileges, no capabilities, and
  a user id of its own where the judge is root.
- L2 adds namespaces: the worker sees its own processes, a read-only root of a few folders, no network.
- L3 adds a control group that bounds the memory and the processes of the whole worker.

The level is proved whenever a worker starts: a program inside the sandbox attacks real targets outside, and the judge
inspects the worker from outside.
"""

import contextlib
import json
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

from stepsmith.core.errors import SandboxError
from stepsmith.core.leftovers import temporary_folder
from stepsmith.core.records import Record
from stepsmith.sandbox import landlock, linux, self_attack
from stepsmith.sandbox.executable import Executable, Opened, RunLimits, RunOutcome
from stepsmith.sandbox.launch import CutShortError, ForkServer, Setup
from stepsmith.sandbox.worker import Worker

BEST = 3
NAMESPACES = ("pid", "mnt", "net", "ipc", "uts")
STARTS = 5  # times that a worker is started if its processes are killed before its level is proved
_GONE = (BrokenPipeError, ConnectionResetError, ProcessLookupError, FileNotFoundError)  # what a killed process leaves
_LIMITS = RunLimits(cpu_s=5, wall_s=60, memory_mb=256, output_bytes=1 << 16)


class LevelReport(Record, frozen=True, kw_only=True):
    """Whether a level works on this machine; ``reason`` says why not."""

    level: str  # "L0" to "L3"
    available: bool
    reason: str = ""


class NotProvedError(SandboxError):
    """A worker started, but its level could not be proved."""


def survey() -> list[LevelReport]:
    """Try every level, the best first, and report which work."""
    reports = []
    for level in range(BEST, -1, -1):
        try:
            start(level, Setup()).close()
            reports.append(LevelReport(level=f"L{level}", available=True))
        except SandboxError as error:
            reports.append(LevelReport(level=f"L{level}", available=False, reason=str(error)))
    return reports


def start(level: int, setup: Setup) -> Worker:
    """Start a worker and prove its level. Raises ``SandboxError`` with the reason if that fails.

    If something kills its processes meanwhile, it is started again: a judge would else take a lower level than others.
    """
    for _ in range(STARTS - 1):
        try:
            return _start_once(level, setup)
        except SandboxError as error:
            if not isinstance(error, CutShortError) and not isinstance(error.__cause__, _GONE):
                raise
    return _start_once(level, setup)


def _start_once(level: int, setup: Setup) -> Worker:
    if level >= 1:
        _require_kernel()
    worker = Worker(level, setup)
    try:
        if level >= 1:
            _inspect(worker.server)
            _attack(worker)
    except OSError as error:
        worker.close()
        raise SandboxError(f"the level could not be proved: {error}") from error
    except BaseException:
        worker.close()
        raise
    return worker


def _require_kernel() -> None:
    if not linux.SUPPORTED:
        raise SandboxError("system call filters exist for x86-64 only")
    if not landlock.abi():
        raise SandboxError("this kernel has no Landlock (5.13 or later, with landlock in the lsm= boot parameter)")


def _inspect(server: ForkServer) -> None:
    """Check the fork server from outside. Raises ``NotProvedError``."""
    process = Path(f"/proc/{server.pid}")
    status = dict(line.split(":\t", 1) for line in (process / "status").read_text().splitlines() if ":\t" in line)
    if status["NoNewPrivs"] != "1" or int(status["CapEff"], 16) or int(status["CapPrm"], 16):
        raise NotProvedError("the fork server kept privileges")
    if server.level >= 2:
        shared = [name for name in NAMESPACES if _namespace(process, name) == _namespace(Path("/proc/self"), name)]
        if shared:
            raise NotProvedError(f"the fork server shares namespaces with the judge: {', '.join(shared)}")
    if server.level >= 3 and not (server.group and server.group.holds(server.pid)):
        raise NotProvedError("the fork server is not in its control group")


def _namespace(process: Path, name: str) -> str:
    return os.readlink(process / "ns" / name)


def _attack(worker: Worker) -> None:
    """Attack from inside, as each kind of Python run. Raises ``NotProvedError`` unless all was tried and failed."""
    program = Executable(kind="python", code=Path(self_attack.__file__).read_bytes())
    with _targets() as targets:
        stdin = json.dumps(targets).encode()
        opened = worker.open(program, _LIMITS)
        _check(worker.run(stdin) if opened.ok else opened)
        if worker.can_one_shot:
            _check(worker.run_once(program, _LIMITS, stdin))


def _check(outcome: Opened | RunOutcome) -> None:
    if isinstance(outcome, Opened):
        raise NotProvedError(f"the self-attack does not compile: {outcome.text[-300:]}")
    if outcome.signal == signal.SIGKILL and not outcome.end:
        raise CutShortError("the self-attack was killed")
    lines = outcome.stdout.decode().splitlines()
    if outcome.exit_code != 0 or len(lines) != len(self_attack.ATTACKS):
        raise NotProvedError(f"the self-attack did not finish: {outcome.stderr.decode()[-300:]}")
    broken = [line.partition(":")[0] for line in lines if not line.endswith(": held")]
    if broken:
        raise NotProvedError(f"a program in the sandbox could {', '.join(broken)}")


@contextlib.contextmanager
def _targets() -> Iterator[dict[str, str | int]]:
    """Set up real targets: a readable file and listening sockets."""
    with temporary_folder("stepsmith-bait") as folder, contextlib.ExitStack() as stack:
        folder.chmod(0o755)
        file = folder / "bait"
        file.write_text("secret")
        file.chmod(0o644)
        unix = f"{folder}/socket"
        abstract = f"stepsmith-{os.getpid()}-{os.urandom(4).hex()}"
        ports = {}
        for name, family, address in (
            ("tcp4", socket.AF_INET, ("127.0.0.1", 0)),
            ("tcp6", socket.AF_INET6, ("::1", 0)),
            ("unix", socket.AF_UNIX, unix),
            ("abstract", socket.AF_UNIX, "\0" + abstract),
        ):
            ports[name] = 1  # the machine lacks this family: take a port on which nobody listens
            with contextlib.suppress(OSError):
                sock = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
                sock.bind(address)
                sock.listen()
                ports[name] = sock.getsockname()[1] if family != socket.AF_UNIX else 0
        if Path(unix).exists():
            Path(unix).chmod(0o777)
        yield {
            "file": str(file), "folder": str(folder), "pid": os.getpid(), "unix": unix, "abstract": abstract,
            "tcp4": ports["tcp4"], "tcp6": ports["tcp6"],
        }  # fmt: skip
