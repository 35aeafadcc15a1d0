# attack: raise the limits again
# stopped by: they are hard limits, and there are no privileges
# verdict: AC
import resource

for name in ("AS", "FSIZE", "NOFILE", "CPU", "CORE"):
    kind = getattr(resource, f"RLIMIT_{name}")
    soft, hard = resource.getrlimit(kind)
    if hard == resource.RLIM_INFINITY:
        print("BROKEN", name)
    try:
        resource.setrlimit(kind, (hard + 1, hard + 1))
        print("BROKEN", name)
    except (OSError, ValueError):
        pass
try:
    import os

    resource.prlimit(os.getppid(), resource.RLIMIT_CPU)
    print("BROKEN prlimit")
except OSError:
    pass
print("held")
