"""A run's configuration as TOML that the commands read."""

import json


def to_toml(config: object) -> str:
    """Write a configuration as TOML that ``stepsmith`` reads; absent values (null) are left out."""
    lines: list[str] = []
    if isinstance(config, dict):
        _toml_table(config, "", lines)
    return "\n".join(lines).strip() + "\n"


def _toml_table(table: dict[str, object], path: str, lines: list[str]) -> None:
    """JSON's strings, numbers, booleans and arrays of them are TOML nearly as they stand; only tables differ."""
    tables = {key: value for key, value in table.items() if isinstance(value, dict)}
    plain = {key: value for key, value in table.items() if key not in tables and value is not None}
    if path and plain:
        lines += ["", f"[{path}]"]
    lines += [f"{_toml_key(key)} = {_toml_value(value)}" for key, value in plain.items()]
    for key, value in tables.items():
        _toml_table(value, f"{path}.{_toml_key(key)}" if path else _toml_key(key), lines)


def _toml_value(value: object) -> str:
    # Not ASCII only: TOML has no surrogate pairs. Of the characters that it bans, JSON leaves one alone, DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _toml_key(key: str) -> str:
    return key if key.replace("-", "").replace("_", "").isalnum() and key.isascii() else _toml_value(key)
