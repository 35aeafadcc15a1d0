"""The filters are run here by an interpreter of classic BPF, so that every call can be asked about."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepsmith.sandbox import linux, seccomp

KEY = 0x1234_5678_9ABC_DEF0
PID = 4321


def decide(program: bytes, number: int, *arguments: int, arch: int = linux.AUDIT_ARCH) -> int:
    """Return what a filter answers to a system call."""
    data = struct.pack("<iIQ6Q", number, arch, 0, *(a & (1 << 64) - 1 for a in (*arguments, *[0] * 6)[:6]))
    code = [struct.unpack_from("<HBBI", program, i) for i in range(0, len(program), 8)]
    accumulator = at = 0
    while True:
        operation, if_true, if_false, k = code[at]
        at += 1
        if operation == 0x20:
            (accumulator,) = struct.unpack_from("<I", data, k)
        elif operation == 0x05:
            at += k
        elif operation == 0x54:
            accumulator &= k
        elif operation == 0x06:
            return k
        else:
            holds = {0x15: accumulator == k, 0x35: accumulator >= k, 0x45: bool(accumulator & k)}[operation]
            at += if_true if holds else if_false


def installed(program: bytes, pid: int) -> bytes:
    return program.replace(struct.pack("<I", seccomp.OWN_PID), struct.pack("<I", pid))


HELPER = 4320  # starts the program
PROGRAM = seccomp.wide(writing=False, spawning=False, exec_key=KEY)
NARROW = installed(seccomp.narrow(), PID)
KEYED = installed(seccomp.keyed(writing=False, exec_key=KEY), HELPER)
KNOWN = {linux.NR[name] for name in f"{seccomp.PROGRAM} {seccomp.WATCHING}".split()}
CONDITIONAL = {linux.NR[n] for n in ["open", "openat", "ioctl", "fcntl", "socketpair", "sendto", "execveat"]}
ABSENT = {linux.NR[name] for name in seccomp.UNKNOWN.split()}


def both(number: int, *arguments: int) -> bool:
    """Say whether a test's process may make a call, under the two filters of it."""
    return all(decide(program, number, *arguments) == seccomp.ALLOW for program in (PROGRAM, NARROW))


def keyed(name: str, *arguments: int) -> bool:
    """Say whether a binary, or the process that starts it, may make a call."""
    return decide(KEYED, linux.NR[name], *arguments) == seccomp.ALLOW


# Calls in which one of the two arrangements allows what the other refuses; each has tests of its own.
DIFFERENT = {linux.NR[name] for name in ("kill", "tgkill", "prlimit64", "execveat")}


@given(st.integers(0, 500), st.lists(st.integers(-10, 1 << 40), max_size=6))
def test_the_filter_with_a_key_allows_what_the_two_do(number: int, arguments: list[int]) -> None:
    if number not in DIFFERENT:
        assert (decide(KEYED, number, *arguments) == seccomp.ALLOW) is both(number, *arguments)
    if number in ABSENT:
        assert decide(KEYED, number, *arguments) == seccomp.ENOSYS


STARTING = {
    "clone": (17, 0x1000, 0x1000, 0, KEY, 0), "prctl": (1, 9, 0, 0, 0, KEY), "recvmsg": (6, 0x1000, 0, 0, 0, KEY),
    "pidfd_send_signal": (9, 9, 0, 0, 0, KEY), "landlock_restrict_self": (8, 0, 0, 0, 0, KEY),
    "execveat": (63, 0x1000, 0x1000, 0x1000, 0x1000, KEY),
}  # fmt: skip


@given(st.sampled_from(sorted(STARTING)), st.integers(0, (1 << 64) - 1))
def test_a_program_is_started_with_the_key_only(name: str, guess: int) -> None:
    assert keyed(name, *STARTING[name])
    for other in (guess, 0, KEY & 0xFFFFFFFF, KEY >> 32 << 32):
        if other != KEY:
            assert not keyed(name, *(other if argument == KEY else argument for argument in STARTING[name]))


@given(st.integers(-10, 70000))
def test_the_helper_and_the_first_process_are_spared(pid: int) -> None:
    """The process namespace holds nothing else but the program itself."""
    for name in ("kill", "tgkill"):
        assert keyed(name, pid, 15) is (pid > 1 and pid != HELPER)
        for spared in (0, 1, HELPER, -1, -HELPER):
            assert not keyed(name, spared, 15)
    assert keyed("prlimit64", pid) is (pid >= 0 and pid not in (1, HELPER))
    assert not keyed("prlimit64", 1)
    assert not keyed("prlimit64", HELPER)


@given(st.integers(0, 2000), st.lists(st.integers(-(1 << 63), (1 << 63) - 1), max_size=6))
def test_what_nobody_thought_of_is_refused(number: int, arguments: list[int]) -> None:
    answer = decide(PROGRAM, number, *arguments)
    if number in KNOWN:
        assert answer == seccomp.ALLOW
    elif number in ABSENT:
        assert answer == seccomp.ENOSYS
    elif number not in CONDITIONAL:
        assert answer == seccomp.EPERM


@given(st.integers(0, 500), st.integers(0, 0xFFFFFFFF))
def test_foreign_calls_kill(number: int, arch: int) -> None:
    if arch != linux.AUDIT_ARCH:
        assert decide(PROGRAM, number, arch=arch) == decide(KEYED, number, arch=arch) == seccomp.KILL
    assert decide(PROGRAM, number | linux.X32_BIT) == decide(KEYED, number | linux.X32_BIT) == seccomp.KILL


DANGEROUS = """
fork vfork clone3 execve socket connect ptrace process_vm_readv process_vm_writev kcmp unshare setns mount pivot_root
umount2 memfd_create userfaultfd io_uring_setup io_uring_enter bpf perf_event_open keyctl add_key pidfd_open pidfd_getfd
pidfd_send_signal sendmsg recvmsg seccomp landlock_restrict_self setresuid setgroups capset clock_settime personality
shmget msgget semget mq_open setsid setpgid unlink rename mkdir link symlink chmod truncate openat2 sched_setaffinity
mlock name_to_handle_at
"""


@pytest.mark.parametrize("name", DANGEROUS.split())
def test_dangerous_calls_are_refused(name: str) -> None:
    assert not both(linux.NR[name])
    assert not both(linux.NR[name], 1, 1, 1, 1, 1, 1)
    assert not keyed(name)
    assert not keyed(name, 1, 1, 1, 1, 1, 1)


def test_threads_but_no_processes() -> None:
    assert both(linux.NR["clone"], 0x3D0F00)  # what pthread_create passes
    assert not both(linux.NR["clone"], 17)
    assert not both(linux.NR["clone"], 0x10000000 | 17)


@given(st.integers(0, 1 << 40))
def test_files_are_opened_for_reading_only(flags: int) -> None:
    plain = flags & 0xFFFFFFFF
    writes = bool(plain & (0o3 | 0o100 | 0o1000 | 0o2000 | 0o20000000))
    assert both(linux.NR["openat"], -100, 0, flags) is not writes
    assert both(linux.NR["open"], 0, flags) is not writes


@given(st.integers(-10, 70000))
def test_only_itself_is_signalled(pid: int) -> None:
    for name in ("kill", "tgkill"):
        assert both(linux.NR[name], pid, 15) is (pid == PID)
    assert both(linux.NR["prlimit64"], pid) is (pid in (0, PID))


@given(st.integers(0, (1 << 64) - 1))
def test_only_the_key_starts_a_program(key: int) -> None:
    number = linux.NR["execveat"]
    assert decide(PROGRAM, number, 63, 0, 0, 0, 0x1000, key) == (seccomp.ALLOW if key == KEY else seccomp.EPERM)
    for half in (KEY & 0xFFFFFFFF, KEY >> 32 << 32):
        assert decide(PROGRAM, number, 63, 0, 0, 0, 0x1000, half) == seccomp.EPERM
    assert decide(seccomp.wide(writing=False, spawning=False, exec_key=None), number, 63) == seccomp.EPERM


def test_the_core_limit_stays() -> None:
    assert not both(linux.NR["setrlimit"], linux.RLIMIT_CORE)
    for pointer in (1, 1 << 32, 0x7FFF_0000_0000):
        assert not both(linux.NR["prlimit64"], 0, linux.RLIMIT_CORE, pointer)
        assert not keyed("prlimit64", 0, linux.RLIMIT_CORE, pointer)
        assert both(linux.NR["prlimit64"], 0, linux.RLIMIT_STACK, pointer)
    assert both(linux.NR["prlimit64"], 0, linux.RLIMIT_CORE, 0)
    assert both(linux.NR["setrlimit"], linux.RLIMIT_STACK)


def test_a_socket_pair_is_a_pipe_and_nothing_else() -> None:
    unix, stream, datagram, flags = 1, 1, 2, 0o2004000
    assert both(linux.NR["socketpair"], unix, stream)
    assert both(linux.NR["socketpair"], unix, stream | flags)
    assert not both(linux.NR["socketpair"], unix, datagram)
    assert not both(linux.NR["socketpair"], 2, stream)
    assert both(linux.NR["sendto"], 5, 1, 1, 0, 0)
    assert not both(linux.NR["sendto"], 5, 1, 1, 0, 1 << 32)
    assert not both(linux.NR["sendto"], 5, 1, 1, 0, 1)


def test_compilers_may_write_and_start_processes() -> None:
    program = seccomp.wide(writing=True, spawning=True, exec_key=KEY)
    for name in ("openat", "fork", "vfork", "clone", "execve", "wait4", "unlink", "rename"):
        assert decide(program, linux.NR[name], -100, 0, 0o101) == seccomp.ALLOW
    for name in ("socket", "ptrace", "mount", "symlink", "link"):
        assert decide(program, linux.NR[name]) == seccomp.EPERM
    reader = seccomp.wide(writing=False, spawning=False, exec_key=None)
    assert decide(reader, linux.NR["unlink"]) == seccomp.EPERM


def test_filters_fit_the_kernel() -> None:
    assert len(PROGRAM) // 8 < 500
    assert len(seccomp.wide(writing=True, spawning=True, exec_key=KEY)) // 8 <= 4096
    assert len(KEYED) // 8 < 500
    assert len(seccomp.narrow()) // 8 <= 256  # what supervisor.c has room for
