"""The flags of the built-in checkers: Kattis's default-validator flags, and ``nested`` for ``unordered``."""

import math

from stepsmith.core.errors import CaseError
from stepsmith.core.records import Record

TOLERANCE_FLAGS = ("float_absolute_tolerance", "float_relative_tolerance", "float_tolerance")


class Flags(Record, frozen=True, kw_only=True):
    """Parsed flags. A tolerance of -1 means that none was given, as in Kattis's validator."""

    case_sensitive: bool = False
    space_change_sensitive: bool = False
    absolute: float = -1.0
    relative: float = -1.0
    nested: bool = False

    @property
    def floats(self) -> bool:
        """True if number tokens are compared as numbers."""
        return self.absolute >= 0 or self.relative >= 0

    def close(self, expected: float, actual: float) -> bool:
        """Kattis's rule: within the absolute tolerance, or within the relative one of the judge's value."""
        error = abs(expected - actual)
        return error <= self.absolute or error <= self.relative * abs(expected)


def parse_flags(checker: str, flags: tuple[str, ...], *, default_tolerance: float = -1.0) -> Flags:
    """Read a built-in checker's flags. Raises ``CaseError`` for an unknown flag or a tolerance that is no number."""
    case_sensitive = space_change_sensitive = nested = False
    absolute = relative = default_tolerance
    rest = iter(flags)
    for flag in rest:
        if flag == "case_sensitive":
            case_sensitive = True
        elif flag == "space_change_sensitive" and checker != "unordered":
            space_change_sensitive = True
        elif flag == "nested" and checker == "unordered":
            nested = True
        elif flag in TOLERANCE_FLAGS:
            value = _tolerance(flag, next(rest, None))
            absolute = absolute if flag == "float_relative_tolerance" else value
            relative = relative if flag == "float_absolute_tolerance" else value
        else:
            raise CaseError(f"checker {checker!r} has no flag {flag!r}; see docs/judge.md for those it has")
    return Flags(
        case_sensitive=case_sensitive,
        space_change_sensitive=space_change_sensitive,
        absolute=absolute,
        relative=relative,
        nested=nested,
    )


def _tolerance(flag: str, text: str | None) -> float:
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise CaseError(f"checker flag {flag!r} needs a number after it, got {text!r}")
    return value
