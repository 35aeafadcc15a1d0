# cheat: crash the interpreter, to be counted as not judged
# stopped by: RTE is a verdict, and scores nothing
import ctypes

def even_sum(nums):
    ctypes.string_at(0)
