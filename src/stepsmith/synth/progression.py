"""Decide the next turn of a chain: its direction and the pass rate to aim at.

The decision depends on the last pass rate and on the problems that the chain has. Deep Dive (arXiv 2603.24202) says
"harder" above a pass rate of .65, towards medium, and "easier" at 0. In between is our choice: towards the bands that
the chain still lacks.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from stepsmith.core.records import Band, Direction

Range = tuple[float, float]  # of pass rates, (low, high)
Stone = Literal["hard", "medium", "easy"]

# Deep Dive's chains are built from a hard problem down: hard .05-.16, medium .41-.59, easy .81-.91.
CHAIN_AIMS: dict[Stone, Range] = {"hard": (0.05, 0.16), "medium": (0.41, 0.59), "easy": (0.81, 0.91)}
HARD_LOW = 0.10  # Deep Dive has no bin for lower pass rates
STONE_OF: dict[Band, Stone] = {"hard": "hard", "medium": "medium", "easy-medium": "easy", "easy": "easy"}


@dataclass(frozen=True, slots=True)
class Progression:
    """Which problem a chain needs next. ``held`` are the bands of the problems that it has kept."""

    medium: Range = (0.35, 0.65)  # Deep Dive
    easier_below: float = 0.35  # and at 0; Deep Dive: 0
    easy_high: float = 0.97  # Deep Dive: above it nothing is kept
    hard_first: bool = False  # chains go from a hard problem to easier ones

    def first(self) -> Range | None:
        """Return the pass rates to aim at for the first problem; None: no aim."""
        return CHAIN_AIMS["hard"] if self.hard_first else None

    def direction(self, rate: float, held: Collection[Band]) -> Direction:
        """Return the direction after a problem with pass rate ``rate``."""
        stones = {STONE_OF[band] for band in held}
        if self.hard_first:  # harder until there is a hard problem, then only easier
            return "easier" if rate == 0 or "hard" in stones else "harder"
        if rate == 0:
            return "easier"
        if rate > self.medium[1]:
            return "harder"
        if rate < self.easier_below and not stones >= {"medium", "easy"}:
            return "easier"
        if "hard" not in stones:
            return "harder"
        return "sideways" if "easy" in stones else "easier"

    def aim(self, rate: float, direction: Direction, held: Collection[Band]) -> Range | None:
        """Return the pass rates to aim at for the next problem; None if it should be equally hard.

        This is the nearest band in that direction that the chain lacks, or the nearest band if it lacks none.
        """
        if direction not in ("harder", "easier"):
            return None
        way: list[Stone]
        if direction == "harder":
            way = ["medium", "hard"] if rate > self.medium[1] and not self.hard_first else ["hard"]
        else:
            way = ["medium", "easy"] if rate < self.medium[0] else ["easy"]
        stones = {STONE_OF[band] for band in held}
        stone = next((stone for stone in way if stone not in stones), way[0])
        if self.hard_first:
            return CHAIN_AIMS[stone]
        return {"hard": (HARD_LOW, self.medium[0]), "medium": self.medium, "easy": (self.medium[1], self.easy_high)}[
            stone
        ]
