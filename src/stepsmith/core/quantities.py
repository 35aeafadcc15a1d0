"""Numbers with a unit, as people type them: read exactly as they are written, or refused. Nothing is guessed."""

import re
from collections.abc import Mapping
from fractions import Fraction

_QUANTITY = re.compile(
    r"\s*(?P<number>[0-9]+(?:\.[0-9]+)?|\.[0-9]+|[0-9]{1,3}(?:_[0-9]{3})+(?:\.[0-9]+)?)\s*(?P<unit>[^\s\d.,_]*)\s*"
)
_GROUPED = re.compile(r"\s*[0-9]{1,3}(?:,[0-9]{3})+(?![\d.,_])")
LONGEST = 40  # characters


def read_quantity(text: str, units: Mapping[str, int], *, grouped: bool = False) -> Fraction | None:
    """Return ``number unit`` in the unit whose factor is 1; None for everything that is not exactly that.

    ``units`` maps each accepted spelling to its factor; "" stands for no unit. A decimal point is a point. A comma is
    refused, because "2,50" is 2.5 to one reader and 250 to another; ``grouped`` accepts commas between groups of three
    digits of a whole number ("1,000,000"), for units where a fraction makes no sense. Digits may be grouped by "_".
    """
    if len(text) > LONGEST:
        return None
    if grouped and (match := _GROUPED.match(text)):
        text = match[0].replace(",", "") + text[match.end() :]
    match = _QUANTITY.fullmatch(text)
    if match is None or match["unit"] not in units:
        return None
    return Fraction(match["number"].replace("_", "")) * units[match["unit"]]
