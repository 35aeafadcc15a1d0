# cheat: look for the tests in files and other processes
# stopped by: it is in no file that programs can read
import glob
import os

for name in [*glob.glob("*"), *glob.glob("../*"), *glob.glob("/tmp/*"), f"/proc/{os.getppid()}/cmdline"]:
    try:
        with open(name) as file:
            text = file.read(1 << 16)
    except (OSError, UnicodeDecodeError, ValueError):
        continue
    if "output" in text:
        print(text)
