"""Commands run in this process: an import of everything takes seconds, and there are many to run."""

import contextlib
import io
import signal
import sys
from typing import NamedTuple

import pytest

from stepsmith.cli.main import main
from stepsmith.cli.terminal import SIGNALS


class Done(NamedTuple):
    """What a command wrote and its exit code."""

    code: int
    out: str
    err: str


# The smallest synthesis.
ONE_CHAIN = ("synth", "--chains", "1", "--turns", "1", "--profile", "micro", "--workers", "1")


def run_here(*words: object) -> Done:
    """Run ``stepsmith WORDS`` and return what came of it."""
    out, err = io.StringIO(), io.StringIO()
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        patch.setattr(sys, "argv", ["stepsmith", *map(str, words)])
        try:
            main()
        except SystemExit as ended:
            code = ended.code
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
    return Done(int(code or 0), out.getvalue(), err.getvalue())
