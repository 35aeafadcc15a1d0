# attack: close and cross the standard descriptors to confuse the judge
# stopped by: the judge reads its own memory files
# verdict: WA RTE
import os

os.dup2(2, 0)
os.dup2(0, 1)
os.write(1, b"held\n")
for descriptor in range(64):
    try:
        os.close(descriptor)
    except OSError:
        pass
