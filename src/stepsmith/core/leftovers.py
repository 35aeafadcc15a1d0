"""Things that outlive a killed process: folders, control groups, semaphores. By their names the next one removes them.

A name is ``KIND-OWNER-SOMETHING``. The owner is a process, with its process namespace: containers that share a folder
number their processes apart, and must not remove what lives in another one.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SELF = Path("/proc/self/ns/pid")


def owner(pid: int | None = None) -> str:
    """Return the name of this process, or of another one beside it, as an owner of things."""
    try:
        namespace = str(SELF.stat().st_ino)
    except OSError:  # /proc is not mounted
        namespace = "0"
    return f"{namespace}.{pid or os.getpid()}"


def left_behind(place: Path, kind: str) -> Iterator[Path]:
    """Yield the things of a kind in a folder whose owners are dead."""
    with contextlib.suppress(OSError):
        for path in list(place.iterdir()):
            name, _, rest = path.name.removeprefix(f"{kind}-").partition("-")
            namespace, _, pid = name.partition(".")
            ours = path.name.startswith(f"{kind}-") and rest and pid.isdigit() and name == owner(int(pid))
            if ours and namespace != "0" and not Path(f"/proc/{pid}").exists():
                yield path


def make_folder(kind: str, place: Path | None = None) -> Path:
    """Make a folder of our own among the temporary files, or in ``place``; remove those of its kind that are left."""
    found = place or Path(tempfile.gettempdir())
    for path in left_behind(found, kind):
        shutil.rmtree(path, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{kind}-{owner()}-", dir=found))


@contextmanager
def temporary_folder(kind: str, place: Path | None = None) -> Iterator[Path]:
    """Yield such a folder, and remove it afterwards."""
    folder = make_folder(kind, place)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
