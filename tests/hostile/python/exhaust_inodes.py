# attack: make empty files until the file system has no more
# stopped by: Landlock, and a read-only root
# verdict: AC
import os

made = 0
for folder in ("/tmp", "/dev/shm", "."):
    for i in range(1000):
        try:
            os.close(os.open(f"{folder}/stepsmith-hostile-{i}", os.O_CREAT | os.O_WRONLY))
            made += 1
        except OSError:
            break
        os.mkdir(f"{folder}/stepsmith-hostile-folder-{i}")
print("BROKEN" if made else "held")
