"""Read a function's arguments from text, and write its result as text, in the test's process."""

import sys
from collections import deque

Arguments = tuple[tuple[object, ...], dict[str, object]]

_set_digits, _get_digits = sys.set_int_max_str_digits, sys.get_int_max_str_digits
NAMES = {
    "__builtins__": {}, "inf": float("inf"), "nan": float("nan"), "set": set, "frozenset": frozenset,
    "null": None, "true": True, "false": False, "NaN": float("nan"), "Infinity": float("inf"),
}  # fmt: skip


def read_arguments(data: bytes) -> Arguments:
    """Read arguments: a tuple or list holds positional ones, a dictionary named ones; anything else is one argument.

    Raises ``ValueError`` for text that cannot be read.
    """
    value = _read(data.decode("utf-8", "surrogatepass").strip())
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return (), value
    if isinstance(value, tuple | list):
        return tuple(value), {}
    return (value,), {}


def _read(text: str) -> object:
    """Evaluate a Python or JSON literal, with integers of any length. The text comes from the judge."""
    digits = _get_digits()
    _set_digits(0)
    try:
        if text[:1] in ("[", "{"):
            import json

            try:
                return json.loads(text)
            except (ValueError, RecursionError):
                pass
        return eval(text, dict(NAMES))
    except MemoryError:
        raise
    except Exception as error:
        raise ValueError(f"not the arguments of a function: {error}") from None
    finally:
        _set_digits(digits)


def literal(value: object) -> bytes:
    """Return the literal of a value; for any other object, text that no checker accepts.

    Values are None, numbers, text, bytes, lists, tuples, sets and dictionaries. An object of a subclass counts as the
    base class: a named tuple as a tuple, a Counter as a dictionary, a member of an IntEnum as an integer.
    """
    digits = _get_digits()
    try:
        plain = _plain(value)
        _set_digits(0)
        text = repr(plain)
    except NotAValueError as error:
        text = f"<{error}>"
    finally:
        _set_digits(digits)
    return text.encode("utf-8", "surrogatepass")


class NotAValueError(Exception):
    """A function returned something that has no literal; the message names its type."""


_ATOMS = frozenset((int, float, str, bool, bytes, type(None), complex))


def _plain(value: object) -> object:
    """Return the value in built-in types. Raises ``NotAValueError``."""
    kind = type(value)
    if kind in _ATOMS:
        return value
    if isinstance(value, list):
        if kind is list and all(type(item) in _ATOMS for item in value):
            return value
        return [_plain(item) for item in list.__iter__(value)]
    if isinstance(value, tuple):
        return tuple([_plain(item) for item in tuple.__iter__(value)])
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in dict.items(value)}
    if isinstance(value, set):
        return {_plain(item) for item in set.__iter__(value)}
    if isinstance(value, frozenset):
        return {_plain(item) for item in frozenset.__iter__(value)}
    if isinstance(value, int):
        return int.__index__(value)
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, complex):
        return complex.__complex__(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bytes):
        return bytes.__bytes__(value)
    if isinstance(value, bytearray):
        return bytes(value)
    if isinstance(value, range):
        return [*value]
    if isinstance(value, deque):
        return [_plain(item) for item in deque.__iter__(value)]
    return _plain_of_module(value)


def _plain_of_module(value: object) -> object:
    """Return numpy's scalars and arrays, arrays, fractions and decimals in built-in types."""
    if _is_a(value, "numpy", "ndarray") or _is_a(value, "array", "array"):
        return _plain(value.tolist())  # type: ignore[attr-defined]
    if _is_a(value, "numpy", "floating"):  # including those wider than a float
        return float(value)  # type: ignore[arg-type]
    if _is_a(value, "numpy", "generic") and type(item := value.item()) in _ATOMS:  # type: ignore[attr-defined]
        return item
    if _is_a(value, "fractions", "Fraction") or _is_a(value, "decimal", "Decimal"):
        try:
            whole = int(value)  # type: ignore[call-overload]
        except (ValueError, OverflowError):  # nan and infinity
            return float(value)  # type: ignore[arg-type]
        return whole if whole == value else float(value)  # type: ignore[arg-type]
    raise NotAValueError(f"an object of type {type(value).__name__} is not a value")


def _is_a(value: object, module: str, name: str) -> bool:
    """Return whether a value has the type ``name`` of a module, if the program has loaded that module."""
    return module in sys.modules and isinstance(value, getattr(sys.modules[module], name))
