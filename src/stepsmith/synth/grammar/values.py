"""Random values of every type, by size class, within a domain.

``generate`` draws the shapes that break programs: all equal, sorted, reversed, few distinct values, extremes,
alternating, periodic, nested, touching, blocked. ``contains`` says exactly what a domain admits.
"""

import itertools
import random
from collections.abc import Callable
from typing import cast

from stepsmith.synth.grammar import graph_values
from stepsmith.synth.grammar.domain import GRAPH_TYPES, Domain, Size, Type, Value, pick_length

OPENERS = {"(": ")", "[": "]", "{": "}", "<": ">"}


def generate(rng: random.Random, domain: Domain, size: Size) -> Value:
    """Draw a value of ``domain``; the shape is drawn too."""
    if domain.type in GRAPH_TYPES:
        return graph_values.generate(rng, domain, size)
    return _GENERATORS[domain.type](rng, domain, size)


def contains(domain: Domain, value: Value) -> bool:
    """Return whether ``value`` has the representation, the bounds and the tags of ``domain``."""
    if domain.type in GRAPH_TYPES:
        return graph_values.contains(domain, value)
    return _CHECKS[domain.type](domain, value)


# --- integers --------------------------------------------------------------------------------------------------------


def _integer(rng: random.Random, domain: Domain, size: Size) -> int:
    low, high = domain.values
    if size == "edge":
        return rng.choice([low, high, min(high, low + 1)])
    if size == "small":
        return rng.randint(low, min(high, low + 20))
    if size == "stress":
        return rng.choice([high, rng.randint((low + high) // 2, high)])
    if size == "large":
        return rng.randint((low + high) // 2, high)
    return rng.randint(low, high)


def _boolean(rng: random.Random, _: Domain, __: Size) -> bool:
    return rng.random() < 0.5


def _ints(rng: random.Random, domain: Domain, size: Size) -> list[int]:
    n = pick_length(rng, domain.size, size)
    low, high = domain.values
    if size == "small" and rng.random() < 0.7:  # small values make ties, and samples that a person can check
        middle = min(max(low, 0), high)
        low, high = max(low, middle - 9), min(high, middle + 9)
    if "distinct" in domain.tags:
        if high - low + 1 < n:
            low, high = domain.values
        values = _distinct(rng, n, low, high)
    else:
        values = _shaped(rng, n, low, high, size)
    return sorted(values) if "sorted" in domain.tags else values


def _distinct(rng: random.Random, n: int, low: int, high: int) -> list[int]:
    """Return n distinct values, dense or sparse, in one of a few orders."""
    width = high - low + 1
    if rng.random() < 0.4:  # consecutive values: gaps of one break more programs than wide ones
        first = rng.randint(low, high - n + 1) if width > n else low
        values = list(range(first, first + n))
    else:
        values = rng.sample(range(low, high + 1), n)
    order = rng.choice(["shuffled", "shuffled", "sorted", "reversed", "rotated"])
    if order == "shuffled":
        values = graph_values.shuffled(rng, values)
    elif order == "sorted":
        values.sort()
    elif order == "reversed":
        values.sort(reverse=True)
    else:
        values.sort()
        cut = rng.randint(0, n)
        values = values[cut:] + values[:cut]
    return values


def _shaped(rng: random.Random, n: int, low: int, high: int, size: Size) -> list[int]:
    shapes = ["uniform"] * 3 + ["few", "band", "sorted", "reversed", "alternating", "extremes", "mountain", "blocks"]
    if size in ("edge", "stress"):
        shapes += ["equal", "extremes", "equal at the top"]
    shape = rng.choice(shapes)
    if shape == "few":
        pool = [rng.randint(low, high) for _ in range(rng.randint(2, 3))]
        return rng.choices(pool, k=n)
    if shape == "band":
        start = rng.randint(low, max(low, high - 3))
        return rng.choices(range(start, min(high, start + 3) + 1), k=n)
    if shape == "alternating":
        pair = rng.randint(low, high), rng.randint(low, high)
        return [pair[i % 2] for i in range(n)]
    if shape == "extremes":
        return rng.choices((low, high), k=n)
    if shape == "equal":
        return [rng.randint(low, high)] * n
    if shape == "equal at the top":
        return [high] * n
    values = rng.choices(range(low, high + 1), k=n)
    if shape == "sorted":
        values.sort()
    elif shape == "reversed":
        values.sort(reverse=True)
    elif shape == "mountain":
        cut = rng.randint(0, n)
        values = sorted(values[:cut]) + sorted(values[cut:], reverse=True)
    elif shape == "blocks":
        width = rng.randint(1, max(1, n // 3))
        values = [values[i - i % width] for i in range(n)]
    return values


# --- strings ---------------------------------------------------------------------------------------------------------


def _string(rng: random.Random, domain: Domain, size: Size) -> str:
    return _text(rng, pick_length(rng, domain.size, size), domain.alphabet)


def _text(rng: random.Random, n: int, alphabet: str) -> str:
    if any(mark in alphabet and close in alphabet for mark, close in OPENERS.items()) and rng.random() < 0.5:
        return _brackets(rng, n, alphabet)
    shape = rng.choice(["uniform"] * 3 + ["one", "periodic", "near palindrome", "runs", "two", "sorted", "one odd"])
    if shape == "one":
        return rng.choice(alphabet) * n
    if shape == "periodic":
        period = "".join(rng.choice(alphabet) for _ in range(rng.randint(1, max(1, min(4, n)))))
        return (period * (n // len(period) + 1))[:n]
    if shape == "near palindrome":
        half = rng.choices(alphabet, k=(n + 1) // 2)
        letters = half[: n // 2] + half[::-1]
        if n and rng.random() < 0.5:
            letters[rng.randrange(n)] = rng.choice(alphabet)
        return "".join(letters)
    if shape == "runs":
        text = ""
        while len(text) < n:
            text += rng.choice(alphabet) * rng.randint(1, max(1, n // 3))
        return text[:n]
    if shape == "two":
        pool = [rng.choice(alphabet), rng.choice(alphabet)]
        return "".join(rng.choices(pool, k=n))
    if shape == "one odd":
        letters = [rng.choice(alphabet)] * n
        if n:
            letters[rng.randrange(n)] = rng.choice(alphabet)
        return "".join(letters)
    letters = rng.choices(alphabet, k=n)
    return "".join(sorted(letters) if shape == "sorted" else letters)


def _brackets(rng: random.Random, n: int, alphabet: str) -> str:
    """Return a balanced, or almost balanced, bracket string of length n (an odd one has a stray character)."""
    pairs = [(mark, close) for mark, close in OPENERS.items() if mark in alphabet and close in alphabet]
    letters: list[str] = []
    waiting: list[str] = []
    for i in range(n):
        if waiting and (len(waiting) >= n - i or rng.random() < 0.5):
            letters.append(waiting.pop())
        else:
            mark, close = rng.choice(pairs)
            letters.append(mark)
            waiting.append(close)
    if n and rng.random() < 0.4:
        letters[rng.randrange(n)] = rng.choice(alphabet)
    return "".join(letters)


def _words(rng: random.Random, domain: Domain, size: Size) -> list[str]:
    n = pick_length(rng, domain.size, size)
    shortest, longest = domain.second
    if size in ("edge", "small"):
        longest = max(shortest, min(longest, 5))
    shape = rng.choice(["free", "free", "few", "prefixes", "anagrams", "one length"])
    if shape == "few":
        pool = [_text(rng, rng.randint(shortest, longest), domain.alphabet) for _ in range(rng.randint(1, 3))]
        return [rng.choice(pool) for _ in range(n)]
    if shape == "prefixes":
        stem = _text(rng, longest, domain.alphabet)
        return [stem[: rng.randint(shortest, longest)] for _ in range(n)]
    if shape == "anagrams":
        letters = _text(rng, rng.randint(shortest, longest), domain.alphabet)
        return ["".join(rng.sample(letters, len(letters))) for _ in range(n)]
    fixed = rng.randint(shortest, longest)
    lengths = [fixed if shape == "one length" else rng.randint(shortest, longest) for _ in range(n)]
    return [_text(rng, length, domain.alphabet) for length in lengths]


# --- pairs, grids, matrices ------------------------------------------------------------------------------------------


def _pairs(rng: random.Random, domain: Domain, size: Size) -> list[list[int]]:
    n = pick_length(rng, domain.size, size)
    low, high = domain.values
    if size == "small" and rng.random() < 0.7:
        low = min(max(low, 0), high)
        high = min(high, low + 12)
    shape = rng.choice(["free", "free", "short", "nested", "touching", "points", "equal", "long"])
    width = high - low
    if shape == "nested":
        step = max(1, width // (2 * n + 1))
        pairs = [[low + min(i * step, width // 2), high - min(i * step, width // 2)] for i in range(n)]
        pairs = [[min(pair), max(pair)] for pair in pairs]
    elif shape == "touching":
        step = max(1, width // (n + 1))
        starts = [low + (i * step) % (width + 1) for i in range(n)]
        pairs = [[start, min(high, start + step)] for start in starts]
    elif shape == "points":
        pairs = [[point, point] for point in (rng.randint(low, high) for _ in range(n))]
    elif shape == "equal":
        pair = sorted((rng.randint(low, high), rng.randint(low, high)))
        pairs = [list(pair) for _ in range(n)]
    elif shape == "short":
        starts = [rng.randint(low, high) for _ in range(n)]
        pairs = [[start, min(high, start + rng.randint(0, max(1, width // (n + 1))))] for start in starts]
    elif shape == "long":
        pairs = [[rng.randint(low, low + width // 4), rng.randint(high - width // 4, high)] for _ in range(n)]
    else:
        pairs = [sorted((rng.randint(low, high), rng.randint(low, high))) for _ in range(n)]
    rng.shuffle(pairs)
    return pairs


def _shape_of_table(rng: random.Random, domain: Domain, size: Size) -> tuple[int, int]:
    if size == "edge" and rng.random() < 0.5:  # a single row or column is an edge of its own
        sides = pick_length(rng, domain.size, "edge"), pick_length(rng, domain.second, "small")
        return sides if rng.random() < 0.5 else (pick_length(rng, domain.size, "small"), domain.second[0])
    return pick_length(rng, domain.size, size), pick_length(rng, domain.second, size)


def _grid(rng: random.Random, domain: Domain, size: Size) -> list[str]:
    height, width = _shape_of_table(rng, domain, size)
    shape = rng.choice(["free", "free", "free", "mostly", "one", "stripes", "frame"])
    main, other = rng.choice(domain.alphabet), rng.choice(domain.alphabet)
    if shape == "mostly":
        share = rng.choice([0.05, 0.2, 0.35])
        return [
            "".join(rng.choice(domain.alphabet) if rng.random() < share else main for _ in range(width))
            for _ in range(height)
        ]
    if shape == "one":
        return [main * width for _ in range(height)]
    if shape == "stripes":  # a snake: every second row is a wall with one gap
        rows = []
        for i in range(height):
            row = [main if i % 2 == 0 else other] * width
            row[0 if i % 4 == 1 else -1] = main
            rows.append("".join(row))
        return rows
    if shape == "frame":
        return [
            "".join(main if i in (0, height - 1) or j in (0, width - 1) else other for j in range(width))
            for i in range(height)
        ]
    return ["".join(rng.choices(domain.alphabet, k=width)) for _ in range(height)]


def _matrix(rng: random.Random, domain: Domain, size: Size) -> list[list[int]]:
    height, width = _shape_of_table(rng, domain, size)
    low, high = domain.values
    if size == "small" and rng.random() < 0.7:
        middle = min(max(low, 0), high)
        low, high = max(low, middle - 9), min(high, middle + 9)
    return [_shaped(rng, width, low, high, size) for _ in range(height)]


_GENERATORS: dict[Type, Callable[[random.Random, Domain, Size], Value]] = {
    Type.INT: _integer,
    Type.BOOL: _boolean,
    Type.INTS: _ints,
    Type.STR: _string,
    Type.WORDS: _words,
    Type.PAIRS: _pairs,
    Type.GRID: _grid,
    Type.MATRIX: _matrix,
}


# --- membership ------------------------------------------------------------------------------------------------------


def _within(number: object, bounds: tuple[int, int]) -> bool:
    return type(number) is int and bounds[0] <= number <= bounds[1]


def _list_within(value: object, bounds: tuple[int, int]) -> bool:
    return type(value) is list and bounds[0] <= len(value) <= bounds[1]


def _is_ints(domain: Domain, value: Value) -> bool:
    if not _list_within(value, domain.size):
        return False
    items = cast(list[int], value)
    if not all(_within(item, domain.values) for item in items):
        return False
    if "distinct" in domain.tags and len(set(items)) < len(items):
        return False
    return "sorted" not in domain.tags or all(a <= b for a, b in itertools.pairwise(items))


def _is_text(text: object, length: tuple[int, int], alphabet: str) -> bool:
    return type(text) is str and length[0] <= len(text) <= length[1] and set(text) <= set(alphabet)


def _is_words(domain: Domain, value: Value) -> bool:
    if not _list_within(value, domain.size):
        return False
    return all(_is_text(word, domain.second, domain.alphabet) for word in cast(list[object], value))


def _is_pairs(domain: Domain, value: Value) -> bool:
    if not _list_within(value, domain.size):
        return False
    return all(
        _list_within(pair, (2, 2)) and all(_within(end, domain.values) for end in pair) and pair[0] <= pair[1]
        for pair in cast(list[list[int]], value)
    )


def _is_grid(domain: Domain, value: Value) -> bool:
    if not _list_within(value, domain.size):
        return False
    rows = cast(list[str], value)
    return all(_is_text(row, domain.second, domain.alphabet) and len(row) == len(rows[0]) for row in rows)


def _is_matrix(domain: Domain, value: Value) -> bool:
    if not _list_within(value, domain.size):
        return False
    rows = cast(list[list[int]], value)
    return all(
        _list_within(row, domain.second) and len(row) == len(rows[0]) and all(_within(v, domain.values) for v in row)
        for row in rows
    )


_CHECKS: dict[Type, Callable[[Domain, Value], bool]] = {
    Type.INT: lambda domain, value: _within(value, domain.values),
    Type.BOOL: lambda _, value: type(value) is bool,
    Type.INTS: _is_ints,
    Type.STR: lambda domain, value: _is_text(value, domain.size, domain.alphabet),
    Type.WORDS: _is_words,
    Type.PAIRS: _is_pairs,
    Type.GRID: _is_grid,
    Type.MATRIX: _is_matrix,
}
