"""Compiled programs in the user's cache folder, by content, and what languages prepare once for all programs.

All of it may be removed at any time. A binary is stored with its digest, so that one damaged by a crash or a full disk
is compiled again and never run.
"""

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections import OrderedDict
from pathlib import Path

from stepsmith.core.ids import content_id
from stepsmith.core.leftovers import make_folder
from stepsmith.judge.languages import Language, Sources

CACHE_MB = 1024
RECENT_MB = 64  # binaries kept in memory, for each judge
_DIGEST = 16
MB = 1 << 20


def cache_folder() -> Path:
    """Return ``$STEPSMITH_CACHE``, or ``stepsmith`` in the user's cache folder."""
    named = os.environ.get("STEPSMITH_CACHE")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stepsmith"


class BinaryCache:
    """Binaries by key. Above ``max_mb`` the least recently used are removed first.

    Where the folder cannot be used (it is read-only, or others may write to it), a private temporary one is used.
    """

    def __init__(self, folder: Path | None = None, max_mb: int = CACHE_MB) -> None:
        self._temporary: Path | None = None
        self._root = folder or cache_folder()
        self._max_bytes = max_mb * MB
        self._recent: OrderedDict[str, bytes] = OrderedDict()
        try:
            self._prepare()
        except OSError:
            self._root = self._temporary = make_folder("stepsmith-cache")
            self._prepare()

    def _prepare(self) -> None:
        self._binaries = self._root / "binaries"
        self.prepared = self._root / "prepared"  # see ``Language.prepared``
        self.libraries = self._root / "libraries"
        for place in (self._binaries, self.prepared, self.libraries):
            place.mkdir(parents=True, exist_ok=True, mode=0o755)
            if place.stat().st_uid != os.geteuid() or place.stat().st_mode & 0o022:
                raise PermissionError(f"{place} can be changed by others")
            with tempfile.TemporaryFile(dir=place):
                pass

    @staticmethod
    def key(language: Language, sources: Sources) -> str:
        """Return the key of a program: it depends on the sources, the compiler, its version and its options."""
        command = language.compile_command(sources, ("prepared",))
        return content_id("bin", language.version, command, language.outputs, sources)

    def get(self, key: str) -> bytes | None:
        """Return a binary, or None if it is missing or damaged."""
        if key in self._recent:
            self._recent.move_to_end(key)
            return self._recent[key]
        path = self._binaries / key
        try:
            data = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        digest, binary = data[:_DIGEST], data[_DIGEST:]
        if digest != _digest(binary):
            return None
        self._remember(key, binary)
        return binary

    def put(self, key: str, binary: bytes) -> None:
        """Store a binary. Where the disk is full it is not stored, and that is no error."""
        self._remember(key, binary)
        with contextlib.suppress(OSError):
            _replace(self._binaries / key, _digest(binary) + binary)
            self._trim()

    def _remember(self, key: str, binary: bytes) -> None:
        self._recent[key] = binary
        while len(self._recent) > 1 and sum(map(len, self._recent.values())) > RECENT_MB * MB:
            self._recent.popitem(last=False)

    def _trim(self) -> None:
        entries = []
        for path in self._binaries.iterdir():
            with contextlib.suppress(FileNotFoundError):
                status = path.stat()
                entries.append((status.st_mtime, status.st_size, path))
        total = sum(size for _, size, _ in entries)
        for _, size, path in sorted(entries):
            if total <= self._max_bytes:
                return
            path.unlink(missing_ok=True)
            total -= size

    def close(self) -> None:
        """Remove the cache if it is a temporary one."""
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)


def _replace(path: Path, data: bytes) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=_DIGEST).digest()
