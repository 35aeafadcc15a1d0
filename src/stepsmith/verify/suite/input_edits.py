"""Changed inputs: similar ones for the search, and simpler ones for shrinking. Both may be invalid."""

import random
import re
from collections.abc import Callable, Iterator
from typing import TypeVar

from stepsmith.core.integers import literal_text, read_literal
from stepsmith.core.records import Interface

T = TypeVar("T")
INTERESTING = (0, 1, -1, 2, 10)


def neighbour(text: str, interface: Interface, rng: random.Random) -> str:
    """Return a similar input: one to three small changes to numbers, letters or lengths. It may be invalid."""
    for _ in range(rng.randint(1, 3)):
        text = _change_literal(text, rng) if interface == "function" else _change_tokens(text, rng)
    return text


def simpler(text: str, interface: Interface) -> Iterator[str]:
    """Yield simpler inputs, the largest steps first; each is shorter or has smaller numbers. They may be invalid."""
    if interface == "function":
        try:
            value = read_literal(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return
        arguments = value if isinstance(value, tuple) else (value,)
        for k, argument in enumerate(arguments):
            for smaller in _simpler_value(argument):
                yield literal_text((*arguments[:k], smaller, *arguments[k + 1 :]))
    else:
        yield from _simpler_text(text)


def _change_literal(text: str, rng: random.Random) -> str:
    """Return an argument tuple with one random change."""
    try:
        value = read_literal(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
    arguments = list(value) if isinstance(value, tuple) else [value]
    if not arguments:
        return text
    k = rng.randrange(len(arguments))
    arguments[k] = _change_value(arguments[k], rng)
    return literal_text(tuple(arguments))


def _change_value(value: object, rng: random.Random) -> object:
    """Return a value of the same type, slightly changed."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return rng.choice([value + 1, value - 1, -value, 2 * value, value // 2, rng.choice(INTERESTING)])
    if isinstance(value, float):
        return rng.choice([value + 1.0, value - 1.0, -value, value / 2, 0.0])
    if isinstance(value, str):
        return "".join(_change_items(list(value), rng, lambda _: _letter(value, rng)))
    if isinstance(value, (list, tuple)):
        changed = _change_items(list(value), rng, lambda item: _change_value(item, rng))
        return changed if isinstance(value, list) else tuple(changed)
    if isinstance(value, dict) and value:
        key = rng.choice(list(value))
        return {**value, key: _change_value(value[key], rng)}
    return value


def _letter(text: str, rng: random.Random) -> str:
    """Return a letter: mostly one of the text, sometimes any lower-case one."""
    return rng.choice(text) if text and rng.random() < 0.7 else chr(ord("a") + rng.randrange(26))


def _change_items(items: list[T], rng: random.Random, change: Callable[[T], T]) -> list[T]:
    """Change, drop or repeat one item, swap two, or reverse the end."""
    if not items:
        return items
    i, j = rng.randrange(len(items)), rng.randrange(len(items))
    move = rng.choice(("change", "change", "drop", "repeat", "swap", "reverse"))
    if move == "change":
        items[i] = change(items[i])
    elif move == "drop":
        del items[i]
    elif move == "repeat":
        items.insert(i, items[j])
    elif move == "swap":
        items[i], items[j] = items[j], items[i]
    else:
        items[i:] = items[i:][::-1]
    return items


def _simpler_value(value: object) -> Iterator[object]:
    """Yield simpler values of the same type."""
    if isinstance(value, bool):
        if value:
            yield False
    elif isinstance(value, int):
        towards = value - 1 if value > 0 else value + 1
        options = dict.fromkeys((0, int(value / 2) if abs(value) < 2**53 else value // 2, abs(value), towards))
        yield from (v for v in options if (abs(v), v < 0) < (abs(value), value < 0))
    elif isinstance(value, float):
        yield from (v for v in (0.0, float(int(value)) if abs(value) < 1e15 else 0.0) if abs(v) < abs(value))
    elif isinstance(value, str):
        yield from ("".join(items) for items in _shorter(list(value)))
        yield from (value[:i] + "a" + value[i + 1 :] for i, c in enumerate(value[:20]) if c > "a")
    elif isinstance(value, (list, tuple)):
        kind = type(value)
        yield from (kind(items) for items in _shorter(list(value)))
        for i, item in enumerate(value[:20]):
            for smaller in _simpler_value(item):
                yield kind([*value[:i], smaller, *value[i + 1 :]])


def _shorter(items: list[T]) -> Iterator[list[T]]:
    """Yield the list without a half, a quarter, ..., a single element."""
    size = len(items)
    chunk = size
    while chunk >= 1:
        for start in range(0, size, chunk):
            yield items[:start] + items[start + chunk :]
        chunk //= 2


_INTEGER = re.compile(r"-?\d{1,18}\Z")  # a longer run of digits is a string of digits


def _change_tokens(text: str, rng: random.Random) -> str:
    """Return a stdio input with one token changed or two tokens of a line swapped; no token is added or removed."""
    lines = [line.split(" ") for line in text.split("\n")]
    places = [(i, j) for i, line in enumerate(lines) for j, token in enumerate(line) if token]
    if not places:
        return text
    i, j = rng.choice(places)
    token = lines[i][j]
    if rng.random() < 0.25:
        k = rng.randrange(len(lines[i]))
        lines[i][j], lines[i][k] = lines[i][k], lines[i][j]
    elif _INTEGER.match(token):
        lines[i][j] = str(_change_value(int(token), rng))
    else:
        lines[i][j] = str(_change_value(token, rng)) or token
    return "\n".join(" ".join(line) for line in lines)


def _simpler_text(text: str) -> Iterator[str]:
    """Yield inputs with fewer tokens on a line or fewer lines, with an earlier number that counts them adjusted;
    then inputs with simpler tokens.
    """
    lines = [line.split(" ") for line in text.rstrip("\n").split("\n")]
    for i, line in enumerate(lines):
        for kept in _shorter(line):
            if kept:
                yield from _recounted([*lines[:i], kept, *lines[i + 1 :]], range(i), len(line), len(kept))
    for kept_lines in _shorter(lines):
        if kept_lines:
            for gone in (1, 2, 3):  # lines that do not count: the headers
                yield from _recounted(kept_lines, range(2), len(lines) - gone, len(kept_lines) - gone)
    for i, line in enumerate(lines[:20]):
        for j, token in enumerate(line[:20]):
            values = _simpler_value(int(token)) if _INTEGER.match(token) else _simpler_value(token)
            yield from (_replaced(lines, i, j, str(value)) for value in values if str(value))


def _recounted(lines: list[list[str]], where: range, old: int, new: int) -> Iterator[str]:
    """Yield ``lines`` with each number ``old`` on the lines ``where`` set to ``new``, one at a time; then unchanged."""
    for i in where[: len(lines)]:
        for j, token in enumerate(lines[i]):
            if token == str(old):
                yield _replaced(lines, i, j, str(new))
    yield _join(lines)


def _replaced(lines: list[list[str]], i: int, j: int, token: str) -> str:
    """Return the text of ``lines`` with one token replaced."""
    return _join([*lines[:i], [*lines[i][:j], token, *lines[i][j + 1 :]], *lines[i + 1 :]])


def _join(lines: list[list[str]]) -> str:
    """Return lines of tokens as text."""
    return "\n".join(" ".join(line) for line in lines) + "\n"
