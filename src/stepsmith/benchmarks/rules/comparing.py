"""When an output counts as the expected one: the comparisons of the harnesses, by name.

``TEXTS`` compare what a program printed, ``VALUES`` what a function returned; both take (expected, actual). The name
"checker" is in neither: it stands for the problem's own checker, which the judge runs. The sources are in
``rule_sets``.
"""

import json
import math
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation

CHECKER = "checker"


class Unlike:
    """A returned value that JSON has no form for; it equals nothing. ``text`` is what ``repr`` gave."""

    def __init__(self, text: str, kind: str) -> None:
        self.text, self.kind = text, kind

    def __repr__(self) -> str:
        return self.text


def decoded(value: object) -> object:
    """Return the value that the driver wrote (see ``files/run_tests.py``)."""
    if isinstance(value, list):
        return [decoded(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "other" in value:
        return Unlike(str(value["other"]), str(value.get("type")))
    if "tuple" in value:
        return tuple(decoded(item) for item in value["tuple"])
    try:
        if "set" in value:
            return {decoded(item) for item in value["set"]}
        return {decoded(key): decoded(item) for key, item in value["dict"]}
    except TypeError:  # a key that cannot be one, such as a set inside a set
        return Unlike(str(value), "set")


# What programs print


def equal_decimals(expected: str, actual: str) -> bool:
    """LiveCodeBench: line by line, numbers by value; a line that is not all numbers must be the same text."""
    want, got = ([line.strip() for line in text.strip().split("\n")] for text in (expected, actual))
    try:
        return len(want) == len(got) and all(
            a == b or (_decimals(a) is not None and _decimals(a) == _decimals(b))
            for a, b in zip(want, got, strict=True)
        )
    except InvalidOperation:  # a signalling NaN
        return False


def _decimals(line: str) -> list[Decimal] | None:
    try:
        return [Decimal(token) for token in line.split()]
    except InvalidOperation:
        return None


def close_tokens(expected: str, actual: str) -> bool:
    """CodeContests: token by token without case, numbers within 1e-5."""
    want, got = expected.lower().split(), actual.lower().split()
    return len(want) == len(got) and all(a == b or _near(a, b) for a, b in zip(want, got, strict=True))


def _near(expected: str, actual: str) -> bool:
    try:
        return abs(float(expected) - float(actual)) < 1e-5
    except ValueError:
        return False


def lines_close(expected: str, actual: str) -> bool:
    """As in verl's copy of PRIME: the same lines but for white space around them, or one nearly equal number a line."""
    lines = actual.splitlines()
    wanted = expected.strip()
    if wanted in ("\n".join(lines).strip(), "\n".join(line.strip() for line in lines).strip()) or lines == [expected]:
        return True
    want = [line.strip() for line in expected.split("\n") if line]
    got = [line for line in lines if line]
    if want in (lines, got):
        return True
    if len(want) != len(got) or all(a.isdigit() and b.isdigit() for a, b in zip(want, got, strict=True)):
        return False
    try:
        pairs = [(float(a), float(b)) for a, b in zip(want, got, strict=True)]
    except ValueError:
        return False
    return all(_all_close(b, a) for a, b in pairs)


def _tokens_near(expected: str, actual: str) -> bool:
    """Return what the ``compare_stdout_results`` of verifiers does: the same tokens, or numbers within 0.001."""
    if actual.split() == expected.split():
        return True
    want, got = expected.split(), actual.split()
    if len(want) != len(got) or not got:
        return False
    try:
        pairs = [(Decimal(a), Decimal(b)) for a, b in zip(want, got, strict=True)]
    except InvalidOperation:
        return False
    return all(a.is_finite() and b.is_finite() and abs(a - b) <= Decimal("0.001") for a, b in pairs)


# What functions return


def _equal(expected: object, actual: object) -> bool:
    """LiveCodeBench: Python's ``==``; a tuple counts as a list, but not inside another value."""
    return _same(list(actual) if isinstance(actual, tuple) else actual, expected)


def _equal_or_close(expected: object, actual: object) -> bool:
    """NeMo Gym: as LiveCodeBench, or the same JSON text, or nearly equal as numbers."""
    if _equal(expected, actual):
        return True
    value = list(actual) if isinstance(actual, tuple) else actual
    try:
        if json.dumps(value) == json.dumps(expected):
            return True
    except (TypeError, ValueError):  # no JSON
        pass
    try:
        return _all_close(float(value), float(expected))  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return False


def _equal_or_first(expected: object, actual: object) -> bool:
    """As in verl's copy of PRIME: a value that JSON can write; the expected list may stand for its first element."""
    try:
        json.dumps(actual)
    except (TypeError, ValueError):
        return False
    expected = _integer_keys(expected)
    value = list(actual) if isinstance(actual, tuple) else actual
    first = expected[0] if isinstance(expected, list) and expected else None
    if _same(value, expected) or (isinstance(expected, list) and bool(expected) and _same(value, first)):
        return True
    try:
        nested = isinstance(value[0], tuple)  # type: ignore[index]
        return nested and [list(item) for item in value] == first  # type: ignore[attr-defined]
    except (TypeError, IndexError, KeyError):
        return False


def _integer_keys(value: object) -> object:
    """Undo what JSON does to integer keys: of an object, or of one that is alone in a list."""
    inner = value[0] if isinstance(value, list) and value else value
    if isinstance(inner, dict):
        try:
            return [{int(key): item for key, item in inner.items()}]
        except (TypeError, ValueError):
            return value
    return value


def _same(actual: object, expected: object) -> bool:
    try:
        return bool(actual == expected)
    except RecursionError:
        return False


def _all_close(actual: float, expected: float) -> bool:
    """NumPy's ``allclose`` of two numbers: |a - b| <= 1e-8 + 1e-5 |b|; infinities equal themselves."""
    if actual == expected:
        return True
    return math.isfinite(actual) and math.isfinite(expected) and abs(actual - expected) <= 1e-8 + 1e-5 * abs(expected)


TEXTS: Mapping[str, Callable[[str, str], bool]] = {
    "lines, decimals by value": equal_decimals,
    "lines, nearly equal numbers": lines_close,
    "tokens, numbers within 0.001": _tokens_near,
    "tokens without case, numbers within 1e-5": close_tokens,
}
VALUES: Mapping[str, Callable[[object, object], bool]] = {
    "equal": _equal,
    "equal, same JSON, or nearly equal": _equal_or_close,
    "equal, or the first of the expected list": _equal_or_first,
}
