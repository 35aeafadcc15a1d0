"""Time and memory limits as data sets write them: "2000 ms", "1 GB", "256.0 megabytes"."""

import math
from collections.abc import Mapping
from fractions import Fraction

from stepsmith.core.errors import CaseError
from stepsmith.core.quantities import read_quantity

_MILLISECONDS = {
    **dict.fromkeys(("ms", "msec", "msecs", "millis", "millisecond", "milliseconds"), 1),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1000),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), 60_000),
}
# Contests mean powers of two, whatever they write.
_BYTES = {
    **dict.fromkeys(("b", "byte", "bytes"), 1),
    **dict.fromkeys(("kb", "kib", "kilobyte", "kilobytes", "kibibytes"), 1 << 10),
    **dict.fromkeys(("mb", "mib", "megabyte", "megabytes", "mebibytes"), 1 << 20),
    **dict.fromkeys(("gb", "gib", "gigabyte", "gigabytes", "gibibytes"), 1 << 30),
}


def seconds(limit: str | float | None, default: float, *, unit: str = "") -> float:
    """Return a time limit in seconds; ``default`` where there is none (None, "" or 0).

    ``unit`` is the unit of a bare number; without it a bare number is refused. Raises ``CaseError`` for what cannot
    be read.
    """
    return float(_amount(limit, _MILLISECONDS, unit, "time limit", "seconds or ms") / 1000) or default


def megabytes(limit: str | float | None, default: int, *, unit: str = "") -> int:
    """Return a memory limit in MB (2**20 bytes), rounded up; otherwise like ``seconds``."""
    return math.ceil(_amount(limit, _BYTES, unit, "memory limit", "MB or GB") / (1 << 20)) or default


def _amount(limit: str | float | None, units: Mapping[str, int], unit: str, what: str, examples: str) -> Fraction:
    if limit is None or (isinstance(limit, str) and not limit.strip()):
        return Fraction(0)
    text = str(limit).lower().strip()
    bare = {"": units[unit.lower()]} if unit else {}
    amount = read_quantity(text.removesuffix("."), {**units, **bare})
    if amount is None:
        hint = "has no unit; " if not unit and text[-1:].isdigit() else "cannot be read; "
        raise CaseError(f"the {what} {text!r} {hint}write a number of {examples}")
    return amount
