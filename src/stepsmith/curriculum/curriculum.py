"""What a curriculum is: at each moment it divides the problems into weighted cells to draw from."""

import random
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from stepsmith.curriculum.evidence import Evidence
from stepsmith.curriculum.pool import Item


class Moment(NamedTuple):
    """When and from what a batch is drawn. Items come in order of their ids."""

    progress: float  # in [0, 1)
    scope: str  # the environment that is drawn from, "" for all of them
    items: Sequence[Item]
    evidence: Evidence
    wanted: int  # groups that this batch draws in this scope
    rng: random.Random  # seeded by the run's seed, the batch and the scope


class Cell(NamedTuple):
    """Problems that share a sampling weight. Without ``odds`` the least drawn is next; with them, at random."""

    weight: float
    items: Sequence[Item]
    odds: Sequence[float] = ()  # relative chance of each item; () for rotation


class Curriculum(Protocol):
    """A frozen record: all that changes during training is in the evidence, so that a run resumes exactly.

    Laws: weights of the cells are non-negative and sum to 1; a cell with a positive weight has items; cells of
    the same moment and the same evidence are the same.
    """

    @property
    def half_life(self) -> float:
        """Progress after which an observation counts half."""
        ...

    @property
    def fast_half_life(self) -> float:
        """The same for the fast track of the evidence."""
        ...

    def check(self, items: Sequence[Item], scope: str) -> None:
        """Raise ``ConfigError`` where the items cannot serve this curriculum at some time of the training."""
        ...

    def cells(self, moment: Moment) -> dict[str, Cell]:
        """Return the cells, by name, in a fixed order."""
        ...
