# cheat: leave with exit code 0, past every handler
# stopped by: an answer is required, not a friendly exit
import os

os._exit(0)
