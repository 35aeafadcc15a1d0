"""Python programs that Stepsmith itself has written, to run other programs in the sandbox: harnesses.

Their top level is trusted. It runs once, in the process of the solution, and each test finds it done. That saves a
third of a short test. A program is known by its whole text, so nobody else's program can be taken for one.
"""

import hashlib

_known: set[bytes] = set()


def ours(code: str) -> str:
    """Make a harness known in this process, and return it. No part of its top level may come from anyone else."""
    _known.add(_digest(code.encode("utf-8", "surrogatepass")))
    return code


def is_ours(code: bytes) -> bool:
    """Return whether a program is a harness that was made known."""
    return bool(_known) and _digest(code) in _known


def _digest(code: bytes) -> bytes:
    return hashlib.sha256(code).digest()
