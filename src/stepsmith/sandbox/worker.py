"""The judge's side of a fork server: it opens programs, runs them, and reads their outputs."""

import fcntl
import os
import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import msgspec

from stepsmith.core.errors import SandboxError
from stepsmith.sandbox import frames, native, wire
from stepsmith.sandbox.executable import Executable, Opened, RunLimits, RunOutcome, check_name, image_mb
from stepsmith.sandbox.launch import START_S, CutShortError, EndedError, ForkServer, Setup
from stepsmith.sandbox.memory_kills import MemoryKills

MB = 1 << 20
F_ADD_SEALS, ALL_SEALS = 1033, 0xF  # seal, shrink, grow, write
GROUP_EXTRA_MB = 64  # memory of the fork server and the solution's process, in addition to the program's
OPEN_S = 60.0  # wall seconds in which a program must be compiled and ready
STDERR_TAIL = 4096  # bytes
# Exit codes of Python's compiler that the program is to blame for.
_COMPILER_CRASHES = (signal.SIGPROF, signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS)


End = Literal["", "cpu", "wall", "memory", "arguments"]
_ENDS: dict[int, End] = {
    wire.ENDED: "", wire.CPU_LIMIT: "cpu", wire.WALL_LIMIT: "wall", wire.UNREADABLE: "arguments"
}  # fmt: skip


class Worker:
    """One fork server, with one program open at a time. Only one thread may use it at a time.

    Every failure of our own machinery raises ``SandboxError``; then the worker must be closed.
    """

    def __init__(self, level: int, setup: Setup) -> None:
        self._server = ForkServer(level, setup)
        self._session: socket.socket | None = None
        self._one_shots: tuple[object, ...] = ()  # what the open process takes as one-shots; empty: it takes none
        self._binary: tuple[bytes, int] = (b"", -1)  # the last binary that ran as a one-shot, and its memory file
        self.can_one_shot = bool(setup.library_folder and native.library(Path(setup.library_folder)))
        self._limits = RunLimits(cpu_s=1, wall_s=1, memory_mb=1, output_bytes=1)
        self._has_result = False
        self._is_compiler = False
        self._memory_kills = MemoryKills(self._server.group)
        self._image_mb = 0.0

    @property
    def server(self) -> ForkServer:
        """The fork server."""
        return self._server

    def open(self, program: Executable, limits: RunLimits) -> Opened:
        """Make a program ready to run, in its own process; compile it if it is Python. End the previous program."""
        self._hang_up()
        with machinery():
            if self._server.group is not None:
                self._server.group.limit_memory(_group_bytes(limits))
            if self._server.group is not None or program.spawning:
                self._memory_kills.start()
            else:
                self._memory_kills.stop()
            self._session, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self._send_open(program, limits, theirs)
        self._limits = limits
        self._is_compiler, self._one_shots = program.spawning, ()
        self._has_result = program.entry_point is not None or program.shared
        self._image_mb = image_mb(program.code) if program.kind == "binary" and self._server.level < 3 else 0.0
        try:
            answer = self._receive(self._session, OPEN_S).decode("utf-8", "replace")
        except EndedError:
            code = self._end_status()
            if -code in _COMPILER_CRASHES or self.memory_kills() == "program":
                return _crashed(code)
            raise
        return Opened(ok=answer.startswith("+"), text=answer[1:])

    def run(self, stdin: bytes, arguments: Sequence[str] = (), *, stderr_bytes: int = STDERR_TAIL) -> RunOutcome:
        """Run the open program once on ``stdin`` (for a function: the text of its arguments)."""
        with machinery():
            fds = _memory_files((stdin,), 3 if self._has_result else 2)
            try:
                self.start(fds, arguments)
                return self.finish(fds[1:], stderr_bytes)
            finally:
                _close(fds)

    def run_once(
        self,
        program: Executable,
        limits: RunLimits,
        stdin: bytes,
        arguments: Sequence[str] = (),
        *,
        stderr_bytes: int = STDERR_TAIL,
    ) -> Opened | RunOutcome:
        """Run a binary once; or compile and run a Python program, and return what the compiler says if it does not.

        This spares the process that ``open`` makes for each program, and ends the open program. ``can_one_shot`` says
        whether this worker can do it. A Python program's peak of memory includes what the compiler needed; it has no
        ``arguments`` and no files but its own.
        """
        wanted = program.kind, program.folder, limits.reserve_mb, program.command if program.kind == "python" else ""
        if self._one_shots != wanted:
            self._open_one_shots(program, limits)
            self._one_shots = wanted
        head = wire.ONE_SHOT.pack(
            limits.cpu_s, limits.wall_s, limits.memory_mb, limits.output_bytes + 1, len(program.code), program.shared
        )
        self._limits, self._has_result = limits, program.entry_point is not None or program.shared
        self._image_mb = image_mb(program.code) if program.kind == "binary" and self._server.level < 3 else 0.0
        text = program.entry_point or ""
        if program.kind == "binary":
            text = "".join(f"{word}\0" for word in (*program.command, *arguments))
        with machinery():
            if self._server.group is not None:
                self._server.group.limit_memory(_group_bytes(limits))
            fds = _memory_files((stdin,), 3 if self._has_result else 2)
            try:
                written = fds[1:]
                if program.kind == "python":
                    fds += _memory_files((program.code,))
                code = () if program.kind == "python" else (self._binary_file(program.code),)
                wire.send(self.session, head + text.encode("utf-8", "surrogateescape"), (*fds, *code))
                outcome = self._once_outcome(written, stderr_bytes)
            finally:
                _close(fds)
        if isinstance(outcome, Opened) and len(outcome.text) >= limits.output_bytes:  # the message may be cut
            return self.open(program, limits)
        return outcome

    def start(self, fds: Sequence[int], arguments: Sequence[str] = ()) -> None:
        """Start the open program with ``fds`` as its descriptors from 0 on; the caller closes ``fds``."""
        packet = "".join(f"{argument}\0" for argument in arguments).encode("utf-8", "surrogateescape")
        with machinery():
            wire.send(self.session, packet, tuple(fds))

    def finish(self, written: Sequence[int], stderr_bytes: int = STDERR_TAIL) -> RunOutcome:
        """Wait for the started program and return its facts; ``written`` are its memory files from descriptor 1 on."""
        with machinery():
            return self._outcome(self._server.receive(self.session, START_S + self.patience_s), written, stderr_bytes)

    @property
    def session(self) -> socket.socket:
        """The socket of the open program; readable when a run has ended. Raises ``SandboxError`` if none is open."""
        if self._session is None:
            raise SandboxError("no program is open")
        return self._session

    @property
    def patience_s(self) -> float:
        """Wall seconds to wait for a run, which ends at its own limits; generous, because the machine may be loaded."""
        return 20 * self._limits.wall_s

    def collect(self, names: Sequence[str], max_bytes: int) -> dict[str, bytes]:
        """End the open program; return the files ``names`` of its folder that are plain and not above ``max_bytes``.

        A name that ends in ``/`` stands for all plain files below that folder.
        """
        for name in names:
            check_name(name)
        self._hang_up()
        request: wire.CollectRequest = {"op": "collect", "names": [*names], "max_bytes": max_bytes}
        with machinery():
            self._server.send(wire.pack(request))
            data, fds = self._server.receive_files(START_S)
            found = [name for name in data.decode("utf-8", "surrogateescape").split("\0") if name]
            contents = {name: wire.read_file(descriptor) for name, descriptor in zip(found, fds, strict=True)}
        files: dict[str, bytes] = {}
        for name, content in contents.items():
            if name.endswith("/"):
                parts = frames.unpack(content)
                files |= zip(map(os.fsdecode, parts[::2]), parts[1::2], strict=True)
            else:
                files[name] = content
        return files

    def memory_kills(self) -> Literal["", "program", "machine"]:
        """Return whose memory ran out, if the kernel has killed a process for that since ``open``; else ""."""
        with machinery():
            return self._memory_kills.found()

    def kill(self) -> None:
        """Kill the fork server, from any thread; threads that wait for it get ``SandboxError``. ``close`` cleans up."""
        self._server.kill()

    def close(self) -> None:
        """Kill the fork server and its processes, and remove its files. May be called again."""
        self._hang_up()
        self._drop_binary()
        self._server.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open_one_shots(self, program: Executable, limits: RunLimits) -> None:
        """Open a process that runs programs which come one by one, in a folder without other files."""
        self._hang_up()
        empty = Executable(kind=program.kind, command=program.command, folder=program.folder)
        if program.kind == "python":  # its source is a file in its folder
            folder = program.folder or "read"
            empty = msgspec.structs.replace(empty, files=((program.command[0], b""),), folder=folder)
        with machinery():
            self._memory_kills.start()
            self._session, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self._send_open(empty, limits, theirs, one_shot=True)
        self._receive(self._session, OPEN_S)
        self._is_compiler = False

    def _binary_file(self, code: bytes) -> int:
        """Return a memory file of a binary that cannot be written to.

        That of the last one is kept, because a binary may be large.
        """
        if self._binary[0] is not code:
            self._drop_binary()
            folder = self._server.binaries
            self._binary = code, _memory_files((code,))[0] if folder < 0 else _file_in(folder, code)
        return self._binary[1]

    def _drop_binary(self) -> None:
        if self._binary[1] >= 0:
            os.close(self._binary[1])
        self._binary = b"", -1

    def _send_open(
        self, program: Executable, limits: RunLimits, theirs: socket.socket, *, one_shot: bool = False
    ) -> None:
        """Send a request to open a program, with its files; closes ``theirs``, the other end of its session."""
        with theirs:
            contents = _memory_files((program.code, *(content for _, content in program.files)))
            try:
                request = wire.pack(_open_request(program, limits, one_shot=one_shot))
                self._server.send(request, (theirs.fileno(), *contents))
            finally:
                _close(contents)

    def _once_outcome(self, written: Sequence[int], stderr_bytes: int) -> Opened | RunOutcome:
        data = self._server.receive(self.session, START_S + OPEN_S + self.patience_s)
        status, end, *_, untidy = wire.FACTS.unpack(data)
        if untidy:  # the next program gets a new folder
            self._hang_up()
        if end != wire.NOT_COMPILED:
            outcome = self._outcome(data, written, stderr_bytes)
            if outcome.peak_mb > self._limits.memory_mb / 2 or outcome.too_much:  # the group's peak is of all programs
                self._memory_kills.start()
            return outcome
        code = os.waitstatus_to_exitcode(status)
        if code == 0:
            return Opened(ok=False, text=os.pread(written[1], wire.PACKET, 0).decode("utf-8", "replace"))
        if -code in _COMPILER_CRASHES or (code == -signal.SIGKILL and self.memory_kills() == "program"):
            return _crashed(code)
        kind = CutShortError if code == -signal.SIGKILL else SandboxError
        raise kind(f"a program's compiler ended with status {code}")

    def _outcome(self, data: bytes, written: Sequence[int], stderr_bytes: int) -> RunOutcome:
        status, end, cpu_s, wall_s, peak_kb, _untidy = wire.FACTS.unpack(data)
        if end == wire.NOT_STARTED:
            word = os.pread(written[1], STDERR_TAIL, 0).decode("utf-8", "replace")
            raise SandboxError(f"a program could not be confined and started: {word}")
        limit = self._limits.output_bytes
        code = os.waitstatus_to_exitcode(status)
        size, errors = (os.fstat(descriptor).st_size for descriptor in written[:2])
        return RunOutcome(
            exit_code=code if code >= 0 else None, signal=-code if code < 0 else None,
            cpu_s=cpu_s, wall_s=wall_s, peak_mb=peak_kb / 1024, image_mb=self._image_mb,
            end=self._memory_end(code) or _ENDS[end],
            stdout=_content(written[0], min(size, limit)), too_much=size > limit or errors > limit,
            stderr=_content(written[1], stderr_bytes, max(0, errors - stderr_bytes)),
            result=_content(written[2], limit) if self._has_result else b"",
        )  # fmt: skip

    def _memory_end(self, code: int) -> End:
        """Return "memory" if a test was killed at its control group's limit, else "". Not for compilers."""
        if code != -signal.SIGKILL or self._server.group is None or self._is_compiler:
            return ""
        if self.memory_kills() != "program":
            return ""
        self._memory_kills.start()
        return "memory"

    def _end_status(self) -> int:
        """Return the exit code of the solution's process that has just ended; negative for a signal."""
        with machinery():
            self._server.send(wire.pack({"op": "status"}))
        return os.waitstatus_to_exitcode(int(self._receive(self._server.control, START_S)))

    def _receive(self, sock: socket.socket, timeout_s: float) -> bytes:
        with machinery():
            return self._server.receive(sock, timeout_s)

    def _hang_up(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None
            self._one_shots = ()


def _crashed(code: int) -> Opened:
    return Opened(ok=False, text=f"the compiler was killed by {signal.Signals(-code).name}\n")


def _group_bytes(limits: RunLimits) -> int:
    """Return the memory that a worker's control group may have."""
    return (limits.memory_mb + GROUP_EXTRA_MB) * MB + 3 * limits.output_bytes


def _open_request(program: Executable, limits: RunLimits, *, one_shot: bool) -> wire.OpenRequest:
    return {
        "op": "open", "kind": program.kind, "entry_point": program.entry_point, "command": [*program.command],
        "names": [name for name, _ in program.files], "folder": program.folder, "spawning": program.spawning,
        "shared": program.shared, "loaded": program.loaded, "one_shot": one_shot,
        "limits": {
            "cpu_s": limits.cpu_s, "wall_s": limits.wall_s, "memory_mb": limits.memory_mb,
            "output_bytes": limits.output_bytes + 1,  # an output of exactly the limit is allowed
            "reserve_mb": limits.reserve_mb,
        },
    }  # fmt: skip


@contextmanager
def machinery() -> Iterator[None]:
    """Turn errors of the system (no descriptors, no memory, the other side has ended) into ``SandboxError``."""
    try:
        yield
    except OSError as error:
        raise SandboxError(f"the sandbox failed: {error}") from error


def _memory_files(contents: Sequence[bytes], empty: int = 0) -> list[int]:
    """Return descriptors of sealed memory files with the given contents, then of ``empty`` writable ones."""
    fds: list[int] = []
    try:
        for content in contents:
            fds.append(os.memfd_create("m", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING))
            if content:
                wire.write_all(fds[-1], content)
                os.lseek(fds[-1], 0, os.SEEK_SET)
            fcntl.fcntl(fds[-1], F_ADD_SEALS, ALL_SEALS)
        fds.extend(os.memfd_create("m", os.MFD_CLOEXEC) for _ in range(empty))
    except BaseException:
        _close(fds)
        raise
    return fds


def _file_in(folder: int, content: bytes) -> int:
    """Return a read-only descriptor of a file in ``folder`` that everybody may execute; it keeps no name."""
    name = "program"
    writing = os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, dir_fd=folder)
    try:
        os.fchmod(writing, 0o555)
        wire.write_all(writing, content)
        return os.open(name, os.O_RDONLY, dir_fd=folder)
    finally:
        os.close(writing)
        os.unlink(name, dir_fd=folder)


def _close(fds: Sequence[int]) -> None:
    for descriptor in fds:
        os.close(descriptor)


def _content(descriptor: int, size: int, offset: int = 0) -> bytes:
    """Read from a memory file without moving its position, which the program shares."""
    chunks = []
    while size > 0 and (chunk := os.pread(descriptor, size, offset)):
        chunks.append(chunk)
        size -= len(chunk)
        offset += len(chunk)
    return b"".join(chunks) if len(chunks) != 1 else chunks[0]
