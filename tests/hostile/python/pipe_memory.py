# attack: hold memory in pipes, where memory limits do not count it
# stopped by: descriptor limit; pipes cannot be enlarged
# verdict: AC
import fcntl
import os

F_SETPIPE_SZ = 1031
pipes = []
try:
    while True:
        pipes.append(os.pipe())
        fcntl.fcntl(pipes[-1][1], F_SETPIPE_SZ, 1 << 20)
        print("BROKEN")
except OSError:
    pass
try:
    while len(pipes) < 1000:
        pipes.append(os.pipe())
    print("BROKEN")
except OSError:
    print("held")
