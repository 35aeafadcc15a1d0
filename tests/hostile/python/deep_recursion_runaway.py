# attack: recurse for ever with the limit raised
# stopped by: memory limit
# verdict: MLE RTE
# memory: 128
import sys

sys.setrecursionlimit(10**9)

def f(x):
    return f(x + 1) + 1

f(0)
