"""Commands that can be continued: what they print when they are stopped, or when an error ends them."""

import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console

from stepsmith.cli.terminal import EXIT_INTERRUPTED
from stepsmith.core.errors import BudgetExceeded, EndpointError, SandboxError, StoreError

_HALF_WAY = (StoreError, EndpointError, SandboxError)


@contextmanager
def resumable(console: Console, begun: Path, kept: str) -> Iterator[None]:
    """If the block is stopped or ends with an error, print the command that continues.

    ``begun`` is a file that exists if there is something to continue. ``kept`` says what is saved, as a sentence
    without full stop.
    """
    try:
        yield
    except KeyboardInterrupt:
        command = resume_command(sys.argv[1:])
        console.print(f"\nStopped. {kept}; continue with:\n  {command}", soft_wrap=True, highlight=False, markup=False)
        raise typer.Exit(EXIT_INTERRUPTED) from None
    except BudgetExceeded as error:
        raise BudgetExceeded(_advised(error, begun, kept, resume_command(sys.argv[1:], budget="MORE"))) from None
    except _HALF_WAY as error:
        raise type(error)(_advised(error, begun, kept, resume_command(sys.argv[1:]))) from None


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


def _advised(error: Exception, begun: Path, kept: str, command: str) -> str:
    if not begun.exists():
        return str(error)
    return f"{str(error).rstrip('. ')}. {kept}; continue with: {command}"
