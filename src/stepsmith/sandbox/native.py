"""The supervisor's loop in C: built once with the machine's compiler, and loaded by the fork server.

Without it, the loop in ``supervisor`` is used, with which a test takes much longer.
"""

import functools
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from stepsmith.core.leftovers import temporary_folder

SOURCE = Path(__file__).with_name("supervisor.c")
FLAGS = ("-O2", "-shared", "-fPIC")


@functools.cache
def library(folder: Path) -> str:
    """Return the path of the built library, kept in ``folder``; empty if it cannot be built.

    A library that another user could have changed is not loaded.
    """
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        return ""
    digest = hashlib.blake2b(SOURCE.read_bytes() + repr((compiler, FLAGS)).encode(), digest_size=16).hexdigest()
    target = folder / f"supervisor-{digest}.so"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not target.exists():
            _build(compiler, target)
        safe = all(p.stat().st_uid == os.geteuid() and not p.stat().st_mode & 0o022 for p in (target, folder))
    except (OSError, subprocess.SubprocessError):
        return ""
    return str(target) if safe else ""


def _build(compiler: str, target: Path) -> None:
    with temporary_folder("making", target.parent) as folder:
        made = folder / target.name
        environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"}
        subprocess.run([compiler, *FLAGS, "-o", made, SOURCE], check=True, capture_output=True, env=environment)
        made.chmod(0o755)
        made.replace(target)
