# attack: do file and network work by io_uring, which system call filters do not see
# stopped by: system call filter (io_uring_setup)
# verdict: AC
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
for number in (425, 426, 427):
    if libc.syscall(number, 8, ctypes.create_string_buffer(120), 0, 0, 0, 0) >= 0:
        print("BROKEN", number)
print("held")
