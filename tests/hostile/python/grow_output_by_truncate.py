# attack: make the output file huge without writing
# stopped by: file size limit
# verdict: OLE AC
# output: 1
import os
import signal

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
try:
    os.ftruncate(1, 1 << 40)
    print("BROKEN")
except OSError:
    print("held")
