# attack: an uninterruptible computation in C
# stopped by: CPU limit
# verdict: TLE
import re

re.match(r"(a*)*b", "a" * 60)
