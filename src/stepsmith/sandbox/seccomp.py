"""System call filters in classic BPF. They are allow lists, so that unknown calls are refused.

There are two filters. The wide one is installed in a solution's process; it allows what programs need, and what is
needed to start and watch a test. The narrow one is installed in each test's process; it takes away the calls for
starting and watching. Where programs are executed and have a process namespace, one filter is enough: ``keyed``.
A refused call returns EPERM; a few return ENOSYS, so that C libraries use an older call instead. Calls of another
architecture or of x32 kill the process.
"""

import ctypes
import struct

from stepsmith.sandbox import linux

ALLOW, KILL, EPERM, ENOSYS = 0x7FFF0000, 0x80000000, 0x00050001, 0x00050026

PROGRAM = """
read write close stat fstat lstat poll lseek mmap mprotect munmap brk rt_sigaction rt_sigprocmask rt_sigreturn pread64
pwrite64 readv writev access pipe select sched_yield mremap msync madvise dup dup2 pause nanosleep getitimer alarm
setitimer getpid exit uname fsync fdatasync ftruncate getdents getcwd chdir fchdir readlink umask gettimeofday getrlimit
getrusage sysinfo times getuid getgid geteuid getegid getppid getpgrp getgroups getresuid getresgid getpgid getsid
capget rt_sigpending rt_sigtimedwait rt_sigsuspend sigaltstack statfs fstatfs getpriority sched_getparam
sched_getscheduler sched_get_priority_max sched_get_priority_min sched_rr_get_interval arch_prctl setrlimit gettid
readahead time futex sched_getaffinity getdents64 set_tid_address restart_syscall fadvise64 timer_create timer_settime
timer_gettime timer_getoverrun timer_delete clock_gettime clock_getres clock_nanosleep exit_group epoll_wait epoll_ctl
newfstatat readlinkat faccessat pselect6 ppoll set_robust_list get_robust_list epoll_pwait eventfd eventfd2
epoll_create1 dup3 pipe2 preadv pwritev getcpu sched_getattr getrandom membarrier preadv2 pwritev2 statx rseq
close_range faccessat2 epoll_pwait2 futex_waitv recvfrom shutdown getsockname getpeername getsockopt sendfile
copy_file_range
"""
WATCHING = """
clone wait4 kill tgkill prctl prlimit64 pidfd_open pidfd_send_signal sendmsg recvmsg seccomp
landlock_restrict_self
"""
TAKEN_AWAY = "fork vfork pidfd_open pidfd_send_signal sendmsg recvmsg seccomp landlock_restrict_self"
# Calls of the process that starts binaries, which the binaries themselves may not make; see ``keyed``.
KEYED = "execveat pidfd_send_signal recvmsg landlock_restrict_self"
# Changing files by path; Landlock decides in which folders.
WRITING = """
open openat truncate rename mkdir rmdir creat unlink chmod fchmod utime utimes mkdirat unlinkat renameat
fchmodat utimensat renameat2 fallocate flock
"""
SPAWNING = "fork vfork execve waitid"
UNKNOWN = "clone3 openat2 io_uring_setup io_uring_enter io_uring_register"

_LOAD, _JUMP, _JEQ, _JGE, _JSET, _AND, _RETURN = 0x20, 0x05, 0x15, 0x35, 0x45, 0x54, 0x06
_NR, _ARCH, _ARG = 0, 4, 16  # offsets into struct seccomp_data; arguments are 8 bytes each, low half first

_WRITE_FLAGS = 0o3 | 0o100 | 0o1000 | 0o2000 | 0o20000000  # access mode, O_CREAT, O_TRUNC, O_APPEND, O_TMPFILE
_CLONE_THREAD = 0x10000
_IOCTL = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)  # TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIO(N)CLEX
_FCNTL = (0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030, 1034)  # dup, flags, locks, seals; not F_SETOWN, not leases
_PRCTL = (3, 15, 16, 0x53564D41)  # PR_GET_DUMPABLE, PR_SET_NAME, PR_GET_NAME, PR_SET_VMA

OWN_PID = 0x7E57_0001  # stands for the id of the installing process, which is filled in when a filter is installed


def wide(*, writing: bool, spawning: bool, exec_key: int | None) -> bytes:
    """Return the filter of a solution's process.

    ``writing``: files may be changed by path. ``spawning``: programs may start processes (compilers).
    ``exec_key``: execveat, which starts the program, is allowed only with this number as sixth argument, which execveat
    itself ignores. The program cannot know the number.
    """
    rules = _allowed(f"{PROGRAM} {WATCHING} {SPAWNING if spawning else ''}", writing=writing, seqpacket=spawning)
    if exec_key is not None:
        rules["execveat"] = _equals(5, exec_key)
    return _checked(rules)


def keyed(*, writing: bool, exec_key: int) -> bytes:
    """Return the filter of a process that starts binaries, which they inherit: installing one for each test takes long.

    What only this process may do needs the key, as in ``wide``: in ``clone`` the unused fifth argument, else the sixth.
    A program may signal every process but this one and the first, which in its namespace are itself and its threads.
    Every ``OWN_PID`` in the filter must be replaced by the id of this process.
    """
    rules = _allowed(PROGRAM, writing=writing, seqpacket=False)
    rules["wait4"] = _return(ALLOW)
    rules |= {name: _equals(5, exec_key) for name in KEYED.split()}
    rules["clone"] = _or_key(4, exec_key, _with(0, _CLONE_THREAD))
    rules["prctl"] = _or_key(5, exec_key, _one_of(0, _PRCTL))
    rules |= dict.fromkeys(("kill", "tgkill"), _none_of(0, (0, 1, OWN_PID)))
    rules |= _core_limit_stays(_none_of(0, (1, OWN_PID)))
    return _checked(rules)


def narrow() -> bytes:
    """Return the filter of a test's process; every ``OWN_PID`` in it must be replaced by the process's id."""
    rules = {name: _return(EPERM) for name in TAKEN_AWAY.split()}
    rules |= {"clone": _with(0, _CLONE_THREAD), "prctl": _one_of(0, _PRCTL)}
    rules |= {"kill": _one_of(0, (OWN_PID,)), "tgkill": _one_of(0, (OWN_PID,))}
    rules |= _core_limit_stays(_one_of(0, (0, OWN_PID)))
    return _ins(_LOAD, 0, 0, _NR) + _dispatch(rules, _return(ALLOW))


def _allowed(names: str, *, writing: bool, seqpacket: bool) -> dict[str, bytes]:
    """Return rules that allow the named calls and what any program may do, with the same exceptions for all."""
    rules = {name: _return(ALLOW) for name in f"{names} {WRITING if writing else ''}".split()}
    rules |= {name: _return(ENOSYS) for name in UNKNOWN.split()}
    if not writing:
        rules |= {"open": _without(1, _WRITE_FLAGS), "openat": _without(2, _WRITE_FLAGS)}
    rules |= {"ioctl": _one_of(1, _IOCTL), "fcntl": _one_of(1, _FCNTL)}
    # A connected pair of sockets is as harmless as a pipe: event loops use streams, and rustc starts its linker with
    # one. sendto without an address is the same as send.
    return rules | {"socketpair": _connected_pair(seqpacket=seqpacket), "sendto": _equals(4, 0)}


def _core_limit_stays(of_process: bytes) -> dict[str, bytes]:
    """Return the rules of limits; ``of_process`` decides whose a program may change.

    Without a core limit of 1 a crash would start the machine's core dump handler, see ``limit_resources``.
    """
    is_set = _load(2) + _ins(_JEQ, 0, 2, 0) + _load(2, 1) + _ins(_JEQ, 1, 0, 0) + _return(EPERM)
    core = _load(1) + _ins(_JEQ, 0, len(is_set) // 8, linux.RLIMIT_CORE) + is_set
    own = _load(0) + _ins(_JEQ, 0, 1, linux.RLIMIT_CORE) + _return(EPERM) + _return(ALLOW)
    return {"setrlimit": own, "prlimit64": core + of_process}


def _checked(rules: dict[str, bytes]) -> bytes:
    """Return a filter that allows what the rules do, for calls of this architecture only."""
    foreign = _ins(_LOAD, 0, 0, _ARCH) + _ins(_JEQ, 1, 0, linux.AUDIT_ARCH) + _return(KILL)
    x32 = _ins(_LOAD, 0, 0, _NR) + _ins(_JGE, 0, 1, linux.X32_BIT) + _return(KILL)
    return foreign + x32 + _dispatch(rules, _return(EPERM))


class Installer:
    """A filter that is ready to be installed; the installing process touches as little memory as possible."""

    def __init__(self, program: bytes) -> None:
        self._buffer = ctypes.create_string_buffer(program, len(program))
        self._header = _SockFprog(len(program) // 8, ctypes.addressof(self._buffer))
        self._argument = ctypes.byref(self._header)
        marker = struct.pack("I", OWN_PID)
        self._places = [i for i in range(4, len(program), 8) if program[i : i + 4] == marker]

    def install(self, own_pid: int = 0) -> None:
        """Install the filter in the calling thread, permanently. Needs no_new_privs. Raises ``OSError``."""
        for place in self._places:
            ctypes.c_uint.from_buffer(self._buffer, place).value = own_pid
        linux.check(linux.libc.prctl(linux.PR_SET_SECCOMP, 2, self._argument, 0, 0), "seccomp")

    @property
    def address(self) -> int:
        """Address of the ``struct sock_fprog``."""
        return ctypes.addressof(self._header)


class _SockFprog(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def _ins(code: int, jump_true: int, jump_false: int, k: int) -> bytes:
    return struct.pack("HBBI", code, jump_true, jump_false, k)


def _return(action: int) -> bytes:
    return _ins(_RETURN, 0, 0, action)


def _dispatch(rules: dict[str, bytes], default: bytes) -> bytes:
    """Return code that runs the rule for a call, or ``default``. Every rule must return on each of its paths.

    The code is a binary search, because the kernel runs a new filter once for every possible call, to learn which are
    always allowed.
    """
    bodies = sorted((linux.NR[name], body) for name, body in rules.items())
    ranges = [(0, default)]  # (first call number, rule from this number on)
    for number, body in bodies:
        if ranges[-1][0] == number:
            ranges.pop()
        if not ranges or ranges[-1][1] != body:
            ranges.append((number, body))
        ranges.append((number + 1, default))
    return _search([r for i, r in enumerate(ranges) if i == 0 or r[1] != ranges[i - 1][1]])


def _search(ranges: list[tuple[int, bytes]]) -> bytes:
    if len(ranges) == 1:
        return ranges[0][1]
    middle = len(ranges) // 2
    low, high = _search(ranges[:middle]), _search(ranges[middle:])
    skip = len(low) // 8
    if skip <= 0xFF:
        return _ins(_JGE, skip, 0, ranges[middle][0]) + low + high
    return _ins(_JGE, 0, 1, ranges[middle][0]) + _ins(_JUMP, 0, 0, skip) + low + high


def _load(index: int, half: int = 0) -> bytes:
    return _ins(_LOAD, 0, 0, _ARG + 8 * index + 4 * half)


def _one_of(index: int, values: tuple[int, ...]) -> bytes:
    """Allow when an int argument is one of ``values``."""
    tests = b"".join(_ins(_JEQ, len(values) - i, 0, value) for i, value in enumerate(values))
    return _load(index) + tests + _return(EPERM) + _return(ALLOW)


def _none_of(index: int, values: tuple[int, ...]) -> bytes:
    """Allow when an int argument is not negative and none of ``values``."""
    tests = b"".join(_ins(_JEQ, len(values) - i, 0, value) for i, value in enumerate(values))
    return _load(index) + tests + _ins(_JGE, 0, 1, 1 << 31) + _return(EPERM) + _return(ALLOW)


def _without(index: int, bits: int) -> bytes:
    """Allow when an int argument has none of ``bits``."""
    return _load(index) + _ins(_JSET, 0, 1, bits) + _return(EPERM) + _return(ALLOW)


def _with(index: int, bits: int) -> bytes:
    """Allow when an int argument has at least one of ``bits``."""
    return _load(index) + _ins(_JSET, 1, 0, bits) + _return(EPERM) + _return(ALLOW)


def _equals(index: int, value: int) -> bytes:
    """Allow when all 64 bits of an argument are ``value``."""
    low = _load(index) + _ins(_JEQ, 0, 2, value & 0xFFFFFFFF)
    return low + _load(index, 1) + _ins(_JEQ, 1, 0, value >> 32) + _return(EPERM) + _return(ALLOW)


def _or_key(index: int, key: int, otherwise: bytes) -> bytes:
    """Allow when all 64 bits of an argument are the key; else the other rule decides."""
    low = _load(index) + _ins(_JEQ, 0, 3, key & 0xFFFFFFFF)
    return low + _load(index, 1) + _ins(_JEQ, 0, 1, key >> 32) + _return(ALLOW) + otherwise


def _connected_pair(*, seqpacket: bool) -> bytes:
    """Allow socketpair(AF_UNIX, SOCK_STREAM or SOCK_SEQPACKET), with any of SOCK_CLOEXEC and SOCK_NONBLOCK."""
    unix = _load(0) + _ins(_JEQ, 1, 0, 1) + _return(EPERM)
    kinds = (1, 5) if seqpacket else (1,)
    tests = b"".join(_ins(_JEQ, len(kinds) - i, 0, kind) for i, kind in enumerate(kinds))
    return unix + _load(1) + _ins(_AND, 0, 0, 0xF) + tests + _return(EPERM) + _return(ALLOW)
