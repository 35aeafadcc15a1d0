"""Reading JSON that other people wrote: as Python's ``json`` does, nulls as absent fields, integers of any length."""

import json
from typing import TypeVar

import msgspec

from stepsmith.core.errors import CaseError
from stepsmith.core.integers import read_integer

T = TypeVar("T")

_decoder = json.JSONDecoder(parse_int=read_integer)


def decode_json(text: str | bytes) -> object:
    """Return the value of a JSON text; ``NaN`` and ``Infinity`` are numbers, as in Python.

    A byte order mark is skipped. Raises ``CaseError`` for text that is not UTF-8 or not JSON.
    """
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError as error:
            raise CaseError(f"not UTF-8: byte 0x{text[error.start]:02x} at position {error.start}") from None
    try:
        return _decoder.decode(text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}"))
    except json.JSONDecodeError as error:
        raise CaseError(f"not JSON: {error.msg} at character {error.pos + 1}") from None
    except RecursionError:
        raise CaseError("not readable: JSON nested too deep") from None


def decode_object(text: str | bytes) -> dict[str, object]:
    """Return the object that a JSON text writes, without the keys whose value is null. Raises ``CaseError``."""
    value = decode_json(text)
    if isinstance(value, list):
        raise CaseError("not a JSON object but an array; write one object a line")
    if not isinstance(value, dict):
        raise CaseError("not a JSON object")
    return present(value)


def present(row: dict[str, object]) -> dict[str, object]:
    """Return ``row`` without the keys whose value is null."""
    return {key: value for key, value in row.items() if value is not None}


def convert(value: object, type_: type[T]) -> T:
    """Return ``value`` as ``type_``; numbers may be written as text. Raises ``CaseError`` that names the field."""
    try:
        return msgspec.convert(value, type_, strict=False)
    except msgspec.ValidationError as error:
        raise CaseError(str(error)) from None
