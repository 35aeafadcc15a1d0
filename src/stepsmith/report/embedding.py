"""Data inside a page."""

from collections.abc import Mapping


def json_blocks(texts: Mapping[str, str]) -> dict[str, str]:
    """Several by name."""
    return {name: json_block(text) for name, text in texts.items()}


def json_block(text: str) -> str:
    """JSON as it may stand inside a script element."""
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
