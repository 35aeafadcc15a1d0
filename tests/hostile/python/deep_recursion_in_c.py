# attack: recurse for ever through C code until the stack is gone
# stopped by: the stack ends in unmapped memory; only this process dies
# verdict: RTE MLE TLE
# memory: 256
import functools
import sys

sys.setrecursionlimit(10**9)

@functools.lru_cache(None)
def f(x):
    return f(x + 1) + 1

f(0)
