# attack: kill itself, as if the machine had failed
# stopped by: run again; when it happens every time it is the program's doing
# verdict: RTE
import os

print("held", flush=True)
os.kill(os.getpid(), 9)
