"""A folder that appears complete or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stepsmith.core.errors import RunFolderError
from stepsmith.store.folder_lock import explained


@contextmanager
def whole(out: Path) -> Iterator[Path]:
    """Yield a folder to write into. It is renamed to ``out`` at the end, or deleted if an error comes first.

    Raises ``RunFolderError`` where ``out`` is there already or cannot be made.
    """
    if out.exists():
        raise RunFolderError(f"{out} is there already and is not written over; choose another --out")
    partial = out.with_name(f".{out.name}.partial-{os.getpid()}")
    with explained(out):
        try:
            partial.mkdir(parents=True)
            yield partial
            partial.rename(out)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
