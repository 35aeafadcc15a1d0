"""Adaptive curricula: they draw problems by the current pass rates of the policy."""

import heapq
from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta

from stepsmith.core.errors import ConfigError
from stepsmith.core.records import BANDS, Record
from stepsmith.curriculum.curriculum import Cell, Moment
from stepsmith.curriculum.pool import Item

Positive = Annotated[float, Meta(gt=0)]
NonNegative = Annotated[float, Meta(ge=0)]


class Learnability(Record, frozen=True, kw_only=True, tag_field="kind", tag="learnability"):
    """Draws problems at random, with odds E[p(1 - p)] under the Beta posterior of their pass rate p.

    p(1 - p) is the variance of a binary reward: the policy learns nothing from a group that always or never passes. For
    Beta(a, b) the expectation is ab / ((a + b)(a + b + 1)). In a large pool a problem seldom comes twice; then
    ``kin_attempts`` estimates its pass rate from the problems with the same number of features.
    """

    half_life: Positive = 0.1
    prior_attempts: NonNegative = 8.0  # weight of a pass rate from before training, at most so many attempts
    kin_attempts: NonNegative = 0.0  # the same for the pass rate, in training, of problems with as many features
    about: str = ""
    source: str = ""

    @property
    def fast_half_life(self) -> float:
        """Not used by this curriculum."""
        return self.half_life

    def check(self, items: Sequence[Item], scope: str) -> None:
        """Accept any problems."""

    def cells(self, moment: Moment) -> dict[str, Cell]:
        """Return one cell with odds."""
        odds = []
        kin = moment.evidence.kin(moment.items, moment.progress, self.kin_attempts)
        for item in moment.items:
            a, b = moment.evidence.beta(item, moment.progress, self.prior_attempts, kin[item.features])
            odds.append(a * b / ((a + b) * (a + b + 1)))
        return {"all": Cell(1.0, moment.items, odds)}


class Thompson(Record, frozen=True, kw_only=True, tag_field="kind", tag="thompson"):
    """Thompson sampling: draws each p from its Beta posterior, and takes the problems with p closest to ``target``.

    A problem that was not seen for a long time has a wide posterior, so it comes back by chance.
    """

    half_life: Positive = 0.1
    prior_attempts: NonNegative = 8.0
    kin_attempts: NonNegative = 0.0
    target: Annotated[float, Meta(gt=0, lt=1)] = 0.5
    about: str = ""
    source: str = ""

    @property
    def fast_half_life(self) -> float:
        """Not used by this curriculum."""
        return self.half_life

    def check(self, items: Sequence[Item], scope: str) -> None:
        """Accept any problems."""

    def cells(self, moment: Moment) -> dict[str, Cell]:
        """Return one cell with as many problems as the batch needs."""
        distance = {}
        kin = moment.evidence.kin(moment.items, moment.progress, self.kin_attempts)
        for item in moment.items:
            a, b = moment.evidence.beta(item, moment.progress, self.prior_attempts, kin[item.features])
            distance[item.id] = abs(moment.rng.betavariate(a, b) - self.target)
        nearest = heapq.nsmallest(moment.wanted, moment.items, key=lambda item: (distance[item.id], item.id))
        return {"nearest": Cell(1.0, nearest)}


class LearningProgress(Record, frozen=True, kw_only=True, tag_field="kind", tag="learning-progress"):
    """Draws bands in proportion to how fast their pass rate changes.

    The change is |fast - slow|, the difference of two averages of the pass rate in training, of which one forgets
    faster. A share ``explore`` of the draws is spread evenly over the bands, and all draws while no rate changes.
    Falling pass rates count like rising ones, so that forgotten skills are practised again. Bands are used because a
    single problem is seen too seldom; unrated problems are a band of their own.
    """

    half_life: Positive = 0.1
    fast: Annotated[float, Meta(gt=0, lt=1)] = 0.25  # half-life of the fast average, relative to the slow one's
    explore: Annotated[float, Meta(gt=0, le=1)] = 0.2
    about: str = ""
    source: str = ""

    @property
    def fast_half_life(self) -> float:
        """Half-life of the fast average, in training progress."""
        return self.half_life * self.fast

    def check(self, items: Sequence[Item], scope: str) -> None:
        """Raise ``ConfigError`` when there is only one band."""
        bands = sorted({item.band or "unrated" for item in items})
        if len(bands) < 2:
            raise ConfigError(
                f"learning-progress chooses between bands, but all {len(items)} problems"
                f"{f' in {scope}' if scope else ''} are {bands[0]}; choose another curriculum or add problems"
            )

    def cells(self, moment: Moment) -> dict[str, Cell]:
        """Return one cell per band."""
        bands: dict[str, list[Item]] = {}
        for item in moment.items:
            bands.setdefault(item.band or "unrated", []).append(item)
        bands = {name: bands[name] for name in (*BANDS, "unrated") if name in bands}
        change = {}
        for name, items in bands.items():
            slow = moment.evidence.together(items, moment.progress)
            fast = moment.evidence.together(items, moment.progress, fast=True)
            change[name] = abs(fast.rate - slow.rate)
        total = sum(change.values())
        even = 1.0 / len(bands)
        return {
            name: Cell(self.explore * even + (1 - self.explore) * (change[name] / total if total else even), items)
            for name, items in bands.items()
        }
