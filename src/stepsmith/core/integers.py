"""Integers of more digits than CPython converts by default (4,300), in what Stepsmith itself reads and writes.

The limit is one setting for the whole process, because the time of a conversion grows with the square of the digits.
Here it is lifted while Stepsmith reads or writes a value, up to a length that takes about a second. Programs that are
judged run in processes of their own, under CPython's limit. Needs the standard library alone: the reward file for verl
carries this module (``train.verl.standalone``).
"""

import ast
import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

SAFE_DIGITS = 4000  # what every Python converts
MOST_DIGITS = 200_000  # reading one takes 0.3 s, writing it 1 s

_turn = threading.Lock()
_inside: list[int] = []  # the process's own limit, once for each reader or writer under way
os.register_at_fork(before=_turn.acquire, after_in_parent=_turn.release, after_in_child=_turn.release)


@contextlib.contextmanager
def long_integers() -> Iterator[None]:
    """Convert integers of up to ``MOST_DIGITS`` digits inside; also a decorator. Threads may be inside together."""
    with _turn:
        usual = _inside[0] if _inside else sys.get_int_max_str_digits()
        _inside.append(usual)
        if 0 < usual < MOST_DIGITS:
            sys.set_int_max_str_digits(MOST_DIGITS)
    try:
        yield
    finally:
        with _turn:
            _inside.pop()
            if not _inside:
                sys.set_int_max_str_digits(usual)


@dataclass(frozen=True, slots=True, repr=False)
class HugeInt:
    """An integer that is not converted: its sign and digits as text, without leading zeros. ``repr`` gives the text."""

    digits: str

    def __repr__(self) -> str:
        return self.digits


def read_integer(text: str) -> int | HugeInt:
    """Return the integer that ``text`` writes in decimal, of any length, in linear time. ``_`` may separate digits."""
    if len(text) <= SAFE_DIGITS:
        return int(text)
    digits = text.lstrip("+-").replace("_", "").lstrip("0")
    sign = "-" if text.startswith("-") else ""
    return int(sign + (digits or "0")) if len(digits) <= SAFE_DIGITS else HugeInt(sign + digits)


@long_integers()
def read_literal(text: str) -> Any:
    """Return the value of a Python literal. Raises what ``ast.literal_eval`` raises."""
    return ast.literal_eval(text)


@long_integers()
def literal_text(value: object) -> str:
    """Return ``repr(value)``."""
    return repr(value)
