# attack: start processes without end
# stopped by: system call filter (clone without CLONE_THREAD)
# verdict: AC
import os

try:
    while True:
        if os.fork() == 0:
            print("BROKEN fork", flush=True)
except OSError:
    print("held")
