"""What training has shown so far: pass rates that forget, and how far each chain is unlocked.

Time is training progress in [0, 1]. An observation made at progress t counts 2^-((now - t) / half_life) at progress
now: the policy that gave it is not the policy of today. Everything here is a number or a name, and round-trips.
"""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from stepsmith.core.records import Record
from stepsmith.core.stats import wilson_interval
from stepsmith.curriculum.pool import Item


class PassCounts(NamedTuple):
    """Discounted passes of discounted attempts."""

    passes: float
    attempts: float

    @property
    def rate(self) -> float:
        """Passes per attempt; 0 without attempts."""
        return self.passes / self.attempts if self.attempts else 0.0

    def interval(self, confidence: float) -> tuple[float, float]:
        """Wilson interval of the rate; all of [0, 1] without attempts."""
        return wilson_interval(min(self.passes, self.attempts), self.attempts, confidence)


NOTHING = PassCounts(0.0, 0.0)


class Observation(Record, frozen=True, kw_only=True):
    """How one group did: ``attempts`` are the graded members, those that were masked left out."""

    problem_id: str
    passes: int
    attempts: int


class Track(msgspec.Struct, forbid_unknown_fields=True):
    """PassCounts of one problem as they stood at progress ``at``."""

    at: float = 0.0
    passes: float = 0.0
    attempts: float = 0.0

    def read(self, now: float, half_life: float) -> PassCounts:
        """Return the counts discounted to ``now``."""
        keep = 0.5 ** (max(0.0, now - self.at) / half_life)
        return PassCounts(self.passes * keep, self.attempts * keep)


class Evidence(msgspec.Struct, forbid_unknown_fields=True):
    """Per problem a ``slow`` track, which forgets by a curriculum's half-life, and a ``fast`` one, which forgets by a
    fraction of it; per chain the number of unlocked stepping stones.
    """

    half_life: float = 0.1
    fast_half_life: float = 0.025
    slow: dict[str, Track] = msgspec.field(default_factory=dict)
    fast: dict[str, Track] = msgspec.field(default_factory=dict)
    unlocked: dict[str, int] = msgspec.field(default_factory=dict)

    def observe(self, observation: Observation, now: float) -> None:
        """Take in a group's result at progress ``now``."""
        for tracks, half_life in ((self.slow, self.half_life), (self.fast, self.fast_half_life)):
            track = tracks.setdefault(observation.problem_id, Track())
            passes, attempts = track.read(now, half_life)
            track.at = now
            track.passes, track.attempts = passes + observation.passes, attempts + observation.attempts

    def counts(self, problem_id: str, now: float) -> PassCounts:
        """Return what training showed of a problem, discounted."""
        track = self.slow.get(problem_id)
        return track.read(now, self.half_life) if track else PassCounts(0.0, 0.0)

    def together(self, items: Iterable[Item], now: float, *, fast: bool = False) -> PassCounts:
        """Return the sum of the items' counts, by the slow track or the fast one."""
        tracks, half_life = (self.fast, self.fast_half_life) if fast else (self.slow, self.half_life)
        found = [tracks[item.id].read(now, half_life) for item in items if item.id in tracks]
        return PassCounts(sum(c.passes for c in found), sum(c.attempts for c in found))

    def beta(self, item: Item, now: float, prior_attempts: float, kin: PassCounts = NOTHING) -> tuple[float, float]:
        """Return the Beta posterior (a, b) of an item's pass rate.

        Uniform prior Beta(1, 1); the rate measured before training counts like at most ``prior_attempts`` attempts
        made at progress 0 (another student gave it), what training showed by its discounted counts, and what it showed
        of problems like this one as ``kin``.
        """
        passes, attempts = self.counts(item.id, now)
        if item.pass_rate is not None:
            measured = min(prior_attempts, item.pass_rate.attempts) * 0.5 ** (now / self.half_life)
            passes, attempts = passes + measured * item.pass_rate.rate, attempts + measured
        passes, attempts = passes + kin.passes, attempts + kin.attempts
        return 1.0 + passes, 1.0 + max(0.0, attempts - passes)

    def kin(self, items: Iterable[Item], now: float, attempts: float) -> dict[int, PassCounts]:
        """Return, by number of features, what training showed of all such problems, scaled down to ``attempts``."""
        groups: dict[int, list[Item]] = {}
        for item in items:
            groups.setdefault(item.features, []).append(item)
        found = {features: self.together(group, now) for features, group in groups.items()}
        return {
            features: PassCounts(counts.rate * min(attempts, counts.attempts), min(attempts, counts.attempts))
            for features, counts in found.items()
        }
