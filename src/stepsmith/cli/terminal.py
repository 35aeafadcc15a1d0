"""The terminal: replace characters that it cannot show, and handle signals that ask a command to stop.

SIGTERM and SIGHUP, which Slurm, Kubernetes and closed terminals send, mean the same as Ctrl-C: the command finishes or
saves its current work and prints how to continue. A second signal ends the process at once.
"""

import codecs
import io
import os
import signal
import sys
import time
import unicodedata
from types import FrameType
from typing import NoReturn

EXIT_INTERRUPTED = 130
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SAME_SIGNAL_S = 0.3  # Slurm and shells may deliver one signal twice, to the process and to its group
HANDLER = "stepsmith"  # name of the codec error handler

# The characters beyond ASCII that our own output uses, with their replacements on a terminal that has ASCII only.
_PLAIN = str.maketrans(
    {"·": "-", "–": "-", "—": "-", "…": "...", "→": "->", "⚠": "!", "×": "x", "≤": "<=", "≥": ">=", "•": "*"}
    | dict(zip("░▒▓█", ".:+#", strict=True))
    | dict(zip("▁▂▃▄▅▆▇", "_.-:=+*", strict=True))
)


def accept_any_text() -> None:
    """Make stdout and stderr replace characters that their encoding lacks instead of raising an error."""
    codecs.register_error(HANDLER, _replaced)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=HANDLER)


def visible(text: str) -> str:
    """Return ``text`` without characters that would give orders to the terminal, as texts of other people may hold."""
    return "".join(char if char.isprintable() or char in "\n\t" else repr(char)[1:-1] for char in text)


def stop_on_signals() -> None:
    """Raise ``KeyboardInterrupt`` at the first SIGINT, SIGTERM or SIGHUP, and end the process at the second.

    Signals that are ignored (as SIGHUP is under ``nohup``) stay ignored.
    """
    stopping = _Stopping()
    for number in SIGNALS:
        if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, stopping.handle)


class _Stopping:
    def __init__(self) -> None:
        self._since: float | None = None

    def handle(self, number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._since is None:
            self._since = now
            name = "Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name
            _say(f"{name}: stopping; finishing or saving the current work. A second Ctrl-C ends at once.")
            raise KeyboardInterrupt
        if now - self._since > SAME_SIGNAL_S:
            _end_now()


def _end_now() -> NoReturn:
    _say("ended at once; everything that was saved before stays valid.")
    os._exit(EXIT_INTERRUPTED)  # worker processes end with this one


def _say(text: str) -> None:
    # Not print, because the signal may have interrupted a print.
    shown_cursor = b"\x1b[?25h" if os.isatty(2) else b""
    os.write(2, shown_cursor + f"\nstepsmith: {text}\n".encode())


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end].translate(_PLAIN)
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return (plain if len(plain) >= len(text) else text.encode("ascii", "replace").decode()), error.end
