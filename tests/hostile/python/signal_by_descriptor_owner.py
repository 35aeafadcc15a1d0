# attack: let the kernel signal the judge, by owning a descriptor's signals (F_SETOWN)
# stopped by: system call filter
# verdict: AC
import fcntl
import os
import sys

targets = dict(line.rstrip("\n").split(" ", 1) for line in sys.stdin)
reader, writer = os.pipe()
for pid in (int(targets["pid"]), os.getppid()):
    try:
        fcntl.fcntl(reader, fcntl.F_SETOWN, pid)
        print("BROKEN")
    except OSError:
        pass
print("held")
