"""The protocol of a curriculum: for each batch it divides the problems into weighted cells to draw from."""

import random
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from stepsmith.curriculum.evidence import Evidence
from stepsmith.curriculum.pool import Item


class Moment(NamedTuple):
    """The state of the training when a batch is drawn. Items are in order of their ids."""

    progress: float  # in [0, 1)
    scope: str  # the environment to draw from, "" for all of them
    items: Sequence[Item]
    evidence: Evidence
    wanted: int  # number of groups that the batch draws in this scope
    rng: random.Random  # seeded by the run's seed, the batch and the scope


class Cell(NamedTuple):
    """Problems that share a sampling weight. They are drawn at random by ``odds``, or in rotation without them."""

    weight: float
    items: Sequence[Item]
    odds: Sequence[float] = ()  # relative chance of each item; (): rotation


class Curriculum(Protocol):
    """A frozen record. Everything that changes during training is in the evidence, so that a run resumes exactly.

    Laws: weights of the cells are non-negative and sum to 1; a cell with a positive weight has items; the same moment
    with the same evidence gives the same cells.
    """

    @property
    def half_life(self) -> float:
        """Training progress, in (0, 1], after which an observation counts half."""
        ...

    @property
    def fast_half_life(self) -> float:
        """The half-life of the fast track of the evidence."""
        ...

    def check(self, items: Sequence[Item], scope: str) -> None:
        """Raise ``ConfigError`` when at some time of the training there would be no item to draw."""
        ...

    def cells(self, moment: Moment) -> dict[str, Cell]:
        """Return the cells by name, in a fixed order."""
        ...
