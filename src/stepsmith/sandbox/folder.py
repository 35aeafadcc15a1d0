"""A program's working folder inside a worker: filled before it runs, read back and emptied afterwards."""

import os
import stat

from stepsmith.sandbox import frames


class Folder:
    """The folder at ``path``; Landlock decides which programs may read or write below it."""

    def __init__(self, path: str) -> None:
        self.path = path

    def make(self) -> None:
        """Create the folder. It must not be replaced while the worker lives: Landlock's rules hold its inode."""
        os.mkdir(self.path, 0o700)

    def fill(self, names: list[str], contents: list[int]) -> None:
        """Write files from memory files; a name that ends in ``/`` makes an empty folder.

        The judge has checked that all names are relative and stay inside the folder.
        """
        for name, descriptor in zip(names, contents, strict=True):
            path = f"{self.path}/{name}"
            os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
            if not name.endswith("/"):
                with open(path, "wb") as file:
                    _copy(descriptor, file.fileno(), os.fstat(descriptor).st_size)

    def collect(self, names: list[str], max_bytes: int) -> list[tuple[str, int]]:
        """Return the named files that exist, as memory files: only plain files of at most ``max_bytes``, no links.

        A name that ends in ``/`` stands for all plain files below that folder. They are packed into one memory file by
        ``frames``: each name, then its content.
        """
        found: list[tuple[str, int]] = []
        for name in names:
            if name.endswith("/"):
                found.append((name, self._collect_all(name, max_bytes)))
                continue
            try:
                descriptor = os.open(f"{self.path}/{name}", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            except OSError:
                continue
            status = os.fstat(descriptor)
            if stat.S_ISREG(status.st_mode) and status.st_size <= max_bytes and self._inside(descriptor):
                copy = os.memfd_create("copy", os.MFD_CLOEXEC)
                _copy(descriptor, copy, status.st_size)
                found.append((name, copy))
            os.close(descriptor)
        return found

    def _collect_all(self, folder: str, max_bytes: int) -> int:
        """Return a memory file with all plain files below a folder, as far as they fit into ``max_bytes`` together."""
        copy = os.memfd_create("copy", os.MFD_CLOEXEC)
        left = max_bytes
        for place, _, names in os.walk(f"{self.path}/{folder.rstrip('/')}"):
            for name in sorted(names):
                path = f"{place}/{name}"
                try:
                    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
                except OSError:
                    continue
                status = os.fstat(descriptor)
                if stat.S_ISREG(status.st_mode) and status.st_size <= left:
                    left -= status.st_size
                    os.write(copy, frames.pack([os.fsencode(path.removeprefix(f"{self.path}/"))]))
                    os.write(copy, frames.LENGTH.pack(status.st_size))
                    _copy(descriptor, copy, status.st_size)
                os.close(descriptor)
        return copy

    def _inside(self, descriptor: int) -> bool:
        """Return whether a file is in this folder and not behind a link; without /proc, no link was followed."""
        try:
            return os.readlink(f"/proc/self/fd/{descriptor}").startswith(f"{self.path}/")
        except OSError:
            return True

    def empty(self) -> None:
        """Empty the folder. Each round moves the contents of sub-folders up one level, so that paths stay short."""
        os.chmod(self.path, 0o700)  # a program may have locked it
        os.utime(self.path, (0, 0))  # or have set its times, which the next program could read
        while entries := list(os.scandir(self.path)):
            for entry in entries:
                if not entry.is_dir(follow_symlinks=False):
                    os.unlink(entry.path)
                    continue
                os.chmod(entry.path, 0o700)
                for inner in list(os.scandir(entry.path)):
                    if inner.is_dir(follow_symlinks=False):
                        os.chmod(inner.path, 0o700)
                    os.rename(inner.path, f"{self.path}/{os.urandom(8).hex()}")
                os.rmdir(entry.path)


def _copy(source: int, target: int, size: int) -> None:
    done = 0
    while done < size and (sent := os.sendfile(target, source, done, size - done)):
        done += sent
