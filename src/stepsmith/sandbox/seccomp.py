"""System call filters in classic BPF: an allow list, so that a call nobody thought of is refused.

A refused call returns EPERM; a few return ENOSYS, so that C libraries fall back to an older call. Calls of a foreign
architecture or of x32 kill the process.
"""

import ctypes
import struct

from stepsmith.sandbox import linux

ALLOW, KILL, EPERM, ENOSYS = 0x7FFF0000, 0x80000000, 0x00050001, 0x00050026
_LOAD, _JEQ, _JGE, _JSET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NR, _ARCH, _ARG = 0, 4, 16  # offsets into struct seccomp_data; arguments are 8 bytes each, low half first

PLAIN = """
read write close stat fstat lstat poll lseek mmap mprotect munmap brk rt_sigaction rt_sigprocmask rt_sigreturn pread64
pwrite64 readv writev access pipe select sched_yield mremap msync madvise dup dup2 pause nanosleep getitimer alarm
setitimer getpid exit uname fsync fdatasync ftruncate getdents getcwd chdir fchdir readlink umask gettimeofday getrlimit
getrusage sysinfo times getuid getgid geteuid getegid getppid getpgrp getgroups getresuid getresgid getpgid getsid capget
rt_sigpending rt_sigtimedwait rt_sigsuspend sigaltstack statfs fstatfs getpriority sched_getparam sched_getscheduler
sched_get_priority_max sched_get_priority_min sched_rr_get_interval arch_prctl setrlimit gettid readahead time futex
sched_getaffinity getdents64 set_tid_address restart_syscall fadvise64 timer_create timer_settime timer_gettime
timer_getoverrun timer_delete clock_gettime clock_getres clock_nanosleep exit_group epoll_wait epoll_ctl newfstatat
readlinkat faccessat pselect6 ppoll set_robust_list get_robust_list epoll_pwait eventfd eventfd2 epoll_create1 dup3
pipe2 preadv pwritev getcpu sched_getattr getrandom membarrier preadv2 pwritev2 statx rseq close_range faccessat2
epoll_pwait2 futex_waitv recvfrom shutdown getsockname getpeername getsockopt sendfile copy_file_range
""".split()
# Writing by path; where it may happen is Landlock's business.
WRITING = """
truncate rename mkdir rmdir creat link unlink symlink chmod fchmod utime utimes mkdirat unlinkat renameat linkat
symlinkat fchmodat utimensat renameat2 fallocate flock
""".split()
SPAWNING = "clone fork vfork execve wait4 waitid".split()  # for compilers, which start processes
UNKNOWN = "clone3 openat2 io_uring_setup io_uring_enter io_uring_register".split()

_WRITE_FLAGS = (
    0o3 | 0o100 | 0o1000 | 0o2000 | 0o20000000
)  # access mode, O_CREAT, O_TRUNC, O_APPEND, O_TMPFILE's own bit
_CLONE_THREAD = 0x10000
_TTY_QUERIES = (0x5401, 0x5413, 0x541B, 0x5450, 0x5451)  # TCGETS, TIOCGWINSZ, FIONREAD, FIONCLEX, FIOCLEX
_FCNTL = (0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030, 1034)  # dup, flags, locks, seals; not F_SETOWN, not leases
_PRCTL = (3, 15, 16, 0x53564D41)  # PR_GET_DUMPABLE, PR_SET_NAME, PR_GET_NAME, PR_SET_VMA


def _ins(code: int, jump_true: int, jump_false: int, k: int) -> bytes:
    return struct.pack("HBBI", code, jump_true, jump_false, k)


def _load_arg(index: int) -> bytes:
    return _ins(_LOAD, 0, 0, _ARG + 8 * index)


def _rule(name: str, body: bytes) -> bytes:
    """Run ``body`` (which ends in a return on every path) when the call is ``name``."""
    return _ins(_JEQ, 0, len(body) // 8, linux.NR[name]) + body


def _verdict(action: int) -> bytes:
    return _ins(_RETURN, 0, 0, action)


def _one_of(index: int, values: tuple[int, ...]) -> bytes:
    """Allow when the low half of an argument is one of ``values``."""
    tests = b"".join(_ins(_JEQ, len(values) - i, 0, v) for i, v in enumerate(values))
    return _load_arg(index) + tests + _verdict(EPERM) + _verdict(ALLOW)


def _null(index: int) -> bytes:
    """Allow when both halves of a pointer are zero."""
    high = _ins(_LOAD, 0, 0, _ARG + 8 * index + 4)
    return _load_arg(index) + _ins(_JEQ, 0, 2, 0) + high + _ins(_JEQ, 1, 0, 0) + _verdict(EPERM) + _verdict(ALLOW)


def _without(index: int, bits: int) -> bytes:
    """Allow when an argument has none of ``bits``."""
    return _load_arg(index) + _ins(_JSET, 0, 1, bits) + _verdict(EPERM) + _verdict(ALLOW)


def _with(index: int, bits: int) -> bytes:
    """Allow when an argument has at least one of ``bits``."""
    return _load_arg(index) + _ins(_JSET, 1, 0, bits) + _verdict(EPERM) + _verdict(ALLOW)


def build(
    *, own_pid: int | None = None, may_write: bool = False, may_spawn: bool = False, exec_fd: int | None = None
) -> bytes:
    """Return the filter program.

    ``own_pid``: the only process that may be signalled or have its limits read. ``may_write``: opening for writing
    and changing folders is allowed (Landlock says where). ``may_spawn``: starting processes is allowed (compilers).
    ``exec_fd``: the one descriptor that execveat may run.
    """
    plain = list(PLAIN) + (WRITING if may_write else []) + (SPAWNING if may_spawn else [])
    out = [
        _ins(_LOAD, 0, 0, _ARCH), _ins(_JEQ, 1, 0, linux.AUDIT_ARCH), _verdict(KILL),
        _ins(_LOAD, 0, 0, _NR), _ins(_JGE, 0, 1, linux.X32_BIT), _verdict(KILL),
    ]  # fmt: skip
    out += [_rule(name, _verdict(ALLOW)) for name in plain]
    out += [_rule(name, _verdict(ENOSYS)) for name in UNKNOWN]
    if not may_spawn:
        out.append(_rule("clone", _with(0, _CLONE_THREAD)))
    if may_write:
        out += [_rule("open", _verdict(ALLOW)), _rule("openat", _verdict(ALLOW))]
    else:
        out += [_rule("open", _without(1, _WRITE_FLAGS)), _rule("openat", _without(2, _WRITE_FLAGS))]
    out += [_rule("ioctl", _one_of(1, _TTY_QUERIES)), _rule("fcntl", _one_of(1, _FCNTL))]
    out += [_rule("prctl", _one_of(0, _PRCTL)), _rule("prlimit64", _one_of(0, (0, own_pid or 0)))]
    if own_pid is not None:
        out += [_rule("kill", _one_of(0, (own_pid,))), _rule("tgkill", _one_of(0, (own_pid,)))]
    # A connected pair of stream sockets is a pipe; event loops want one. sendto without an address is send.
    out.append(_rule("socketpair", _load_arg(0) + _ins(_JEQ, 1, 0, 1) + _verdict(EPERM) + _stream_only()))
    out.append(_rule("sendto", _null(4)))
    if exec_fd is not None:
        out.append(_rule("execveat", _one_of(0, (exec_fd,))))
    out.append(_verdict(EPERM))
    return b"".join(out)


def _stream_only() -> bytes:
    mask = struct.pack("HBBI", 0x54, 0, 0, 0xF)  # and: drop SOCK_CLOEXEC and SOCK_NONBLOCK
    return _load_arg(1) + mask + _ins(_JEQ, 1, 0, 1) + _verdict(EPERM) + _verdict(ALLOW)


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def install(program: bytes) -> None:
    """Put the filter on the calling thread, for good. Needs no_new_privs. Raises ``OSError``."""
    buffer = ctypes.create_string_buffer(program, len(program))
    header = _Program(len(program) // 8, ctypes.addressof(buffer))
    linux.check(linux.libc.prctl(linux.PR_SET_SECCOMP, 2, ctypes.byref(header), 0, 0), "seccomp")
