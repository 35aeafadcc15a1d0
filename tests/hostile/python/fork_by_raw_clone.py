# attack: start a process by clone, clone3, fork and vfork directly
# stopped by: system call filter
# verdict: AC
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
SIGCHLD = 17
for number, arguments in ((56, (SIGCHLD, 0, 0, 0, 0)), (57, ()), (58, ()), (435, (ctypes.create_string_buffer(88), 88))):
    pid = libc.syscall(ctypes.c_long(number), *arguments)
    if pid >= 0:
        print("BROKEN", number, flush=True)
        libc._exit(1)
print("held")
