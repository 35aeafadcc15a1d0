# attack: write the judge's memory, or our supervisor's
# stopped by: Landlock, system call filter
# verdict: AC
import ctypes
import os
import sys

targets = dict(line.rstrip("\n").split(" ", 1) for line in sys.stdin)
libc = ctypes.CDLL(None, use_errno=True)
for pid in (int(targets["pid"]), os.getppid(), "self"):
    try:
        os.close(os.open(f"/proc/{pid}/mem", os.O_WRONLY))
        print("BROKEN", pid)
    except OSError:
        pass
buffer = ctypes.create_string_buffer(b"x", 1)
parts = (ctypes.c_size_t * 4)(ctypes.addressof(buffer), 1, int(targets["address"]), 1)
if libc.process_vm_writev(int(targets["pid"]), parts, 1, ctypes.byref(parts, 16), 1, 0) > 0:
    print("BROKEN process_vm_writev")
print("held")
