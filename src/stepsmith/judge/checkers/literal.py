"""Compare values: the rules of the ``literal``, ``float``, ``unordered`` and ``exact`` checkers.

- A list equals a tuple of the same elements. Sets and dictionaries have no order.
- Numbers compare by value: 1, 1.0 and True are equal, as in Python. Two integers must be equal; if one of two
  numbers is a float, an error is accepted within the absolute tolerance, or within the relative one of the larger.
- nan equals nan; an infinity equals itself.
- Strings compare by character, bytes by byte; a string is never equal to a number.

``exact`` has no tolerance: 1, 1.0 and True are different, and so are a list and a tuple.
"""

import math
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterator, Sequence

from stepsmith.core.integers import HugeInt
from stepsmith.core.records import Record
from stepsmith.judge.checkers.result import shown, shown_pair
from stepsmith.judge.checkers.values import DictValue, SetValue, Value

MAX_COMPARISONS = 1_000_000  # in one search for a matching; values that need more count as different


class Rules(Record, frozen=True, kw_only=True):
    """What counts as equal."""

    absolute: float = 1e-9
    relative: float = 1e-9
    exact: bool = False  # types too, no tolerance
    unordered: int = 0  # lists at depths below this one are compared in any order
    same_text: Callable[[str, str], bool] | None = None  # a looser comparison of strings


def difference(want: Value, got: Value, rules: Rules, path: str = "", depth: int = 0) -> str | None:
    """Return where and how two values differ first, or None."""
    if isinstance(want, SetValue) and isinstance(got, SetValue):
        return _unmatched(_distinct(want.items), _distinct(got.items), rules, path, "element", depth)
    if isinstance(want, DictValue) and isinstance(got, DictValue):
        return _dictionaries(want, got, rules, path, depth)
    in_any_order = depth < rules.unordered
    if _is_sequence(want, in_any_order) and _is_sequence(got, in_any_order):
        if rules.exact and type(want) is not type(got):
            return f"{path or 'value'}: expected a {type(want).__name__}, got a {type(got).__name__}"
        return _sequences(_items(want), _items(got), rules, path, depth)
    if _same_scalar(want, got, rules):
        return None
    if isinstance(want, str) and isinstance(got, str):
        left, right = shown_pair(want, got)
    else:
        left, right = described(want), described(got)
    return f"{path or 'value'}: expected {left}, got {right}"


def described(value: Value) -> str:
    """Return a value's text for a message."""
    return shown(value) if isinstance(value, str) else shown(_Text(_text(value)))


class _Text:
    """Text that a message shows without quotes."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def _text(value: Value) -> str:
    if isinstance(value, SetValue):
        return "{" + ", ".join(map(_text, value.items)) + "}" if value.items else "set()"
    if isinstance(value, DictValue):
        return "{" + ", ".join(f"{_text(k)}: {_text(v)}" for k, v in value.items) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_text, value)) + "]"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(_text, value)) + ("," if len(value) == 1 else "") + ")"
    return repr(value)


def _is_sequence(value: Value, in_any_order: bool) -> bool:
    if isinstance(value, SetValue):
        return in_any_order
    return isinstance(value, list | tuple)


def _items(value: Value) -> Sequence[Value]:
    if isinstance(value, SetValue):
        return value.items
    assert isinstance(value, list | tuple)
    return value


def _sequences(want: Sequence[Value], got: Sequence[Value], rules: Rules, path: str, depth: int) -> str | None:
    if depth < rules.unordered:
        return _unmatched(want, got, rules, path, "element", depth)
    for index, (left, right) in enumerate(zip(want, got, strict=False)):
        found = difference(left, right, rules, f"{path}[{index}]", depth + 1)
        if found:
            return found
    if len(want) != len(got):
        return f"{path or 'value'}: expected {len(want)} elements, got {len(got)}"
    return None


def _dictionaries(want: DictValue, got: DictValue, rules: Rules, path: str, depth: int) -> str | None:
    left, right = _last_values(want, rules), _last_values(got, rules)
    for key, (shown_key, value) in left.items():
        if key in right:
            found = difference(value, right[key][1], rules, f"{path}[{shown(_Text(_text(shown_key)))}]", depth + 1)
            if found:
                return found
    rest: list[Value] = [[k, v] for key, (k, v) in left.items() if key not in right]
    extra: list[Value] = [[k, v] for key, (k, v) in right.items() if key not in left]
    return _unmatched(rest, extra, rules, path, "entry", depth)


def _same_scalar(want: Value, got: Value, rules: Rules) -> bool:
    if isinstance(want, str) and isinstance(got, str):
        return want == got or (rules.same_text is not None and rules.same_text(want, got))
    if rules.exact and type(want) is not type(got):
        return False
    if isinstance(want, int | float | complex) and isinstance(got, int | float | complex):
        return _same_number(want, got, rules)
    return type(want) is type(got) and want == got


def _same_number(want: complex, got: complex, rules: Rules) -> bool:
    if want == got or (want != want and got != got):
        return True
    if rules.exact or (isinstance(want, int) and isinstance(got, int)):
        return False
    try:
        error = abs(want - got)
        scale = max(abs(want), abs(got))
    except OverflowError:  # an integer beyond every float
        return False
    return math.isfinite(scale) and (error <= rules.absolute or error <= rules.relative * scale)


# Multisets: elements with equal keys are paired first; the rest is paired within the tolerance.


def identity(value: Value, rules: Rules, depth: int) -> Hashable:
    """Return a key that two values share if, and with no tolerance only if, they are equal under ``rules``."""
    if isinstance(value, HugeInt | str | bytes | None):
        return (type(value).__name__, value)
    if isinstance(value, SetValue):
        inner = frozenset(identity(item, rules, depth + 1) for item in value.items)
        return ("set", inner) if depth >= rules.unordered else ("list", frozenset((key, 1) for key in inner))
    if isinstance(value, DictValue):
        pairs = _last_values(value, rules).items()
        return ("dict", frozenset((key, identity(item, rules, depth + 1)) for key, (_, item) in pairs))
    if isinstance(value, list | tuple):
        keys = [identity(item, rules, depth + 1) for item in value]
        kind = type(value).__name__ if rules.exact else "list"
        return (kind, tuple(keys) if depth >= rules.unordered else frozenset(Counter(keys).items()))
    if value != value:
        return ("nan",)
    return (type(value).__name__ if rules.exact else "number", value)


def _distinct(items: list[Value]) -> list[Value]:
    plain = Rules()
    return list({identity(item, plain, 0): item for item in items}.values())


def _last_values(value: DictValue, rules: Rules) -> dict[Hashable, tuple[Value, Value]]:
    return {identity(key, rules, rules.unordered): (key, item) for key, item in value.items}


def _unmatched(
    want: Sequence[Value], got: Sequence[Value], rules: Rules, path: str, noun: str, depth: int
) -> str | None:
    """Compare two multisets; return the first expected element without a partner, or one that is too many."""
    spare = Counter(keys := [identity(item, rules, depth + 1) for item in got])
    rest: list[Value] = []
    for item in want:
        key = identity(item, rules, depth + 1)
        if spare[key] > 0:
            spare[key] -= 1
        else:
            rest.append(item)
    extra: list[Value] = []
    for key, item in zip(keys, got, strict=True):
        if spare[key] > 0:
            spare[key] -= 1
            extra.append(item)

    def close(left: Value, right: Value) -> bool:
        return difference(left, right, rules, path, depth + 1) is None

    missing = _match(rest, extra, close)
    # With a tolerance, pairing equal elements first can be wrong: 1.0, 1.5 against 1.5, 2.0 with a tolerance of 0.5.
    if missing is not None and len(rest) <= len(extra) and _match(want, got, close) is None:
        missing = None
    counts = f"{len(want)} expected, {len(got)} given, in any order"
    if missing is not None:
        return f"{path or 'value'}: no {noun} matches the expected {described(missing[0])} ({counts})"
    if len(want) < len(got):
        return f"{path or 'value'}: {noun} {described(extra[0])} is one too many ({counts})"
    return None


def _match(want: Sequence[Value], got: Sequence[Value], same: Callable[[Value, Value], bool]) -> tuple[Value] | None:
    """Pair each wanted element with a given one of its own; return one that has none, in a tuple, or None.

    Augmenting paths, breadth first. Both sides are sorted and near ranks are tried first, so that outputs that are
    equal within the tolerance are paired at once.
    """
    want, got = sorted(want, key=_order), sorted(got, key=_order)
    owner: dict[int, int] = {}  # given -> wanted
    held: dict[int, int] = {}  # wanted -> given
    left = MAX_COMPARISONS
    for start in range(len(want)):
        came_from: dict[int, int] = {}
        queue = deque([start])
        free = None
        while queue and free is None:
            i = queue.popleft()
            for j in _near(i, len(got)):
                if j in came_from:
                    continue
                left -= 1
                if left < 0:
                    return (want[start],)
                if same(want[i], got[j]):
                    came_from[j] = i
                    if j not in owner:
                        free = j
                        break
                    queue.append(owner[j])
        if free is None:
            return (want[start],)
        while free is not None:
            i = came_from[free]
            owner[free] = i
            held[i], free = free, held.get(i)
    return None


def _near(rank: int, size: int) -> Iterator[int]:
    """Yield 0..size-1, those next to ``rank`` first."""
    low, high = min(rank, size) - 1, min(rank, size)
    while low >= 0 or high < size:
        if high < size:
            yield high
            high += 1
        if low >= 0:
            yield low
            low -= 1


def _order(value: Value) -> tuple[int, object]:
    """A sort key over all values: kind first, then what is comparable within the kind."""
    if value is None or (isinstance(value, float | complex) and value != value):
        return (0, 0)
    if isinstance(value, HugeInt):
        return (1, -math.inf if value.digits.startswith("-") else math.inf)
    if isinstance(value, complex):
        return (2, (value.real, value.imag))
    if isinstance(value, int | float):
        return (1, value)
    if isinstance(value, str):
        return (3, value)
    if isinstance(value, bytes):
        return (4, value)
    if isinstance(value, SetValue):
        return (5, sorted(map(_order, value.items)))
    if isinstance(value, DictValue):
        return (6, sorted((_order(k), _order(v)) for k, v in value.items))
    return (5, [_order(item) for item in value])
