"""What sort of input or result a value is, in a few words: "negative", "empty", "with repeats", "with spaces"."""

from collections.abc import Iterator
from typing import Any

MANY = 10  # elements or characters from which a value is long
LARGE = 1000  # numbers from which one is large


def features_of_call(arguments: tuple[Any, ...], result: Any) -> set[str]:
    """Return the features of the arguments, of what they have to do with each other, and of the result."""
    found = {f"result {feature}" for feature in features(result)}
    for k, value in enumerate(arguments, 1):
        found.update(f"argument {k} {feature}" for feature in features(value))
    for k in range(1, len(arguments)):
        one, two = arguments[k - 1 : k + 1]
        found.update(f"arguments {k} and {k + 1} {word}" for word in _relations(one, two))
    return found


def features(value: Any, depth: int = 0) -> Iterator[str]:
    """Yield the features of a value; those of elements begin with "with"."""
    if value is None or isinstance(value, bool):
        yield f"is {value}"
    elif isinstance(value, int | float):
        yield from _of_number(value)
    elif isinstance(value, str):
        yield from _of_text(value)
    elif isinstance(value, list | tuple | set | frozenset | dict):
        yield from _of_size(len(value))
        items = list(value)
        if isinstance(value, list | tuple):
            yield from _of_order(items)
        if depth < 2:
            inner = {feature for item in items for feature in features(item, depth + 1)}
            if isinstance(value, dict):
                inner |= {f"value {feature}" for item in value.values() for feature in features(item, depth + 1)}
            yield from (f"with {feature}" for feature in sorted(inner))


def _of_number(value: float) -> Iterator[str]:
    yield "zero" if value == 0 else "one" if value == 1 else "positive" if value > 0 else "negative"
    if isinstance(value, int):
        yield "odd" if value % 2 else "even"
    elif value != value // 1:
        yield "fraction"
    if abs(value) >= LARGE:
        yield "large"


def _of_text(text: str) -> Iterator[str]:
    yield from _of_size(len(text))
    for name, test in (
        ("lower case", str.islower), ("upper case", str.isupper), ("letters", str.isalpha), ("digits", str.isdigit),
    ):  # fmt: skip
        if any(map(test, text)):
            yield f"with {name}"
    if any(not c.isalnum() and not c.isspace() for c in text):
        yield "with signs"
    if any(c.isspace() for c in text):
        yield "with spaces"
        if text != text.strip():
            yield "with spaces at an end"
        if text.split() and "  " in text.strip():
            yield "with double spaces"
    if len(set(text)) < len(text):
        yield "with repeats"
    if len(text) > 1 and text == text[::-1]:
        yield "mirrored"


def _of_size(size: int) -> Iterator[str]:
    yield "empty" if not size else "single" if size == 1 else "pair" if size == 2 else "long" if size > MANY else "few"


def _of_order(items: list[Any]) -> Iterator[str]:
    if len(items) < 2:
        return
    if len({repr(item) for item in items}) < len(items):
        yield "repeats"
        if len({repr(item) for item in items}) == 1:
            yield "all equal"
    try:
        rising = items == sorted(items)
        yield "ascending" if rising else "descending" if items == sorted(items, reverse=True) else "unsorted"
    except TypeError:
        return


def _relations(one: Any, two: Any) -> Iterator[str]:
    pair = None
    if type(one) in (int, float) and type(two) in (int, float):
        pair = one, two
    elif isinstance(one, list | tuple | str) and type(two) is int:
        pair = len(one), two
    elif type(one) is int and isinstance(two, list | tuple | str):
        pair = one, len(two)
    elif isinstance(one, list | tuple | str) and isinstance(two, list | tuple | str):
        pair = len(one), len(two)
        if one == two:
            yield "are equal"
    if pair:
        yield "rise" if pair[0] < pair[1] else "fall" if pair[0] > pair[1] else "are alike"
