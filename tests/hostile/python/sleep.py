# attack: do nothing for ever
# stopped by: wall clock limit
# verdict: TLE
# wall: 1
import time

time.sleep(10**6)
