# attack: make a user namespace to get capabilities, mount, change root
# stopped by: system call filter; no new privileges
# verdict: AC
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
for flag in (0x10000000, 0x20000, 0x20000000, 0x40000000, 0x8000000, 0x4000000, 0x2000000, 0x80):
    if libc.unshare(flag) == 0:
        print("BROKEN unshare", hex(flag))
    if libc.syscall(56, flag | 17, 0, 0, 0, 0) >= 0:
        print("BROKEN clone", hex(flag))
        libc._exit(1)
if libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0 or libc.chroot(b"/") == 0 or libc.setns(0, 0) == 0:
    print("BROKEN mount")
print("held")
