"""The state of a run, living or dead, from what it wrote alone: for ``stepsmith status`` and the viewer."""

import fcntl
import os
import shlex
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from stepsmith.core.errors import RunFolderError
from stepsmith.core.records import Record
from stepsmith.store.folder_lock import CONFIG, LOCK
from stepsmith.store.progress import PROGRESS, Progress, progress_path, start_ticks
from stepsmith.store.runfolder import MANIFEST, PROBLEMS, WORK
from stepsmith.store.study_results import SUMMARY
from stepsmith.store.training_log import TRAINING

# The file that a run writes last, by kind. A study has none: it can always get more seeds and arms.
LAST_FILE = {"training": TRAINING, "rating": PROBLEMS, "audit": "audit.json", "evaluation": "evaluation.json"}
COUNTED = ("study", "verification", "judging", "reconciliation")  # kinds that are finished when everything is done
# Commands without --resume, which are given again.
CONTINUED = (("audit",), ("eval", "score"), ("eval", "reconcile"), ("verify",), ("judge", "run"))
CLOCKS_S = 2.0  # a file system may count in whole seconds
STALE_S = 60.0  # without an update for so long, the status says so


class RunStatus(Record, frozen=True, kw_only=True):
    """The state of a run. ``progress`` is None if an older version made the folder.

    running: its process lives. stopped: it can be resumed. finished: its last file is written.
    """

    folder: str
    state: Literal["running", "stopped", "finished"]
    progress: Progress | None = None
    per_s: float | None = None  # units a second since this process began; None: none is finished yet
    left_s: float | None = None  # until the end at this speed; only while it runs
    resume: str = ""  # what to do to continue a stopped run
    updated_s_ago: float | None = None


def read_status(place: Path) -> RunStatus:
    """Return the state of the run whose output folder or output file is ``place``. Nothing is changed.

    Raises ``RunFolderError`` if there is no run.
    """
    folder = _place_of_run(place)
    progress = read_progress(folder)
    if progress is None:
        return _without_progress(folder)
    ended = _is_finished(folder, progress)
    living = not ended and is_alive(progress, folder)
    now = time.time()
    elapsed = (now if living else progress.updated) - progress.started
    new = progress.done - progress.done_before
    per_s = new / elapsed if new > 0 and elapsed > 0 else None
    left = (progress.of - progress.done) / per_s if per_s and progress.of is not None and living else None
    return RunStatus(
        folder=str(folder),
        state="finished" if ended else "running" if living else "stopped",
        progress=progress,
        per_s=per_s,
        left_s=left,
        resume="" if living or ended else _how_to_resume(progress),
        updated_s_ago=max(0.0, now - progress.updated),
    )


def read_progress(place: Path) -> Progress | None:
    """Return the progress that a run wrote, or None. Raises ``RunFolderError`` for a file that cannot be read."""
    path = progress_path(place)
    if not place.exists() and not path.exists():
        raise RunFolderError(f"{place} does not exist; give the output folder or the output file of a run")
    try:
        return msgspec.json.decode(path.read_bytes(), type=Progress)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise RunFolderError(f"{path} cannot be read: {error}") from None


def is_alive(progress: Progress, place: Path) -> bool:
    """Return whether a run's process lives. On another host the lock says so; without a lock, what is new."""
    process = progress.process
    if process.host == socket.gethostname():
        return start_ticks(process.pid) == process.start_ticks
    return is_locked(place) if (place / LOCK).exists() else time.time() - progress.updated < STALE_S


def is_locked(folder: Path) -> bool:
    """Return whether a process holds the lock of an output folder."""
    try:
        lock = os.open(folder / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(lock)
    return False


def resume_command(words: Sequence[str], budget: str | None = None) -> str:
    """Return the command line ``words`` with ``--resume``, and with another ``budget`` if one is given."""
    kept: list[str] = []
    value_follows = False
    for word in words:
        drop = value_follows or word == "--resume" or (budget is not None and word.partition("=")[0] == "--budget")
        value_follows = budget is not None and word == "--budget"
        if not drop:
            kept.append(word)
    return " ".join(["stepsmith", shlex.join([*kept, *(["--budget", budget] if budget else []), "--resume"])])


def _how_to_resume(progress: Progress) -> str:
    if not progress.command:
        return "call the same function with the same arguments and resume=True"
    words = progress.command
    by_itself = any(words[: len(start)] == start for start in CONTINUED)
    command = shlex.join(["stepsmith", *words]) if by_itself else resume_command(words)
    return command if progress.folder == str(Path.cwd()) else f"cd {shlex.quote(progress.folder)} && {command}"


def _place_of_run(place: Path) -> Path:
    """Return ``place``; for a folder that holds no run but the output file of one, that file."""
    if not place.is_dir() or (place / PROGRESS).exists():
        return place
    files = sorted(path.with_name(path.name.removesuffix(f".{PROGRESS}")) for path in place.glob(f"*.{PROGRESS}"))
    if len(files) > 1:
        raise RunFolderError(f"{place} holds output of several runs; give one of {', '.join(map(str, files))}")
    return files[0] if files else place


def _is_finished(folder: Path, progress: Progress) -> bool:
    if progress.kind in COUNTED:
        return progress.done == progress.of and not progress.error
    try:
        written = (folder / LAST_FILE.get(progress.kind, MANIFEST)).stat().st_mtime
    except OSError:
        return False
    return written + CLOCKS_S >= progress.started  # otherwise an earlier run into the same folder wrote it


def _without_progress(folder: Path) -> RunStatus:
    """Return what can be said of a folder that an older version of Stepsmith made."""
    if any((folder / name).exists() for name in (MANIFEST, TRAINING, SUMMARY)):
        return RunStatus(folder=str(folder), state="finished")
    if any((folder / name).exists() for name in (CONFIG, WORK)):
        state: Literal["running", "stopped"] = "running" if is_locked(folder) else "stopped"
        return RunStatus(folder=str(folder), state=state, resume="give the same command again with --resume")
    raise RunFolderError(f"{folder} holds no run; give what --out of one names")
