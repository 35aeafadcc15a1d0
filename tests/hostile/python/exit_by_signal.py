# attack: end by a signal that the judge may take for its own failure
# stopped by: the confinement's completion is told apart from the program's end
# verdict: RTE
import os
import signal

print("held", flush=True)
os.kill(os.getpid(), signal.SIGSYS)
