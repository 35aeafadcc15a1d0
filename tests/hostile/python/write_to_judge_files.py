# attack: change the judge's program, its libraries and its answers
# stopped by: Landlock, and a read-only root
# verdict: AC
import json
import os
import sys

targets = dict(line.rstrip("\n").split(" ", 1) for line in sys.stdin)
for path in (json.__file__, os.__file__, sys.executable, targets["file"], "/usr/lib/os-release"):
    for change in (
        lambda: os.close(os.open(path, os.O_WRONLY)),
        lambda: os.close(os.open(path, os.O_RDWR | os.O_APPEND)),
        lambda: os.truncate(path, 0),
        lambda: os.unlink(path),
        lambda: os.rename(path, path + ".old"),
        lambda: os.chmod(path, 0o777),
        lambda: os.utime(path),
        lambda: os.setxattr(path, "user.x", b"x"),
        lambda: os.link(path, path + ".link"),
        lambda: os.chown(path, os.getuid(), os.getgid()),
    ):
        try:
            change()
            print("BROKEN", path)
        except OSError:
            pass
print("held")
