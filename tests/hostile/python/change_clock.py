# attack: set the clocks
# stopped by: system call filter
# verdict: AC
import ctypes
import time

libc = ctypes.CDLL(None, use_errno=True)
try:
    time.clock_settime(time.CLOCK_REALTIME, 0)
    print("BROKEN")
except OSError:
    pass
for number in (164, 227, 159, 305):
    if libc.syscall(number, 0, ctypes.create_string_buffer(256)) >= 0:
        print("BROKEN", number)
print("held")
