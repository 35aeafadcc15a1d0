"""A loop is said to count on for ever only if it does: chosen loops, and random ones that are also run."""

import ast
import random
from importlib.resources import files
from types import SimpleNamespace
from typing import Any

import pytest

PARTS = ("endless", "forever")
NAMES: dict[str, Any] = {}
exec("\n".join((files("stepsmith.benchmarks") / "files" / f"{part}.py").read_text("utf-8") for part in PARTS), NAMES)

# (values at the head, loop, whether it is certain that it never ends)
LOOPS: list[tuple[dict[str, object], str, bool]] = [
    ({"i": 5}, "while i > 0:\n    i += 1", True),
    ({"i": 5}, "while i > 0:\n    i -= 1", False),
    ({"i": 5}, "while i != 100:\n    i += 2", True),
    ({"i": 4}, "while i != 100:\n    i += 2", False),
    ({"x": 143214, "n": 16, "power": 16**9}, "while power != x:\n    power = power * n", True),
    ({"x": 143214, "n": 16, "power": 1}, "while power < x:\n    power = power * n", False),
    ({"x": 3, "n": 5}, "while x * x != n:\n    x += 1", True),
    ({"x": 1, "n": 5}, "while x * x != n:\n    x += 1", False),
    (
        {"n": 43, "odd": []},
        "while n > 1:\n    if n % 3 == 0:\n        n = n / 2\n    else:\n        n = n * 3 + 1\n"
        "    if n % 2 == 1:\n        odd.append(int(n))",
        True,
    ),
    ({"n": 6}, "while n % 2 == 0:\n    n = n * 3 + 1", False),
    ({"n": 6}, "while n >= 0:\n    n = n // 2", True),
    ({"n": 6}, "while n >= 0:\n    n = n // 2\n    if n == 0:\n        break", False),
    ({"n": 6, "k": False}, "while not k:\n    n = n + 2\n    k = n == 7", True),
    ({"n": 6, "k": False}, "while not k:\n    n = n + 2\n    k = n == 70", False),
    ({"a": 3, "b": 5}, "while b != 4:\n    a, b = b, a + b", True),
    ({"n": 6}, "while n > 0:\n    if n % 2:\n        n = n + 3\n        continue\n    n += 1", True),
    ({"n": 7}, "while not (n < 5 and n > 2):\n    n = n * 2", True),
    ({"n": 3}, "while 0 < n < 10**9 or n > 5:\n    n = n * 2", False),  # powers are not followed
    ({"n": 6.0}, "while n > 0:\n    n = n + 2", False),  # a float stops to grow
    ({"n": 6}, "while n > 0:\n    n = m + 1\n    m = n", False),
    ({"n": 7, "int": str}, "while n > 0:\n    n = int(n)", False),
]


def _certain(loop: str, values: dict[str, object]) -> bool:
    frame = SimpleNamespace(f_globals={}, f_locals=values)
    known = NAMES["KnownLoop"](ast.parse(loop).body[0], set(), set(), set())
    return NAMES["LoopProof"](known, frame).holds()


@pytest.mark.parametrize(("values", "loop", "certain"), LOOPS)
def test_loops_that_count_on_for_ever_are_told_from_others(values: dict[str, object], loop: str, certain: bool) -> None:
    assert _certain(loop, values) is certain


def test_no_random_loop_that_ends_is_called_endless() -> None:
    rng = random.Random(1)
    certain = ended = 0
    for _ in range(4000):
        values: dict[str, object] = {name: rng.randint(-6, 12) for name in "abc"}
        loop = f"while {_condition(rng, 2)}:\n" + "\n".join(_body(rng, "    ", 2))
        run = _ends(loop, values)
        ended += run
        if _certain(loop, values):
            certain += 1
            assert not run, (values, loop)
    assert certain > 500
    assert ended > 500


def _ends(loop: str, values: dict[str, object]) -> bool:
    """Return whether a loop ends in 300 turns, by itself or with an exception."""
    head, _, body = loop.partition("\n")
    stop = "    turns += 1\n    if turns > 300 or abs(a) + abs(b) + abs(c) > 10**300: raise KeyError"
    try:
        exec(f"{head}\n{stop}\n{body}", {**values, "turns": 0})
    except KeyError:
        return False
    except ArithmeticError:
        pass
    return True


def _number(rng: random.Random, depth: int) -> str:
    kind = rng.random()
    if depth <= 0 or kind < 0.3:
        return rng.choice("abc") if rng.random() < 0.6 else str(rng.choice([0, 1, 2, 3, 5, 7, -1, -2, 10]))
    if kind < 0.75:
        sign = rng.choice(["+", "-", "*", "+", "//", "%"])
        return f"({_number(rng, depth - 1)} {sign} {_number(rng, 0 if sign in '//%' else depth - 1)})"
    if kind < 0.85:
        return f"(-{_number(rng, depth - 1)})"
    return _condition(rng, depth - 1) if kind < 0.95 else f"int({_number(rng, depth - 1)})"


def _condition(rng: random.Random, depth: int) -> str:
    kind = rng.random()
    if kind < 0.6 or depth <= 0:
        sign = rng.choice(["<", ">", "<=", ">=", "==", "!="])
        return f"({_number(rng, depth)} {sign} {_number(rng, depth)})"
    if kind < 0.7:
        return f"(not {_condition(rng, depth - 1)})"
    if kind < 0.8:
        return f"({_number(rng, depth - 1)} < {_number(rng, depth - 1)} >= {_number(rng, 0)})"
    return f"({_condition(rng, depth - 1)} {rng.choice(['and', 'or'])} {_condition(rng, depth - 1)})"


def _body(rng: random.Random, indent: str, depth: int) -> list[str]:
    lines = []
    for _ in range(rng.randint(1, 3)):
        kind = rng.random()
        if kind < 0.45 or depth == 0:
            lines.append(f"{indent}{rng.choice('abc')} = {_number(rng, 2)}")
        elif kind < 0.6:
            lines.append(f"{indent}{rng.choice('abc')} {rng.choice('+-*')}= {_number(rng, 1)}")
        elif kind < 0.7:
            lines.append(f"{indent}a, b = {_number(rng, 1)}, {_number(rng, 1)}")
        else:
            leaves = [f"{indent}    {rng.choice(['break', 'continue'])}"]
            inner = leaves if kind > 0.9 else _body(rng, indent + "    ", depth - 1)
            lines += [f"{indent}if {_condition(rng, 1)}:", *inner]
    return lines
