# attack: write two results into the result's descriptor and leave
# stopped by: the text has to be one literal
# verdict: WA
# interface: function
# entry: solve
# input: (1, 2)
# expected: 3
import os

def solve(a, b):
    os.write(3, b"4")
    os.write(3, b"\n3")
    os._exit(0)
