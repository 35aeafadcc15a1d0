"""Nested mappings: configurations before they are validated, and what is said of one that is not valid."""

import re
from collections.abc import Mapping
from typing import get_args, get_type_hints

import msgspec

from stepsmith.core.errors import ConfigError, SettingError

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


def in_words(error: Exception, kind: type) -> str:
    """Return an error of a configuration of the type ``kind`` as text.

    For an unknown word, the allowed ones are added, which msgspec does not name.
    """
    place = re.fullmatch(r"Invalid enum value .* - at `\$\.([\w.]+)`", str(error))
    found: object = kind
    for name in place[1].split(".") if place else ():
        found = get_type_hints(found).get(name) if isinstance(found, type) else None
    words = [word for word in get_args(found) if isinstance(word, str)]
    return f"{error}, which is one of: {', '.join(words)}" if words else str(error)


def wrong_setting(error: msgspec.ValidationError, kind: type) -> ConfigError:
    """Return the error for a setting that was changed in code or by an option, with its name if the error has one."""
    text = in_words(error, kind)
    place = re.search(r" - at `\$\.([\w.]+)[^`]*`", text)
    if place is None:
        return ConfigError(text)
    what = text.replace(place[0], "")
    return SettingError(place[1], what[:1].lower() + what[1:])
