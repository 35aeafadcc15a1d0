# attack: make links in the working folder that lead outside
# stopped by: Landlock allows neither kind of link
# verdict: AC
import os
import sys

targets = dict(line.rstrip("\n").split(" ", 1) for line in sys.stdin)
for make in (os.symlink, os.link):
    for name in ("stepsmith-hostile-link", "/tmp/stepsmith-hostile-link", "/dev/shm/stepsmith-hostile-link"):
        try:
            make(targets["file"], name)
            print("BROKEN", name)
        except OSError:
            pass
for make in (lambda: os.mkfifo("fifo"), lambda: os.mknod("device", 0o20666, os.makedev(1, 1))):
    try:
        make()
        print("BROKEN")
    except OSError:
        pass
print("held")
