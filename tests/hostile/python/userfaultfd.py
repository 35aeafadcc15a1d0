# attack: stop the kernel in the middle of its work with userfaultfd
# stopped by: system call filter; no devices
# verdict: AC
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
for flags in (0, 1):
    if libc.syscall(323, flags) >= 0:
        print("BROKEN", flags)
try:
    os.open("/dev/userfaultfd", os.O_RDWR)
    print("BROKEN device")
except OSError:
    print("held")
