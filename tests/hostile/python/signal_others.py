# attack: kill the judge, a process of the same user, the supervisor, and everything
# stopped by: system call filter, Landlock's scope, process namespace
# verdict: AC
import ctypes
import os
import signal
import sys

targets = dict(line.rstrip("\n").split(" ", 1) for line in sys.stdin)
libc = ctypes.CDLL(None, use_errno=True)
for pid in (int(targets["pid"]), int(targets["victim"]), os.getppid(), 1, 0, -1, -os.getpgrp()):
    try:
        os.kill(pid, signal.SIGTERM)
        print("BROKEN kill", pid)
    except OSError:
        pass
    if libc.syscall(234, pid, pid, signal.SIGTERM) == 0 or libc.syscall(200, pid, signal.SIGTERM) == 0:
        print("BROKEN tgkill", pid)
    if libc.syscall(129, pid, signal.SIGTERM, ctypes.create_string_buffer(128)) == 0:
        print("BROKEN sigqueue", pid)
    if libc.syscall(434, pid, 0) >= 0:
        print("BROKEN pidfd", pid)
print("held")
