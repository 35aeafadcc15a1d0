# attack: replace os._exit, so that the runner cannot end, and go on
# stopped by: the runner runs in this process and may be broken; the output and the exit status are judged all the same
# verdict: WA RTE
import os
import sys

os._exit = lambda code: sys.stdout.write("held")
