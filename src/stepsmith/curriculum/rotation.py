"""Rotation: all problems in random order, regardless of difficulty, as without a curriculum."""

from collections.abc import Sequence

from stepsmith.core.records import Record
from stepsmith.curriculum.curriculum import Cell, Moment
from stepsmith.curriculum.pool import Item


class Rotation(Record, frozen=True, kw_only=True, tag_field="kind", tag="rotation"):
    """Draws every problem once, in random order, before any is repeated, like shuffling a data set in each epoch."""

    about: str = ""
    source: str = ""

    @property
    def half_life(self) -> float:
        """Used by review only: the curriculum itself ignores the evidence."""
        return 0.1

    @property
    def fast_half_life(self) -> float:
        """Not used by this curriculum."""
        return 0.025

    def check(self, items: Sequence[Item], scope: str) -> None:
        """Accept any problems."""

    def cells(self, moment: Moment) -> dict[str, Cell]:
        """Return one cell, drawn in rotation."""
        return {"all": Cell(1.0, moment.items)}
