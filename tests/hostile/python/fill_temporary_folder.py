# attack: fill the disk through every folder that is writable as a rule
# stopped by: Landlock, and a read-only root
# verdict: AC
import os

for folder in ("/tmp", "/var/tmp", "/dev/shm", "/run", ".", "/", os.path.expanduser("~")):
    try:
        with open(f"{folder}/stepsmith-hostile", "wb") as file:
            file.write(bytes(1 << 20))
        print("BROKEN", folder)
    except OSError:
        pass
print("held")
