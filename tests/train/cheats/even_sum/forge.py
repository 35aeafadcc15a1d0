# cheat: write what a judge might be waiting for to every descriptor
# stopped by: a verdict is not read from the program
import os

def even_sum(nums):
    for text in (b"AC\n", b"PASSED\n", b'{"verdict": "AC", "passed": true}\n', b"10\n"):
        for descriptor in range(1, 20):
            try:
                os.write(descriptor, text)
            except OSError:
                pass
    os._exit(0)
