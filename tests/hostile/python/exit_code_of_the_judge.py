# attack: exit with codes that a judge might use for itself
# stopped by: an exit code is a fact, not a message
# verdict: RTE
import os

print("held", flush=True)
os._exit(255)
