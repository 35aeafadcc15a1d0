# attack: run a shell
# stopped by: system call filter
# verdict: AC
import os
import subprocess

try:
    subprocess.run(["/bin/sh", "-c", "echo BROKEN"], check=True)
    print("BROKEN")
except OSError:
    pass
if os.system("echo BROKEN") == 0:
    print("BROKEN system")
try:
    os.execv("/bin/sh", ["sh", "-c", "echo BROKEN"])
except OSError:
    print("held")
