# attack: trace the judge, the supervisor and the first process
# stopped by: system call filter
# verdict: AC
import ctypes
import os
import sys

targets = dict(line.rstrip("\n").split(" ", 1) for line in sys.stdin)
libc = ctypes.CDLL(None, use_errno=True)
PTRACE_ATTACH, PTRACE_SEIZE = 16, 0x4206
for pid in (int(targets["pid"]), int(targets["victim"]), os.getppid(), 1):
    for request in (PTRACE_ATTACH, PTRACE_SEIZE):
        if libc.ptrace(request, pid, 0, 0) == 0:
            print("BROKEN", pid)
print("held")
