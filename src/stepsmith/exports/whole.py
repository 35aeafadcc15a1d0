"""A folder that appears complete or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stepsmith.core.errors import RunFolderError
from stepsmith.core.leftovers import temporary_folder
from stepsmith.store.folder_lock import explained


@contextmanager
def whole(out: Path) -> Iterator[Path]:
    """Yield a folder to write into. It is renamed to ``out`` at the end, or deleted if an error comes first.

    Raises ``RunFolderError`` where ``out`` is there already or cannot be made.
    """
    if out.exists():
        raise RunFolderError(f"{out} is there already and is not written over; choose another --out")
    with explained(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        with temporary_folder(f".{out.name}.partial", out.parent) as partial:
            yield partial
            partial.chmod(0o777 & ~_mask())
            partial.rename(out)


def _mask() -> int:
    """Return the permissions that new files of this process lack."""
    os.umask(mask := os.umask(0))
    return mask
