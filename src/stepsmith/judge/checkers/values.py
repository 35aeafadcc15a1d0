"""Reading a value from its text: a Python literal or JSON, in linear time, whatever the text holds.

``ast.literal_eval`` needs hundreds of bytes of memory per character and fails on deep nesting, so untrusted text is
read here by a scanner with its own stack. It reads what ``repr`` writes for plain values: numbers (also complex,
``inf`` and ``nan``), strings and bytes in every quoting, lists, tuples, sets, ``frozenset(...)``, dictionaries,
``None``, ``True``, ``False``, and JSON's ``null``, ``true``, ``false``, ``NaN``, ``Infinity``. Nothing is evaluated.
"""

import ast
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from stepsmith.core.integers import SAFE_DIGITS, HugeInt, read_integer

SAFE_BITS = 13_000  # an integer of so many bits has fewer than SAFE_DIGITS digits
MAX_DEPTH = 200  # as deep as CPython's own parser goes


class NotLiteralError(ValueError):
    """The text is not one literal; the message says where."""


@dataclass(frozen=True, slots=True)
class SetValue:
    """A set, in the order of its text; its elements may be values that Python cannot hash."""

    items: list["Value"]


@dataclass(frozen=True, slots=True)
class DictValue:
    """A dictionary as its (key, value) pairs, in the order of its text."""

    items: list[tuple["Value", "Value"]]


Value = (
    None
    | bool
    | int
    | float
    | complex
    | str
    | bytes
    | HugeInt
    | SetValue
    | DictValue
    | list["Value"]
    | tuple["Value", ...]
)

# The quantifiers are possessive: nothing backtracks, so every text takes linear time.
_BODY = "|".join(
    [
        r"'''(?:[^'\\]|\\.|'(?!''))*+'''",
        r'"""(?:[^"\\]|\\.|"(?!""))*+"""',
        r"'(?:[^'\\\n]|\\.)*+'",
        r'"(?:[^"\\\n]|\\.)*+"',
    ]
)
_DIGITS = r"[0-9](?:_?[0-9])*+"
_FLOAT = rf"(?:{_DIGITS}\.(?:{_DIGITS})?|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?|{_DIGITS}[eE][+-]?{_DIGITS}|inf|nan"
_TOKEN = re.compile(
    rf"""[ \t\r\n\f]*(?:
      (?P<string>(?:[uUbBrR]|[bB][rR]|[rR][bB])?(?:{_BODY}))
    | (?P<complex>[+-]?(?:{_FLOAT}|{_DIGITS})[+-](?:{_FLOAT}|{_DIGITS})[jJ]|[+-]?(?:{_FLOAT}|{_DIGITS})[jJ])
    | (?P<float>[+-]?(?:{_FLOAT}|NaN|Infinity))(?![0-9A-Za-z_])
    | (?P<based>[+-]?0(?:[xX](?:_?[0-9a-fA-F])+|[oO](?:_?[0-7])+|[bB](?:_?[01])+))(?![0-9A-Za-z_])
    | (?P<int>[+-]?{_DIGITS})(?![0-9A-Za-z_.])
    | (?P<name>None|True|False|null|true|false)(?![0-9A-Za-z_])
    | (?P<call>(?:frozen)?set[ ]*\()
    | (?P<mark>[][(){{}},:])
    | (?P<end>\Z)
    )""",
    re.VERBOSE | re.DOTALL,
)
_LONG = re.compile(rf"[0-9]{{{SAFE_DIGITS + 1}}}")
_NAMES = {"None": None, "null": None, "True": True, "true": True, "False": False, "false": False}
_CLOSER = {"[": "]", "(": ")", "{": "}", "set": ")"}


def parse_value(text: str) -> Value:
    """Return the value that ``text`` writes. Raises ``NotLiteralError``."""
    if len(text) > SAFE_DIGITS and _LONG.search(text):
        return _Reader(text).read()
    try:  # lists of numbers and JSON are most of what programs return, and C reads those
        value: Value = _json.decode(text)
    except (ValueError, RecursionError):
        return _Reader(text).read()
    _check_depth(value)
    return value


_json = json.JSONDecoder(object_pairs_hook=lambda pairs: DictValue([*pairs]))


def _check_depth(value: Value) -> None:
    level: list[Value] = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [child for parent in level for child in _children(parent) if isinstance(child, list | DictValue)]
        if not level:
            return
    raise NotLiteralError(f"nested deeper than {MAX_DEPTH}")


def _children(value: Value) -> Iterable[Value]:
    if isinstance(value, DictValue):
        return [item for _, item in value.items]
    return value if isinstance(value, list) else ()


class _Frame:
    """An open bracket: the values read inside it, and how many commas and colons."""

    def __init__(self, opener: str) -> None:
        self.opener = opener
        self.items: list[Value] = []
        self.commas = 0
        self.colons = 0

    def close(self) -> Value | None:
        """Return the finished value; ``ValueError`` if it is not one."""
        if self.opener == "[":
            return self.items
        if self.opener == "(":
            return self.items[0] if len(self.items) == 1 and not self.commas else tuple(self.items)
        if self.opener == "set":  # set() or frozenset(iterable)
            inner = self.items[0] if self.items else []
            if len(self.items) > 1 or not isinstance(inner, list | tuple | SetValue):
                raise ValueError
            return SetValue(list(inner.items if isinstance(inner, SetValue) else inner))
        if self.colons or not self.items:
            if len(self.items) != 2 * self.colons:
                raise ValueError
            return DictValue(list(zip(self.items[::2], self.items[1::2], strict=True)))
        return SetValue(self.items)


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def read(self) -> Value:
        stack: list[_Frame] = []
        value: Value = None
        have = False  # whether `value` was just read, and a comma, colon or closer must follow
        while True:
            kind, token = self._next()
            if have and not stack:
                if kind != "end":
                    raise self._error("more text after the value")
                return value
            if have:
                frame = stack[-1]
                if token == ",":
                    if frame.colons and len(frame.items) != 2 * frame.colons:
                        raise self._error("a dictionary entry without a value")
                    frame.commas += 1
                    have = False
                elif token == ":" and frame.opener == "{" and len(frame.items) == 2 * frame.colons + 1:
                    frame.colons += 1
                    have = False
                elif token == _CLOSER[frame.opener]:
                    value = self._close(stack.pop())
                    if stack:
                        stack[-1].items.append(value)
                else:
                    raise self._error(f"a stray {token!r}" if token else "a bracket that is never closed")
                continue
            if kind == "call" or (kind == "mark" and token in _CLOSER):
                if len(stack) == MAX_DEPTH:
                    raise self._error(f"nested deeper than {MAX_DEPTH}")
                stack.append(_Frame("set" if kind == "call" else token))
                continue
            if kind in ("mark", "end"):
                if not stack or token != _CLOSER[stack[-1].opener]:
                    raise self._error("a value is missing")
                value = self._close(stack.pop())
            else:
                value = self._scalar(kind, token)
            have = True
            if stack:
                stack[-1].items.append(value)

    def _next(self) -> tuple[str, str]:
        found = _TOKEN.match(self.text, self.position)
        if found is None or found.lastgroup is None:
            raise self._error("not a literal")
        self.position = found.end()
        return found.lastgroup, found[found.lastgroup]

    def _close(self, frame: _Frame) -> Value:
        try:
            return frame.close()
        except ValueError:
            raise self._error("a malformed set or dictionary") from None

    def _scalar(self, kind: str, token: str) -> Value:
        if kind == "string":
            return self._string(token)
        if kind == "int":
            return read_integer(token)
        if kind == "based":
            number = int(token, 0)
            return number if number.bit_length() <= SAFE_BITS else HugeInt(token.lower())
        if kind == "float":
            return float(token)
        if kind == "complex":
            return complex(token.replace("_", ""))
        return _NAMES[token]

    def _string(self, token: str) -> Value:
        if token[0] in "'\"" and "\\" not in token and token[1:3] != token[0] * 2:
            return token[1:-1]
        try:
            value = ast.literal_eval(token)
        except (ValueError, SyntaxError, MemoryError):
            raise self._error("a malformed string") from None
        assert isinstance(value, str | bytes)
        return value

    def _error(self, what: str) -> NotLiteralError:
        line = self.text.count("\n", 0, self.position) + 1
        return NotLiteralError(f"{what} (line {line}, character {self.position + 1})")
