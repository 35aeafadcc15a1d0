# cheat: close every descriptor, so that the judge hears nothing
# stopped by: silence is no answer, and no failure of ours
import os

os.closerange(0, 256)
