"""Reading the fields of a benchmark's row, with messages that say which benchmark was expected."""

from collections.abc import Collection
from typing import TypeVar

import msgspec

from stepsmith.benchmarks.rows import PlacedRow
from stepsmith.core.errors import CaseError

T = TypeVar("T")


def need(placed: PlacedRow, keys: Collection[str], title: str) -> None:
    """Raise ``CaseError`` unless the row has these keys."""
    if missing := [key for key in keys if placed.row.get(key) is None]:
        has = ", ".join(sorted(placed.row)[:8]) or "none"
        raise CaseError(
            f"{placed.place}: not a row of {title}: it lacks {', '.join(missing)} (its keys: {has}); "
            f"give the file of {title}"
        )


def field(placed: PlacedRow, key: str, kind: type[T], default: T) -> T:
    """Return a field, or ``default`` where it is missing or null. Raises ``CaseError`` if it has another type."""
    value = placed.row.get(key)
    if value is None:
        return default
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise CaseError(f"{placed.place}: {key}: {error}") from None
