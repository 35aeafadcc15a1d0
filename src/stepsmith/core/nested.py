"""Nested mappings: configurations before they are validated."""

from collections.abc import Mapping

from stepsmith.core.errors import ConfigError

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


def refuse_renamed(plain: Mapping[str, object], renamed: Mapping[str, str]) -> None:
    """Raise ``ConfigError`` for a setting under its old name; ``renamed`` maps dotted old names to new ones."""
    for old, new in renamed.items():
        place: object = plain
        for name in old.split("."):
            place = place.get(name) if isinstance(place, Mapping) else None
        if place is not None:
            raise ConfigError(f"the setting `{old}` is now called `{new}`; rename it")
