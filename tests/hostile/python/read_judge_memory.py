# attack: read the judge's memory by /proc and by process_vm_readv
# stopped by: Landlock, system call filter, process namespace
# verdict: AC
import ctypes
import os
import sys

targets = dict(line.rstrip("\n").split(" ", 1) for line in sys.stdin)
libc = ctypes.CDLL(None, use_errno=True)
address, size = int(targets["address"]), int(targets["size"])
for pid in (int(targets["pid"]), os.getppid(), 1):
    try:
        with open(f"/proc/{pid}/mem", "rb", buffering=0) as file:
            file.seek(address)
            print("BROKEN mem", pid, file.read(size))
    except (OSError, ValueError):
        pass
    buffer = ctypes.create_string_buffer(size)

    class Part(ctypes.Structure):
        _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]

    here, there = Part(ctypes.addressof(buffer), size), Part(address, size)
    if libc.process_vm_readv(pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0) > 0:
        print("BROKEN process_vm_readv", pid, buffer.raw)
print("held")
