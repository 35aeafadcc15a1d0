"""A program's folder inside a worker: files to read, and one folder to write to. Emptied between programs."""

import os
import stat

from stepsmith.sandbox import wire

WRITABLE = "feedback"


class Folder:
    """The folder at ``path``. Landlock lets programs read all of it and write below ``feedback`` only."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.writable = f"{path}/{WRITABLE}"
        self._dirty = False

    def make(self) -> None:
        """Create the folder; it stays for the worker's life, because Landlock's rules are about these very inodes."""
        os.mkdir(self.path, 0o755)  # noqa: PTH102
        os.mkdir(self.writable, 0o777)  # noqa: PTH102

    def fill(self, names: list[str], contents: list[int]) -> None:
        """Write files from memory files. Names are plain, checked by the judge's side."""
        for name, descriptor in zip(names, contents, strict=True):
            with open(f"{self.path}/{name}", "wb") as file:  # noqa: PTH123
                os.sendfile(file.fileno(), descriptor, 0, os.fstat(descriptor).st_size)
            self._dirty = True

    def collect(self, max_files: int, max_bytes: int) -> list[tuple[str, int]]:
        """Return plain files that a program wrote, as memory files: no links, no sub-folders, bounded in size."""
        found: list[tuple[str, int]] = []
        for entry in sorted(os.scandir(self.writable), key=lambda entry: entry.name):
            if len(found) == max_files or not entry.is_file(follow_symlinks=False):
                continue
            descriptor = os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                status = os.fstat(descriptor)
                if stat.S_ISREG(status.st_mode) and status.st_size <= max_bytes:
                    copy = wire.memory_file()
                    _copy(descriptor, copy, status.st_size)
                    found.append((entry.name, copy))
            finally:
                os.close(descriptor)
        return found

    def wipe(self) -> None:
        """Empty the folder, however deep a program nested it."""
        _empty(self.writable)
        if self._dirty:
            for entry in os.scandir(self.path):
                if entry.name != WRITABLE:
                    os.unlink(entry.path)  # noqa: PTH108
            self._dirty = False


def _copy(source: int, target: int, size: int) -> None:
    done = 0
    while done < size:
        sent = os.sendfile(target, source, done, size - done)
        if not sent:
            return
        done += sent


def _empty(path: str) -> None:
    """Remove all below ``path``: each round lifts the folders inside one level, so that no path grows long."""
    os.chmod(path, 0o700)  # noqa: PTH101
    while entries := list(os.scandir(path)):
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                os.unlink(entry.path)  # noqa: PTH108
                continue
            os.chmod(entry.path, 0o700)  # noqa: PTH101
            for inner in list(os.scandir(entry.path)):
                if inner.is_dir(follow_symlinks=False):
                    os.chmod(inner.path, 0o700)  # noqa: PTH101
                os.rename(inner.path, f"{path}/{os.urandom(8).hex()}")  # noqa: PTH104
            os.rmdir(entry.path)  # noqa: PTH106
