"""A program that attacks the sandbox from inside and prints the result of each attack. It runs when a worker starts.

Standard input names the targets, all real: a file that anyone may read, listening sockets, the judge's process. A line
of output is the name of an attack and "held" if it failed, "BROKEN" if it succeeded.
"""

import ctypes
import json
import os
import socket
import sys
from collections.abc import Callable

TARGETS: dict[str, str | int] = json.load(sys.stdin) if __name__ == "__main__" else {}
libc = ctypes.CDLL(None, use_errno=True)


def call(number: int, *arguments: int | None) -> None:
    """Make a system call; raise an error if it is refused."""
    result = libc.syscall(ctypes.c_long(number), *(None if a is None else ctypes.c_long(a) for a in arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")
    if number == CLONE and result == 0:
        os._exit(0)


def connect(family: int, address: object) -> None:
    """Reach a listening socket."""
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.connect(address)  # type: ignore[arg-type]


def fork() -> None:
    """Start a process."""
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


CLONE, CLONE_NEWUSER, SIGCHLD = 56, 0x10000000, 17
PTRACE_SEIZE = 0x4206  # unlike PTRACE_ATTACH, it does not stop the judge if it succeeds
ATTACKS: dict[str, Callable[[], object]] = {
    "read a file": lambda: os.open(str(TARGETS["file"]), os.O_RDONLY),
    "write a file": lambda: os.open(str(TARGETS["file"]) + ".new", os.O_CREAT | os.O_WRONLY),
    "write below the working folder": lambda: os.open("written", os.O_CREAT | os.O_WRONLY),
    "list the judge's folder": lambda: os.listdir(str(TARGETS["folder"])),
    "connect by IPv4": lambda: connect(socket.AF_INET, ("127.0.0.1", TARGETS["tcp4"])),
    "connect by IPv6": lambda: connect(socket.AF_INET6, ("::1", TARGETS["tcp6"])),
    "connect by Unix socket": lambda: connect(socket.AF_UNIX, TARGETS["unix"]),
    "connect by abstract socket": lambda: connect(socket.AF_UNIX, "\0" + str(TARGETS["abstract"])),
    "start a process": fork,
    "start a process by raw clone": lambda: call(CLONE, SIGCHLD, 0, 0, 0, 0),
    "run another program": lambda: call(59, None, None, None),
    "signal the judge": lambda: os.kill(int(TARGETS["pid"]), 0),
    "trace the judge": lambda: call(101, PTRACE_SEIZE, int(TARGETS["pid"]), 0, 0),
    "read the judge's environment": lambda: os.open(f"/proc/{TARGETS['pid']}/environ", os.O_RDONLY),
    "make a user namespace": lambda: call(272, CLONE_NEWUSER),
    "use io_uring": lambda: call(425, 1, None),
    "use userfaultfd": lambda: call(323, 0),
    "load a kernel program": lambda: call(321, 0, None, 0),
}

if __name__ == "__main__":
    for name, attack in ATTACKS.items():
        try:
            attack()
            print(f"{name}: BROKEN")
        except OSError:
            print(f"{name}: held")
