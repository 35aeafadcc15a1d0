# attack: see other processes in /proc
# stopped by: Landlock; at L2 there are none to see
# verdict: AC
import os

try:
    others = [name for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]
    if others:
        print("BROKEN", others)
except OSError:
    pass
print("held")
