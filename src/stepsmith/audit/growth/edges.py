"""Values at the edges of what a type allows, made from a known value: empty, one, many, equal, negative, large, odd.

As EvalPlus' mutation does (Liu et al. 2023, https://arxiv.org/abs/2305.01210, table 1), each keeps the type of the
value and of what is in it; what may not be an input is sorted out later.
"""

import random
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

FACTOR = 10  # how much larger or longer a value becomes
LONGEST = 200  # elements or characters that a value may grow to


def edges(value: Any, rng: random.Random) -> Iterator[Any]:
    """Yield values of the type of ``value`` at its edges. Some may be equal to it."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (
            0,
            1,
            2,
            -1,
            -value,
            value - 1,
            value + 1,
            2 * value,
            FACTOR * value,
            FACTOR * value + 7,
            value // 2,
        )
    elif isinstance(value, float):
        yield from (0.0, 1.0, -1.0, -value, value + 1.0, value - 1.0, FACTOR * value, value / 2, float(round(value)))
    elif isinstance(value, str):
        yield from _texts(value, rng)
    elif isinstance(value, list | tuple):
        kind = type(value)
        yield from (kind(items) for items in _sequences(list(value), rng))
    elif isinstance(value, set | frozenset):
        yield from (type(value)(items) for items in ([], list(value)[:1], list(value)[1:]))
    elif isinstance(value, dict):
        yield from _dictionaries(value, rng)


def _texts(text: str, rng: random.Random) -> Iterator[str]:
    yield from ("", text[:1], text[:-1], text[1:], text * 2, text[::-1], text + text[::-1], text[:1] * 3)
    yield from (text.upper(), text.lower(), text.swapcase(), text.title())
    yield from (f" {text}", f"{text} ", text.replace(" ", "  "), " ".join(text), text.replace(" ", ""))
    if text:
        k = rng.randrange(len(text))
        yield from (f"{text[:k]} {text[k:]}", text[:k] + rng.choice("0123456789") + text[k + 1 :])
        yield from (text[:k] + rng.choice(".,-_!?") + text[k:], text[:k] + text[k].swapcase() + text[k + 1 :])
        yield text[:k] + text[rng.randrange(len(text))] + text[k:]
        yield (text * FACTOR)[:LONGEST]


def _sequences(items: list[Any], rng: random.Random) -> Iterator[list[Any]]:
    yield from ([], items[:1], items[:2], items[:-1], items[1:], items[::-1], items * 2)
    with suppress(TypeError):
        yield from (sorted(items), sorted(items, reverse=True))
    if not items:
        return
    j = rng.randrange(len(items))
    yield from ([items[j]] * len(items), [*items, items[j]], [items[j], *items], [items[-1], *items[1:]])
    yield (items * FACTOR)[:LONGEST]
    columns = [list(edges(item, rng)) for item in items[:8]]
    for k, column in enumerate(columns):  # one element at an edge
        if column:
            for value in rng.sample(column, min(4, len(column))):
                yield [*items[:k], value, *items[k + 1 :]]
    if all(columns) and len({len(column) for column in columns}) == 1:  # all elements at the same edge
        for row in zip(*columns, strict=True):
            yield [*row, *items[8:]]


def _dictionaries(value: dict[Any, Any], rng: random.Random) -> Iterator[dict[Any, Any]]:
    items = list(value.items())
    yield from ({}, dict(items[:1]), dict(items[:-1]), dict(items[1:]), dict(items[::-1]))
    for key, item in items[:6]:
        for changed in _some(list(edges(item, rng)), 3, rng):
            yield {**value, key: changed}
        for changed in _some(list(edges(key, rng)), 3, rng):
            yield {changed if k == key else k: v for k, v in items}


def _some(values: Sequence[Any], count: int, rng: random.Random) -> list[Any]:
    return rng.sample(values, min(count, len(values)))
