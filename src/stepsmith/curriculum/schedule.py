"""Schedules: sampling weights over bands that change at fixed points of the training."""

import math
from collections.abc import Sequence
from typing import Annotated, Literal

from msgspec import Meta

from stepsmith.core.errors import ConfigError
from stepsmith.core.records import BANDS, Band, Record
from stepsmith.curriculum.curriculum import Cell, Moment
from stepsmith.curriculum.pool import Item, band_counts

Weight = Annotated[float, Meta(ge=0)]


class Segment(Record, frozen=True, kw_only=True, rename={"easy_medium": "easy-medium"}):
    """Relative weights of the bands until (excluding) ``until``; the last segment may omit it."""

    until: float | None = None
    easy: Weight = 0.0
    easy_medium: Weight = 0.0
    medium: Weight = 0.0
    hard: Weight = 0.0

    def weights(self) -> dict[Band, float]:
        """Return the positive weights, scaled to a sum of 1, easiest band first."""
        raw = dict(zip(BANDS, (self.easy, self.easy_medium, self.medium, self.hard), strict=True))
        total = math.fsum(raw.values())
        return {band: weight / total for band, weight in raw.items() if weight > 0}


class Schedule(Record, frozen=True, kw_only=True, tag_field="kind", tag="schedule"):
    """Segments of constant weights, over ``steps`` units of training. A boundary belongs to the segment after it.

    ``empty`` sets what happens to the weight of a band without problems: ``error`` refuses to start, ``nearest`` gives
    the weight to the nearest band that has problems (of two at the same distance, to the easier one).
    """

    segments: tuple[Segment, ...]
    steps: Annotated[float, Meta(gt=0)] = 1.0
    empty: Literal["error", "nearest"] = "error"
    about: str = ""
    source: str = ""

    @property
    def half_life(self) -> float:
        """Used by review only: the schedule itself ignores the evidence."""
        return 0.1

    @property
    def fast_half_life(self) -> float:
        """Not used by this curriculum."""
        return 0.025

    def __post_init__(self) -> None:
        if not self.segments:
            raise ValueError("a schedule needs at least one segment")
        start = 0.0
        for number, segment in enumerate(self.segments, 1):
            if math.fsum((segment.easy, segment.easy_medium, segment.medium, segment.hard)) <= 0:
                raise ValueError(f"segment {number} has no positive weight")
            if segment.until is None and number == len(self.segments):
                continue
            if segment.until is None or not start < segment.until <= self.steps:
                raise ValueError(
                    f"segment {number} must end after {start:g} and by {self.steps:g} (steps), not at {segment.until}"
                )
            start = segment.until
        if self.segments[-1].until not in (None, self.steps):
            raise ValueError(f"the last segment ends at {start:g}, the schedule at {self.steps:g}")

    def spans(self) -> list[tuple[float, float, dict[Band, float]]]:
        """Return (start, end, weights) of each segment; start and end are training progress in [0, 1]."""
        ends = [1.0 if s.until is None else s.until / self.steps for s in self.segments]
        return [(a, b, s.weights()) for a, b, s in zip([0.0, *ends], ends, self.segments, strict=False)]

    def weights(self, progress: float) -> dict[Band, float]:
        """Return the positive weights at a progress in [0, 1]; they sum to 1.

        Step s of N (counted from 0) is at progress s / N. Comparing floats is exact here: where s / N equals a boundary
        as a fraction, both round to the same float.
        """
        for _, end, weights in self.spans():
            if progress < end:
                return weights
        return self.segments[-1].weights()

    def check(self, items: Sequence[Item], scope: str) -> None:
        """Raise ``ConfigError`` when the schedule draws from a band that has no items."""
        counts = band_counts(items)
        where = f" in {scope}" if scope else ""
        has = ", ".join(f"{band} {count}" for band, count in counts.items())
        if not any(counts[band] for band in BANDS):
            raise ConfigError(f"no problem{where} has a pass rate, so no problem has a band; rate them first ({has})")
        if self.empty == "nearest":
            return
        for start, _, weights in self.spans():
            for band in weights:
                if not counts[band]:
                    raise ConfigError(
                        f"from {start:.0%} of the training on, the curriculum draws from band {band}, but the data set "
                        f'has no such problem{where} ({has}); add some, or set empty = "nearest"'
                    )

    def cells(self, moment: Moment) -> dict[str, Cell]:
        """Return one cell per band."""
        by_band: dict[Band, list[Item]] = {}
        for item in moment.items:
            if item.band is not None:
                by_band.setdefault(item.band, []).append(item)
        shares = dict.fromkeys((band for band in BANDS if band in by_band), 0.0)
        for band, weight in self.weights(moment.progress).items():
            rank = BANDS.index(band)
            shares[min(shares, key=lambda other: (abs(BANDS.index(other) - rank), BANDS.index(other)))] += weight
        return {band: Cell(weight, by_band[band]) for band, weight in shares.items() if weight}
