"""The small part of TeX that contest statements use (``$1 \\le a_i \\le 10^{9}$``), as HTML without a library."""

import re

from markupsafe import Markup

SYMBOLS = {
    "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "lt": "<", "gt": ">", "ne": "≠", "neq": "≠", "equiv": "≡",
    "times": "×", "cdot": "·", "pm": "±", "oplus": "⊕", "mid": "∣", "in": "∈", "to": "→", "infty": "∞",
    "ldots": "…", "dots": "…", "cdots": "⋯", "sum": "∑", "prod": "∏", "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈",
    "rceil": "⌉", "quad": "\u2003", "bmod": " mod ", "left": "", "right": "",
}  # fmt: skip

# No space inside the dollars and no digit after them: "$5 or $6" is money. One line, no backticks.
INLINE = re.compile(r"\$(?![\s$])([^$`\n]{1,300}?)(?<!\s)\$(?!\d)")
_PIECE = re.compile(
    r"\\(?P<command>[A-Za-z]+)|\\(?P<escaped>.)|(?P<shift>[_^])(?P<argument>\{[^{}]*\}|\\[A-Za-z]+|.)"
    r"|(?P<letters>[A-Za-z]+)|(?P<brace>[{}])|(?P<minus>-)|(?P<other>.)",
    re.DOTALL,
)


def formula_html(tex: str) -> Markup:
    """Return a formula as HTML: letters in italics, indices and powers, known commands as symbols, others by name."""
    return Markup('<span class="math">{}</span>').format(_set(tex))


def _set(tex: str) -> Markup:
    return Markup("").join(_piece(match) for match in _PIECE.finditer(tex))


def _piece(match: re.Match[str]) -> Markup:
    if match["command"]:
        return Markup("{}").format(SYMBOLS.get(match["command"], match["command"]))
    if match["shift"]:
        tag = Markup("sub" if match["shift"] == "_" else "sup")
        argument = match["argument"]
        inner = argument[1:-1] if argument.startswith("{") and argument.endswith("}") else argument
        return Markup("<{tag}>{inner}</{tag}>").format(tag=tag, inner=_set(inner))
    if match["letters"]:
        return Markup("<i>{}</i>").format(match["letters"])
    if match["minus"]:
        return Markup("−")
    return Markup("{}").format(match["escaped"] or match["other"] or "")
