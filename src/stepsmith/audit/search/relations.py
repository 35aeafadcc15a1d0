"""Relations between arguments that hold for all known inputs: a number is at most a length, a value is in a list."""

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import Any, NamedTuple

Arguments = tuple[Any, ...]


class Relation(NamedTuple):
    """One relation; ``holds`` is True where it does not apply, and ``applies`` says where it does."""

    says: str
    holds: Callable[[Arguments], bool]
    applies: Callable[[Arguments], bool]


def relations(known: Sequence[Arguments]) -> list[Relation]:
    """Return the relations that all known inputs keep, each of which applies to some of them."""
    width = len(known[0]) if known else 0
    if any(len(arguments) != width for arguments in known):
        return []
    return [
        relation
        for relation in _possible(width)
        if any(map(relation.applies, known)) and all(map(relation.holds, known))
    ]


def _possible(width: int) -> Iterator[Relation]:
    for i, j in combinations(range(width), 2):
        for a, b in ((i, j), (j, i)):
            for first, second in _COMPARED:
                if first != second or a < b:
                    for sign, compare in _SIGNS.items():
                        yield _compared(a, first, b, second, sign, compare)
            yield _inclusion(f"argument {a + 1} is in argument {b + 1}", a, b, _inside, (object,))
            yield _inclusion(
                f"the elements of argument {a + 1} are in argument {b + 1}", a, b, _subset, (str, list, tuple)
            )
        yield _inclusion(f"arguments {i + 1} and {j + 1} differ", i, j, lambda x, y: bool(x != y), (object,), (object,))


def _inclusion(
    says: str,
    a: int,
    b: int,
    relate: Callable[[Any, Any], bool],
    left: tuple[type, ...],
    right: tuple[type, ...] = (str, list, tuple, dict, set),
) -> Relation:
    return Relation(
        says,
        lambda arguments: relate(arguments[a], arguments[b]),
        lambda arguments: isinstance(arguments[a], left) and isinstance(arguments[b], right),
    )


def _compared(i: int, first: str, j: int, second: str, sign: str, compare: Callable[[Any, Any], bool]) -> Relation:
    def values(arguments: Arguments) -> tuple[Any, Any] | None:
        a, b = _FEATURES[first](arguments[i]), _FEATURES[second](arguments[j])
        return None if a is None or b is None else (a, b)

    def holds(arguments: Arguments) -> bool:
        pair = values(arguments)
        return pair is None or compare(*pair)

    return Relation(
        f"{first} of argument {i + 1} {sign} {second} of argument {j + 1}",
        holds,
        lambda arguments: values(arguments) is not None,
    )


def _number(value: Any) -> Any:
    return value if type(value) in (int, float) else None


def _length(value: Any) -> int | None:
    return len(value) if isinstance(value, str | list | tuple | dict | set) else None


def _extreme(pick: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def of(value: Any) -> Any:
        if isinstance(value, list | tuple) and value and all(type(item) in (int, float) for item in value):
            return pick(value)
        return None

    return of


def _first_length(value: Any) -> int | None:
    """Return the length of the first row of a matrix."""
    if isinstance(value, list | tuple) and value and isinstance(value[0], list | tuple):
        return len(value[0])
    return None


_FEATURES: dict[str, Callable[[Any], Any]] = {
    "value": _number,
    "length": _length,
    "maximum": _extreme(max),
    "minimum": _extreme(min),
    "sum": _extreme(sum),
    "width": _first_length,
}
# Which features are compared with each other; others are related by chance more often than by intention.
_COMPARED = (
    ("value", "value"), ("value", "length"), ("value", "maximum"), ("value", "minimum"), ("value", "sum"),
    ("length", "length"), ("value", "width"), ("length", "width"), ("width", "width"), ("maximum", "length"),
)  # fmt: skip
_CONTAINERS = (str, list, tuple, dict, set)
_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: bool(a == b),
    "<=": lambda a, b: bool(a <= b),
    "<": lambda a, b: bool(a < b),
    ">=": lambda a, b: bool(a >= b),
    ">": lambda a, b: bool(a > b),
}


def _inside(value: Any, container: Any) -> bool:
    if isinstance(container, str) and not isinstance(value, str):
        return True
    if not isinstance(container, _CONTAINERS):
        return True
    try:
        return value in container
    except TypeError:
        return True


def _subset(values: Any, container: Any) -> bool:
    if not isinstance(values, str | list | tuple) or not isinstance(container, _CONTAINERS):
        return True
    return all(_inside(value, container) for value in values)
