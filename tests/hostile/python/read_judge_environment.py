# attack: find a secret in the environment of this process or of the judge
# stopped by: an empty environment; Landlock and namespaces hide the judge
# verdict: AC
import os
import sys

targets = dict(line.rstrip("\n").split(" ", 1) for line in sys.stdin)
if any("SECRET" in name for name in os.environ):
    print("BROKEN own environment")
for pid in (targets["pid"], os.getppid(), 1, "self"):
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            if b"SECRET" in file.read():
                print("BROKEN", pid)
    except OSError:
        pass
print("held")
