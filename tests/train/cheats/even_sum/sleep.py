# cheat: wait until somebody gives up, to be counted as not judged
# stopped by: TLE is a verdict, and scores nothing
import time

def even_sum(nums):
    time.sleep(100)
