# attack: outlive the run as a daemon
# stopped by: system call filter (fork, setsid); the worker's processes are killed after each solution
# verdict: AC
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
try:
    os.setsid()
    print("BROKEN setsid")
except OSError:
    pass
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
if libc.prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) == 0 or libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0:
    print("BROKEN prctl")
try:
    os.fork()
    print("BROKEN fork")
except OSError:
    print("held")
