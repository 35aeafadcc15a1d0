# attack: read files that the judge's user may read
# stopped by: Landlock, and a root that lacks them
# verdict: AC
import os
import sys

targets = dict(line.rstrip("\n").split(" ", 1) for line in sys.stdin)
paths = [targets["file"], "/etc/passwd", "/etc/shadow", "/etc/hostname", "/proc/1/environ", "/proc/self/environ",
         "/proc/self/maps", "/proc/version", "/sys/kernel/notes", "/root/.bashrc", "/dev/kmsg", "/dev/sda", "/dev/vda"]
for path in paths:
    try:
        with open(path, "rb") as file:
            file.read(100)
        print("BROKEN", path)
    except OSError:
        pass
for folder in (targets["folder"], "/root", "/home", "/etc", "/tmp", "/proc", "/sys", os.path.dirname(targets["file"])):
    try:
        if os.listdir(folder):
            print("BROKEN", folder)
    except OSError:
        pass
print("held")
