"""Adaptive curricula: they draw by what the policy under training can do now."""

import heapq
from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta

from stepsmith.core.errors import ConfigError
from stepsmith.core.records import Record
from stepsmith.curriculum.curriculum import Cell, Moment
from stepsmith.curriculum.pool import BANDS, Item

Positive = Annotated[float, Meta(gt=0)]
NonNegative = Annotated[float, Meta(ge=0)]


class Learnability(Record, frozen=True, kw_only=True, tag_field="kind", tag="learnability"):
    """Problems at random, with odds E[p(1 - p)] under the Beta posterior of their pass rate.

    p(1 - p) is the variance of a binary reward: nothing is learnt from a group that always or never passes. For
    Beta(a, b) the expectation is ab / ((a + b)(a + b + 1)). In a large pool a problem seldom comes twice: then
    ``kin_attempts`` lets it be judged by others that are composed of as many features.
    """

    half_life: Positive = 0.1
    prior_attempts: NonNegative = 8.0  # what a rate measured before training counts like, at most
    kin_attempts: NonNegative = 0.0  # the same of what training showed of problems with as many features
    about: str = ""
    source: str = ""

    @property
    def fast_half_life(self) -> float:
        """Not used."""
        return self.half_life

    def check(self, items: Sequence[Item], scope: str) -> None:
        """Any problems will do."""

    def cells(self, moment: Moment) -> dict[str, Cell]:
        """One cell, at random."""
        odds = []
        kin = moment.evidence.kin(moment.items, moment.progress, self.kin_attempts)
        for item in moment.items:
            a, b = moment.evidence.beta(item, moment.progress, self.prior_attempts, kin[item.features])
            odds.append(a * b / ((a + b) * (a + b + 1)))
        return {"all": Cell(1.0, moment.items, odds)}


class Thompson(Record, frozen=True, kw_only=True, tag_field="kind", tag="thompson"):
    """For each batch draws every problem's p from its Beta posterior and takes those closest to ``target``.

    A problem that was not seen for long has a wide posterior and comes up again by chance.
    """

    half_life: Positive = 0.1
    prior_attempts: NonNegative = 8.0
    kin_attempts: NonNegative = 0.0
    target: Annotated[float, Meta(gt=0, lt=1)] = 0.5
    about: str = ""
    source: str = ""

    @property
    def fast_half_life(self) -> float:
        """Not used."""
        return self.half_life

    def check(self, items: Sequence[Item], scope: str) -> None:
        """Any problems will do."""

    def cells(self, moment: Moment) -> dict[str, Cell]:
        """One cell: as many problems as are wanted."""
        distance = {}
        kin = moment.evidence.kin(moment.items, moment.progress, self.kin_attempts)
        for item in moment.items:
            a, b = moment.evidence.beta(item, moment.progress, self.prior_attempts, kin[item.features])
            distance[item.id] = abs(moment.rng.betavariate(a, b) - self.target)
        nearest = heapq.nsmallest(moment.wanted, moment.items, key=lambda item: (distance[item.id], item.id))
        return {"nearest": Cell(1.0, nearest)}


class LearningProgress(Record, frozen=True, kw_only=True, tag_field="kind", tag="learning-progress"):
    """Bands by |fast - slow|: the difference of two averages of the pass rate in training, one of which forgets faster.

    ``explore`` of the draws are spread evenly over the bands, all of them while nothing changes. Falling pass rates
    count like rising ones: what is being forgotten is practised. A problem alone is seen too seldom for such a
    difference to mean anything, hence bands (unrated problems are a band of their own).
    """

    half_life: Positive = 0.1
    fast: Annotated[float, Meta(gt=0, lt=1)] = 0.25  # half-life of the fast average, relative to the slow one's
    explore: Annotated[float, Meta(gt=0, le=1)] = 0.2
    about: str = ""
    source: str = ""

    @property
    def fast_half_life(self) -> float:
        """Half-life of the fast average."""
        return self.half_life * self.fast

    def check(self, items: Sequence[Item], scope: str) -> None:
        """Raise ``ConfigError`` where there is nothing to choose between."""
        bands = sorted({item.band or "unrated" for item in items})
        if len(bands) < 2:
            raise ConfigError(
                f"learning-progress chooses between bands, but all {len(items)} problems"
                f"{f' in {scope}' if scope else ''} are {bands[0]}; take another curriculum or add problems"
            )

    def cells(self, moment: Moment) -> dict[str, Cell]:
        """One cell per band."""
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
