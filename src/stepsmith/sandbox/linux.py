"""Linux system calls that the standard library does not wrap. Shared by the judge's side and the fork server."""

import ctypes
import os
import platform
import struct

libc = ctypes.CDLL(None, use_errno=True)
# This keeps the interpreter lock during the call. It is right for calls that return at once, and necessary for fork.
held = ctypes.PyDLL(None, use_errno=True)

SUPPORTED = platform.machine() == "x86_64"  # system call numbers below are this architecture's
AUDIT_ARCH = 0xC000003E
X32_BIT = 0x40000000  # x32 calls carry this bit in their number

_NUMBERS = """
read:0 write:1 open:2 close:3 stat:4 fstat:5 lstat:6 poll:7 lseek:8 mmap:9 mprotect:10 munmap:11 brk:12
rt_sigaction:13 rt_sigprocmask:14 rt_sigreturn:15 ioctl:16 pread64:17 pwrite64:18 readv:19 writev:20 access:21 pipe:22
select:23 sched_yield:24 mremap:25 msync:26 mincore:27 madvise:28 shmget:29 dup:32 dup2:33 pause:34 nanosleep:35
getitimer:36 alarm:37 setitimer:38 getpid:39 sendfile:40 socket:41 connect:42 sendto:44 recvfrom:45 sendmsg:46
recvmsg:47 shutdown:48 getsockname:51 getpeername:52 socketpair:53 setsockopt:54 getsockopt:55 clone:56 fork:57
vfork:58 execve:59 exit:60 wait4:61 kill:62 uname:63 semget:64 msgget:68 fcntl:72 flock:73 fsync:74 fdatasync:75
truncate:76 ftruncate:77 getdents:78 getcwd:79 chdir:80 fchdir:81 rename:82 mkdir:83 rmdir:84 creat:85 link:86
unlink:87 symlink:88 readlink:89 chmod:90 fchmod:91 umask:95 gettimeofday:96 getrlimit:97 getrusage:98 sysinfo:99
times:100 ptrace:101 getuid:102 getgid:104 geteuid:107 getegid:108 setpgid:109 getppid:110 getpgrp:111 setsid:112
getgroups:115 setgroups:116 setresuid:117 getresuid:118 setresgid:119 getresgid:120 getpgid:121 getsid:124 capget:125
capset:126 rt_sigpending:127 rt_sigtimedwait:128 rt_sigsuspend:130 sigaltstack:131 utime:132 personality:135
statfs:137 fstatfs:138 getpriority:140 sched_getparam:143 sched_getscheduler:145 sched_get_priority_max:146
sched_get_priority_min:147 sched_rr_get_interval:148 mlock:149 pivot_root:155 prctl:157 arch_prctl:158 setrlimit:160
mount:165 umount2:166 swapon:167 gettid:186 readahead:187 time:201 futex:202 sched_setaffinity:203
sched_getaffinity:204 getdents64:217 set_tid_address:218 restart_syscall:219 fadvise64:221 timer_create:222
timer_settime:223 timer_gettime:224 timer_getoverrun:225 timer_delete:226 clock_settime:227 clock_gettime:228
clock_getres:229 clock_nanosleep:230 exit_group:231 epoll_wait:232 epoll_ctl:233 tgkill:234 utimes:235
set_mempolicy:238 mq_open:240 waitid:247 add_key:248 keyctl:250 ioprio_set:251 openat:257 mkdirat:258 newfstatat:262
unlinkat:263 renameat:264 linkat:265 symlinkat:266 readlinkat:267 fchmodat:268 faccessat:269 pselect6:270 ppoll:271
unshare:272 set_robust_list:273 get_robust_list:274 utimensat:280 epoll_pwait:281 eventfd:284 fallocate:285
eventfd2:290 epoll_create1:291 dup3:292 pipe2:293 preadv:295 pwritev:296 perf_event_open:298 prlimit64:302
name_to_handle_at:303 setns:308 getcpu:309 process_vm_readv:310 process_vm_writev:311 kcmp:312 sched_getattr:315
renameat2:316 seccomp:317 getrandom:318 memfd_create:319 bpf:321 execveat:322 userfaultfd:323 membarrier:324
copy_file_range:326 preadv2:327 pwritev2:328 statx:332 rseq:334 pidfd_send_signal:424 io_uring_setup:425
io_uring_enter:426 io_uring_register:427 pidfd_open:434 clone3:435 close_range:436 openat2:437 pidfd_getfd:438
fsopen:430 fsconfig:431 fsmount:432
faccessat2:439 epoll_pwait2:441 mount_setattr:442 landlock_create_ruleset:444 landlock_add_rule:445
landlock_restrict_self:446 futex_waitv:449
"""
NR = {name: int(number) for name, _, number in (entry.partition(":") for entry in _NUMBERS.split())}

# Resource limits, without the module ``resource``, because every loaded module makes a fork slower.
RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_STACK, RLIMIT_CORE, RLIMIT_NPROC, RLIMIT_NOFILE, RLIMIT_AS = 0, 1, 3, 4, 6, 7, 9
UNLIMITED = (1 << 64) - 1

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 24, 38


def check(result: int, what: str) -> int:
    """Return ``result``; if it is negative, raise ``OSError`` for the C library's errno."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def syscall(name: str, *args: int | bytes | ctypes.Array[ctypes.c_char] | None) -> int:
    """Make a raw system call by name; every integer argument is passed as a C long. Raises ``OSError``."""
    converted = [ctypes.c_long(a) if isinstance(a, int) else a for a in args]
    return check(libc.syscall(NR[name], *converted), name)


def prctl(option: int, value: int) -> None:
    """Change a property of the calling process. Raises ``OSError``."""
    check(libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0), f"prctl {option}")


def get_limit(kind: int) -> tuple[int, int]:
    """Return a resource limit of the calling process, soft and hard."""
    limits = ctypes.create_string_buffer(16)
    syscall("prlimit64", 0, kind, None, limits)
    return struct.unpack("QQ", limits.raw)


def set_limit(kind: int, soft: int, hard: int, pid: int = 0) -> None:
    """Set a resource limit of a process, the calling one by default. Raises ``OSError``."""
    syscall("prlimit64", pid, kind, struct.pack("QQ", soft, hard), None)


def peak_mb() -> float:
    """Return the peak resident set size of the calling process, in MiB."""
    usage = ctypes.create_string_buffer(144)  # struct rusage: two times of 16 bytes, then ru_maxrss in KiB
    check(libc.getrusage(0, usage), "getrusage")
    return int(struct.unpack_from("q", usage, 32)[0]) / 1024


def fork() -> int:
    """Fork without the at-fork hooks of Python and the C library, which would take a third of a child's CPU time.

    This is correct only for a process with one thread. The C library still records the child's thread id. ``random`` is
    not reseeded, so a program sees the same random numbers each time it is judged.
    """
    return check(_fork(), "fork")


_fork = getattr(held, "_Fork", held.fork)  # _Fork: glibc 2.34 and later
