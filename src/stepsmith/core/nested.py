"""Nested mappings: configurations before they are validated."""

from collections.abc import Mapping

Nested = dict[str, object]


def laid_over(base: Mapping[str, object], changes: Mapping[str, object]) -> Nested:
    """Return ``base`` overridden by ``changes``: mappings are merged, all other values are replaced.

    Neither argument is modified.
    """
    merged = dict(base)
    for key, value in changes.items():
        old = merged.get(key)
        merged[key] = laid_over(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged
