"""The restrictions that the processes of a solution and its tests put on themselves before a program runs."""

import functools
import os

from stepsmith.sandbox import landlock, linux, seccomp

MB = 1 << 20
COMPILE_MEMORY_MB = 2048  # address space for the Python compiler
# Address space that is allowed beyond the memory limit, because reserved address space is not used memory. At L3 the
# control group limits the memory in use. Below L3 only the address space can be limited.
RESERVE_MB, RESERVE_L3_MB = 256, 64 * 1024
MAX_FILES = 64
MAX_PROCESSES = 128  # most threads of one program, if the worker has its own user id by which they are counted
ALL_FDS = 1 << 20
EXEC_FD = 63  # the descriptor of a compiled program, for execveat


class Confinement:
    """Confinement of one kind of program. Rule sets and filters are built once and inherited by fork.

    ``has_key``: the process that starts programs passes the key in its own calls (see ``seccomp.keyed``).
    """

    def __init__(
        self,
        level: int,
        rules: list[tuple[str | int, int]],
        *,
        writing: bool,
        spawning: bool,
        executing: bool,
        has_key: bool,
    ) -> None:
        self.level = level
        self.executing = executing
        self.rules = -1
        self.narrow: seccomp.Installer | None = None
        self.exec_key: int | None = None
        if level < 1:
            return
        self.rules = landlock.ruleset(rules)
        self.exec_key = int.from_bytes(os.urandom(8), "little") if executing else None
        if self.exec_key is not None and has_key and level >= 2 and not spawning:
            self._filter = seccomp.Installer(seccomp.keyed(writing=writing, exec_key=self.exec_key))
            return
        self._filter = seccomp.Installer(seccomp.wide(writing=writing, spawning=spawning, exec_key=self.exec_key))
        if not spawning:
            self.narrow = seccomp.Installer(seccomp.narrow())

    def enter_supervisor(self) -> None:
        """Confine a solution's process; its tests inherit this."""
        if self.level >= 1:
            self._filter.install(os.getpid())

    def enter_test(self, keep_fds: int) -> None:
        """Confine a test's process permanently, and close its descriptors from ``keep_fds`` on."""
        if self.level >= 1:
            landlock.restrict(self.rules)
        os.closerange(keep_fds, EXEC_FD)
        os.closerange(EXEC_FD + self.executing, ALL_FDS)  # EXEC_FD is closed by exec
        if self.narrow is not None:
            self.narrow.install(os.getpid())


def limit_resources(*, level: int, base_mb: int, memory_mb: int, output_bytes: int, is_compiler: bool) -> None:
    """Set the limits of the tests on the calling process; the tests' processes inherit them."""
    reserve = RESERVE_MB if is_compiler else reserve_mb(level)
    _limit(linux.RLIMIT_AS, (base_mb + memory_mb + reserve) * MB)
    _limit(linux.RLIMIT_FSIZE, output_bytes)
    if not is_compiler:
        _limit(linux.RLIMIT_NOFILE, MAX_FILES)


def reserve_mb(level: int) -> int:
    """Return the address space in MB that a program may map beyond its memory limit."""
    return RESERVE_L3_MB if level >= 3 else RESERVE_MB


def limit_server(*, own_user: bool) -> None:
    """Set the limits that are the same for all programs on the fork server; its children inherit them."""
    # This holds until a program is compiled; then the program's own limit replaces it.
    linux.set_limit(linux.RLIMIT_AS, min(COMPILE_MEMORY_MB * MB, _hard(linux.RLIMIT_AS)), _hard(linux.RLIMIT_AS))
    # The address space limits the stack. A finite stack limit would also be the stack size of every new thread.
    _limit(linux.RLIMIT_STACK, linux.UNLIMITED)
    # If core dumps are piped to a handler, 0 does not stop them; 1 does, and is too small for a file.
    _limit(linux.RLIMIT_CORE, 1)
    if own_user:
        _limit(linux.RLIMIT_NPROC, MAX_PROCESSES)
    for kind in (linux.RLIMIT_FSIZE, linux.RLIMIT_NOFILE):
        _hard(kind)


def limit_cpu(pid: int, cpu_s: float) -> None:
    """Let the kernel kill a process a little after its CPU limit, in case the supervisor does not."""
    seconds = int(cpu_s) + 2
    linux.set_limit(linux.RLIMIT_CPU, seconds, seconds, pid)


def _limit(kind: int, value: int) -> None:
    value = min(value, _hard(kind))
    linux.set_limit(kind, value, value)


@functools.cache  # filled in the fork server
def _hard(kind: int) -> int:
    return linux.get_limit(kind)[1]


def no_new_privileges() -> None:
    """Make set-user-id programs and file capabilities ineffective for this process and its children."""
    linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
