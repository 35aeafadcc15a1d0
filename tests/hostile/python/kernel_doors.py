# attack: calls that only privileged or clever programs make
# stopped by: system call filter
# verdict: AC
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
CALLS = {
    "bpf": 321, "perf_event_open": 298, "keyctl": 250, "add_key": 248, "kexec_load": 246, "init_module": 175,
    "memfd_create": 319, "memfd_secret": 447, "process_madvise": 440, "open_by_handle_at": 304, "pidfd_getfd": 438,
    "mq_open": 240, "shmget": 29, "msgget": 68, "semget": 64, "inotify_init": 253, "fanotify_init": 300,
    "personality": 135, "ioperm": 173, "modify_ldt": 154, "quotactl": 179, "acct": 163, "swapon": 167, "reboot": 169,
    "setuid": 105, "setgroups": 116, "sched_setaffinity": 203, "setpriority": 141, "mlockall": 151, "vmsplice": 278,
    "landlock_restrict_self": 446, "seccomp": 317, "execve": 59, "execveat": 322, "wait4 is allowed": 61,
}
for name, number in CALLS.items():
    if number != 61 and libc.syscall(number, 0, 0, 0, 0, 0, 0) >= 0:
        print("BROKEN", name)
print("held")
