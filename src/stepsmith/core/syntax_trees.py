"""A work-around for CPython versions that cannot parse Python in several threads.

Before 3.11.8 and 3.12.2 CPython keeps the depth of the syntax tree in one place for all threads (gh-106905). When
another thread runs during garbage collection, ``ast.parse`` and ``ast.literal_eval`` raise ``SystemError`` or
``RecursionError`` for any text, and a readable answer would be taken as unreadable.
"""

import ast
import functools
import sys
import threading

FAULTY = sys.version_info < (3, 11, 8) or (3, 12) <= sys.version_info < (3, 12, 2)

_turn = threading.RLock()
_parse = ast.parse


@functools.wraps(_parse)
def _parse_in_turn(*arguments: object, **settings: object) -> object:
    with _turn:
        return _parse(*arguments, **settings)  # type: ignore[call-overload]


def parse_by_turns() -> None:
    """On a faulty Python, allow only one thread of this process to parse at a time. Can be called repeatedly."""
    if FAULTY:
        ast.parse = _parse_in_turn  # type: ignore[assignment]
