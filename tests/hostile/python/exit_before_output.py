# attack: end with success and no output
# stopped by: no output is a wrong answer
# verdict: WA
import os

os._exit(0)
