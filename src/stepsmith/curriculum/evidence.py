"""The observations of a training run: discounted pass rates, and how far each chain is unlocked.

Time is training progress in [0, 1]. At progress ``now``, an observation from progress t has the weight
2^-((now - t) / half_life), because the policy has changed since. All values are numbers and strings, and can be saved.
"""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from stepsmith.core.records import Record
from stepsmith.core.stats import wilson_interval
from stepsmith.curriculum.pool import Item


class PassCounts(NamedTuple):
    """Passes and attempts, both discounted."""

    passes: float
    attempts: float

    @property
    def rate(self) -> float:
        """Passes per attempt; 0 without attempts."""
        return self.passes / self.attempts if self.attempts else 0.0

    def interval(self, confidence: float) -> tuple[float, float]:
        """Wilson interval of the rate; [0, 1] without attempts."""
        return wilson_interval(min(self.passes, self.attempts), self.attempts, confidence)


NOTHING = PassCounts(0.0, 0.0)


class Observation(Record, frozen=True, kw_only=True):
    """The result of one group: ``attempts`` counts its scored completions, without masked ones."""

    problem_id: str
    passes: int
    attempts: int


class Track(msgspec.Struct, forbid_unknown_fields=True):
    """The passes and attempts of one problem, as they were at progress ``at``."""

    at: float = 0.0
    passes: float = 0.0
    attempts: float = 0.0

    def read(self, now: float, half_life: float) -> PassCounts:
        """Return the counts discounted to ``now``."""
        keep = 0.5 ** (max(0.0, now - self.at) / half_life)
        return PassCounts(self.passes * keep, self.attempts * keep)


class Evidence(msgspec.Struct, forbid_unknown_fields=True):
    """Two tracks of counts per problem, ``slow`` and ``fast``, each with its half-life; and per chain the number of
    unlocked problems.
    """

    half_life: float = 0.1
    fast_half_life: float = 0.025
    slow: dict[str, Track] = msgspec.field(default_factory=dict)
    fast: dict[str, Track] = msgspec.field(default_factory=dict)
    unlocked: dict[str, int] = msgspec.field(default_factory=dict)

    def observe(self, observation: Observation, now: float) -> None:
        """Add the result of a group at progress ``now``."""
        for tracks, half_life in ((self.slow, self.half_life), (self.fast, self.fast_half_life)):
            track = tracks.setdefault(observation.problem_id, Track())
            passes, attempts = track.read(now, half_life)
            track.at = now
            track.passes, track.attempts = passes + observation.passes, attempts + observation.attempts

    def counts(self, problem_id: str, now: float) -> PassCounts:
        """Return the counts of a problem, discounted to progress ``now``."""
        track = self.slow.get(problem_id)
        return track.read(now, self.half_life) if track else PassCounts(0.0, 0.0)

    def together(self, items: Iterable[Item], now: float, *, fast: bool = False) -> PassCounts:
        """Return the sum of the counts of ``items``, from the slow or the fast track."""
        tracks, half_life = (self.fast, self.fast_half_life) if fast else (self.slow, self.half_life)
        found = [tracks[item.id].read(now, half_life) for item in items if item.id in tracks]
        return PassCounts(sum(c.passes for c in found), sum(c.attempts for c in found))

    def beta(self, item: Item, now: float, prior_attempts: float, kin: PassCounts = NOTHING) -> tuple[float, float]:
        """Return the Beta posterior (a, b) of an item's pass rate.

        The prior is uniform, Beta(1, 1). Added to it are the pass rate from before training (with the weight of at most
        ``prior_attempts`` attempts at progress 0), the discounted counts of training, and ``kin``, the counts of
        similar problems.
        """
        passes, attempts = self.counts(item.id, now)
        if item.pass_rate is not None:
            measured = min(prior_attempts, item.pass_rate.attempts) * 0.5 ** (now / self.half_life)
            passes, attempts = passes + measured * item.pass_rate.rate, attempts + measured
        passes, attempts = passes + kin.passes, attempts + kin.attempts
        return 1.0 + passes, 1.0 + max(0.0, attempts - passes)

    def kin(self, items: Iterable[Item], now: float, attempts: float) -> dict[int, PassCounts]:
        """Return, by number of features, the summed counts of all such items, scaled down to at most ``attempts``."""
        groups: dict[int, list[Item]] = {}
        for item in items:
            groups.setdefault(item.features, []).append(item)
        found = {features: self.together(group, now) for features, group in groups.items()}
        return {
            features: PassCounts(counts.rate * min(attempts, counts.attempts), min(attempts, counts.attempts))
            for features, counts in found.items()
        }
