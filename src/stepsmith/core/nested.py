"""Nested mappings, as configurations are before they are checked."""

from collections.abc import Mapping

Nested = dict[str, object]


def laid_over(base: Mapping[str, object], changes: Mapping[str, object]) -> Nested:
    """Return ``base`` with ``changes`` laid over it: mappings are merged, everything else takes the place of what was.

    Neither argument is changed.
    """
    merged = dict(base)
    for key, value in changes.items():
        old = merged.get(key)
        merged[key] = laid_over(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged
