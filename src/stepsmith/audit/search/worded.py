"""What inputs have in common and the statement names: sorted values, primes; and numbers that it speaks against.

Without the word in the statement such a law would often be chance.
"""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from stepsmith.audit.search.shapes import is_ascending
from stepsmith.core.integers import read_literal

_SORTED = re.compile(r"\b(?:sorted|ascending|increasing)\b", re.IGNORECASE)
_NOT_NEGATIVE = re.compile(
    r"\b(?:non-?negative|positive|natural)\s+(?:\w+\s+)?(?:integers?|numbers?|ints?|floats?|values?|elements?)\b", re.I
)
_NONE = re.compile(r"\b(?:no|none|without|if any|otherwise)\b", re.IGNORECASE)  # what is given where there is none
_BOTH = re.compile(r"\bnegative\b", re.IGNORECASE)
LARGEST = 10**10  # numbers up to this are tested for being prime


class Law(NamedTuple):
    """What the values of one argument have in common."""

    says: str
    holds: Callable[[Any], bool]


def worded_laws(statement: str, values: Sequence[Any]) -> list[Law]:
    """Return the laws that the statement names and that the known values of one argument keep."""
    found = []
    lists = [value for value in values if isinstance(value, list | tuple)]
    if _SORTED.search(statement) and lists and 2 * sum(map(is_ascending, lists)) > len(lists):
        found.append(Law("the statement speaks of sorted values, and most known ones are sorted", is_ascending))
    for pattern, laws in _NAMED.items():
        if re.search(pattern, statement, re.IGNORECASE) and not _NONE.search(statement):
            found += [law for law in laws if values and all(map(law.holds, values))]
    return found


def doubt_of(statement: str, text: str) -> str:
    """Return why an input may be outside what the statement says of numbers, or ""."""
    named = _NOT_NEGATIVE.search(statement)
    if not named or _BOTH.search(re.sub(r"\bnon-?negative\b", "", statement, flags=re.IGNORECASE)):
        return ""
    try:
        numbers = list(_numbers(read_literal(text)))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return ""
    least = 0 if "neg" in named[0].lower() or "natural" in named[0].lower() else 1
    return f'the statement speaks of "{" ".join(named[0].split())}"' if any(n < least for n in numbers) else ""


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, int | float) and not isinstance(value, bool):
        yield value
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _numbers(item)


def _is_prime(value: Any) -> bool:
    if not isinstance(value, int) or value < 2 or value > LARGEST:
        return False
    return all(value % d for d in range(2, math.isqrt(value) + 1))


def _is_composite(value: Any) -> bool:
    return isinstance(value, int) and value > 1 and not _is_prime(value)


def _have(word: str, holds: Callable[[Any], bool]) -> Law:
    """Return the law that a list has an element of a sort."""
    return Law(
        f"the statement speaks of {word} numbers, and all known lists have one",
        lambda values: isinstance(values, list | tuple) and any(map(holds, values)),
    )


def _is_rectangular(value: Any) -> bool:
    if not isinstance(value, list | tuple) or not all(isinstance(row, list | tuple) for row in value):
        return False
    return len(set(map(len, value))) == 1


def _rest(value: Any) -> int:
    return value % 2 if isinstance(value, int) else -1


_NAMED: dict[str, tuple[Law, ...]] = {
    # That a test asks for primes alone, or for none, is a weakness of tests unless the statement rules the others out.
    r"\bnot\s+(?:a\s+)?primes?\b|\bnon-?primes?\b|\bcomposite\b": (
        Law("the statement speaks of numbers that are not prime, and no known value is prime", _is_composite),
    ),
    r"\bprimes?\b": (_have("prime", _is_prime),),
    r"\beven\b": (_have("even", lambda value: _rest(value) == 0),),
    r"\bodd\b": (_have("odd", lambda value: _rest(value) == 1),),
    r"\bmatri(?:x|ces)\b": (
        Law("the statement speaks of a matrix, and all known ones have equal rows", _is_rectangular),
    ),
}
