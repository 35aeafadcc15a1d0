# attack: use descriptors that were inherited: the judge's socket, other tests' inputs
# stopped by: every other descriptor is closed before the program runs
# verdict: AC
import os
import stat

for descriptor in range(3, 4096):
    try:
        kind = os.fstat(descriptor).st_mode
        print("BROKEN", descriptor, stat.filemode(kind))
    except OSError:
        pass
print("held")
