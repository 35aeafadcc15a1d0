"""Values as messages show them."""

SHOWN = 300  # characters of a value in the evidence


def short(text: str, width: int = SHOWN) -> str:
    """Return the text on one line, shortened in the middle of a long one."""
    line = text.rstrip("\n").replace("\n", "\\n")
    if len(line) <= width:
        return line
    return f"{line[: width - width // 4 - 1]}…{line[len(line) - width // 4 :]}"
