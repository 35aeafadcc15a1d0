"""Parsing Python in several threads, on Pythons that cannot.

Before 3.11.8 and 3.12.2 CPython keeps the depth of the tree under construction in one place for all threads
(gh-106905). Where garbage collection lets another thread in, ``ast.parse`` and ``ast.literal_eval`` then end in
``SystemError`` or ``RecursionError``, for any text at all: an answer would be called unreadable that is not.
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
    """Let one thread at a time parse, in this process, where this Python needs it. May be called again."""
    if FAULTY:
        ast.parse = _parse_in_turn  # type: ignore[assignment]
