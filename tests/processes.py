"""Child processes of tests."""

import signal


def heed_interrupts() -> None:
    """For ``preexec_fn``: heed SIGINT, which shells make the commands that they put in the background ignore."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
