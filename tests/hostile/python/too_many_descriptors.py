# attack: open descriptors without end
# stopped by: descriptor limit
# verdict: AC
import os

opened = 0
try:
    while opened < 100_000:
        os.dup(0)
        opened += 1
    print("BROKEN")
except OSError:
    print("held" if opened < 1000 else "BROKEN")
