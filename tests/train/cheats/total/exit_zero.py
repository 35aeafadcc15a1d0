# cheat: leave with exit code 0 before answering
# stopped by: an answer is required, not a friendly exit
import sys

sys.exit(0)
