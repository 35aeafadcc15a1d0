"""The configuration of a run as TOML that the commands can read."""

import json


def to_toml(config: object) -> str:
    """Return a configuration as TOML that ``stepsmith`` can read; null values are left out."""
    lines: list[str] = []
    if isinstance(config, dict):
        _toml_table(config, "", lines)
    return "\n".join(lines).strip() + "\n"


def _toml_table(table: dict[str, object], path: str, lines: list[str]) -> None:
    """Add the lines of a table. JSON's strings, numbers, booleans and arrays are almost valid TOML; tables are not."""
    tables = {key: value for key, value in table.items() if isinstance(value, dict)}
    plain = {key: value for key, value in table.items() if key not in tables and value is not None}
    if path and plain:
        lines += ["", f"[{path}]"]
    lines += [f"{_toml_key(key)} = {_toml_value(value)}" for key, value in plain.items()]
    for key, value in tables.items():
        _toml_table(value, f"{path}.{_toml_key(key)}" if path else _toml_key(key), lines)


def _toml_value(value: object) -> str:
    # No ensure_ascii, because TOML has no surrogate pairs. TOML wants DEL escaped; JSON does not escape it.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _toml_key(key: str) -> str:
    return key if key.replace("-", "").replace("_", "").isalnum() and key.isascii() else _toml_value(key)
