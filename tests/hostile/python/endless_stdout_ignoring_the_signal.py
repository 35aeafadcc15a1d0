# attack: ignore SIGXFSZ and go on printing
# stopped by: file size limit; writes fail
# verdict: OLE
# output: 1
import os
import signal

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
failures = 0
while failures < 1000:
    try:
        os.write(1, b"x" * 4096)
    except OSError:
        failures += 1
