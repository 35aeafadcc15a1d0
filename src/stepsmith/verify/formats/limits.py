"""Time and memory limits as data sets write them: "2000 ms", "1 GB", "256.0 megabytes"."""

import math
import re

from stepsmith.core.errors import CaseError

_AMOUNT = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([A-Za-z]*)\.?\s*")
_SECONDS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("ms", "msec", "msecs", "millis", "millisecond", "milliseconds"), 1e-3),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), 60.0),
}
# Contests mean powers of two, whatever they write.
_MEGABYTES = {
    **dict.fromkeys(("b", "byte", "bytes"), 2.0**-20),
    **dict.fromkeys(("k", "kb", "kib", "kilobyte", "kilobytes", "kibibytes"), 2.0**-10),
    **dict.fromkeys(("m", "mb", "mib", "megabyte", "megabytes", "mebibytes"), 1.0),
    **dict.fromkeys(("g", "gb", "gib", "gigabyte", "gigabytes", "gibibytes"), 2.0**10),
}


def seconds(limit: str | float | None, default: float, *, unit: str = "") -> float:
    """Return a time limit in seconds; ``default`` where there is none (None, "" or 0).

    ``unit`` is the unit of a bare number; without it a bare number is refused. Raises ``CaseError`` for what cannot
    be read.
    """
    return _amount(limit, _SECONDS, unit, "time limit", "seconds or ms") or default


def megabytes(limit: str | float | None, default: int, *, unit: str = "") -> int:
    """Return a memory limit in MB (2**20 bytes), rounded up; otherwise like ``seconds``."""
    return math.ceil(_amount(limit, _MEGABYTES, unit, "memory limit", "MB or GB")) or default


def _amount(limit: str | float | None, units: dict[str, float], unit: str, what: str, examples: str) -> float:
    if limit is None or (isinstance(limit, str) and not limit.strip()):
        return 0.0
    written = repr(limit) if isinstance(limit, str) else f"{limit:g}"
    match = _AMOUNT.fullmatch(limit if isinstance(limit, str) else f"{limit!r}")
    if match is None:
        raise CaseError(f"the {what} {written} cannot be read")
    factor = units.get((match[2] or unit).lower())
    if factor is None:
        found = f"has the unknown unit {match[2]!r}" if match[2] else "has no unit"
        raise CaseError(f"the {what} {written} {found}; write {examples}")
    return float(match[1]) * factor
