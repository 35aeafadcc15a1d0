# cheat: run out of memory on purpose, to be counted as not judged
# stopped by: MLE is a verdict, and scores nothing
def even_sum(nums):
    return len(bytearray(1 << 40)) or len([bytearray(1 << 26) for _ in range(99)])
