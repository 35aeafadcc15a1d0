# attack: change the input, which other runs might get too
# stopped by: the input is sealed
# verdict: AC
import mmap
import os

for attempt in (
    lambda: os.pwrite(0, b"x", 0),
    lambda: os.ftruncate(0, 0),
    lambda: mmap.mmap(0, 1, mmap.MAP_SHARED, mmap.PROT_WRITE),
):
    try:
        attempt()
        print("BROKEN")
    except OSError:
        pass
print("held")
