# attack: end the process with success before a value is returned
# stopped by: no value is a failure
# verdict: RTE
# interface: function
# entry: solve
# input: (1, 2)
# expected: None
import os

def solve(a, b):
    os._exit(0)
