# attack: leave core dumps behind
# stopped by: core size limit; nowhere to write
# verdict: RTE
import ctypes
import os
import resource

try:
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print("BROKEN", flush=True)
except (OSError, ValueError):
    pass
ctypes.string_at(0)
