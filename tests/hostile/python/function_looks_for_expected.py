# attack: look for the expected value in the frames below, in the collector and in the arguments' descriptor
# stopped by: it is in no process that runs programs
# verdict: WA
# interface: function
# entry: solve
# input: (1, 2)
# expected: 'THE-SECRET-ANSWER'
import gc
import os
import re
import sys

MARK = re.compile("THE-SECRE[T]-ANSWER")  # does not match itself

def solve(a, b):
    frame = sys._getframe(1)
    while frame is not None:
        if MARK.search(str(frame.f_locals)):
            print("BROKEN", file=sys.stderr)
        frame = frame.f_back
    os.lseek(0, 0, 0)
    if MARK.search(os.read(0, 10**6).decode()):
        print("BROKEN", file=sys.stderr)
    for thing in gc.get_objects():
        if isinstance(thing, list) and any(isinstance(x, str) and MARK.search(x) for x in thing):
            print("BROKEN", file=sys.stderr)
    return None
