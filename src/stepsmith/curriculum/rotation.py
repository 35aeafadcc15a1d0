"""No curriculum: the problems as they come, whatever their difficulty, rated or not."""

from collections.abc import Sequence

from stepsmith.core.records import Record
from stepsmith.curriculum.curriculum import Cell, Moment
from stepsmith.curriculum.pool import Item


class Rotation(Record, frozen=True, kw_only=True, tag_field="kind", tag="rotation"):
    """Every problem once, in random order, before any comes again: what shuffling a data set by epochs does."""

    about: str = ""
    source: str = ""

    @property
    def half_life(self) -> float:
        """It does not look at the evidence; review does."""
        return 0.1

    @property
    def fast_half_life(self) -> float:
        """Not used."""
        return 0.025

    def check(self, items: Sequence[Item], scope: str) -> None:
        """Any problems will do."""

    def cells(self, moment: Moment) -> dict[str, Cell]:
        """One cell, in rotation."""
        return {"all": Cell(1.0, moment.items)}
