# attack: close or delete the standard streams
# stopped by: the output is what reached the descriptor
# verdict: WA RTE
import sys

sys.stdout.close()
sys.stderr.close()
sys.stdout = sys.stderr = None
