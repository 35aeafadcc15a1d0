"""Checks on files that users name."""

import stat
from pathlib import Path

from stepsmith.core.errors import UserError

_ALREADY_OPEN = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/")  # what a shell opens: reading never waits for a writer


def check_not_a_pipe(path: Path, *, read_once: bool = False) -> None:
    """Raise ``UserError`` when ``path`` is a pipe (FIFO) or a socket, which cannot be read a second time.

    With ``read_once``, pipes that the shell has opened (``<(command)``, ``/dev/stdin``) are accepted.
    """
    try:
        mode = path.stat().st_mode
    except OSError:
        return  # missing or unreadable: the code that opens it reports that
    if read_once and str(path).startswith(_ALREADY_OPEN):
        return
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
        raise UserError(f"{path} is a pipe, not a file; write its content to a file and name that")
