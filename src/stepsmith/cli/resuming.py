"""Commands that can be continued: what they print when they are stopped, or when an error ends them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console

from stepsmith.cli.terminal import EXIT_INTERRUPTED
from stepsmith.core.errors import BudgetExceeded, EndpointError, SandboxError, StoreError
from stepsmith.store.status import resume_command

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


def _advised(error: Exception, begun: Path, kept: str, command: str) -> str:
    if not begun.exists():
        return str(error)
    return f"{str(error).rstrip('. ')}. {kept}; continue with: {command}"
