"""The chain curriculum: a stepping stone is unlocked when the easier one before it is solved often enough."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta

from stepsmith.core.records import Record
from stepsmith.curriculum.curriculum import Cell, Moment
from stepsmith.curriculum.evidence import Evidence
from stepsmith.curriculum.pool import Item


class Chains(Record, frozen=True, kw_only=True, tag_field="kind", tag="chains"):
    """Starts each chain with its easiest problem and unlocks the harder ones in turn.

    The next problem is unlocked, for the rest of the training, when the pass rate in training of the one before it is
    high enough: the lower end of its Wilson interval (at ``confidence``) must reach ``threshold``, so that a few lucky
    passes are not enough. Pass rates from before training only set the order of a chain.

    A share ``frontier`` of the draws goes to the hardest unlocked problem of each chain, the rest to the ones before
    it. Where the mix has weights of environments, the problems of a chain in one environment are a chain of their own.
    """

    threshold: Annotated[float, Meta(gt=0, lt=1)] = 0.5
    confidence: Annotated[float, Meta(gt=0, lt=1)] = 0.8
    frontier: Annotated[float, Meta(gt=0, le=1)] = 0.8
    half_life: Annotated[float, Meta(gt=0)] = 0.1
    about: str = ""
    source: str = ""

    @property
    def fast_half_life(self) -> float:
        """Not used by this curriculum."""
        return self.half_life

    def check(self, items: Sequence[Item], scope: str) -> None:
        """Accept any problems."""

    def cells(self, moment: Moment) -> dict[str, Cell]:
        """Return the cell of the hardest unlocked problems, and the cell of those before them."""
        frontier: list[Item] = []
        before: list[Item] = []
        for chain_id, stones in stepping_stones(moment.items).items():
            count = self._unlocked(f"{chain_id}/{moment.scope}", stones, moment.evidence, moment.progress)
            frontier.append(stones[count - 1])
            before += stones[: count - 1]
        if not before or self.frontier == 1:
            return {"frontier": Cell(1.0, frontier)}
        return {"frontier": Cell(self.frontier, frontier), "before": Cell(1.0 - self.frontier, before)}

    def _unlocked(self, key: str, stones: Sequence[Item], evidence: Evidence, now: float) -> int:
        """Return how many problems of a chain are unlocked, and record it: a problem is never locked again."""
        count = min(evidence.unlocked.get(key, 1), len(stones))
        while count < len(stones):
            low, _ = evidence.counts(stones[count - 1].id, now).interval(self.confidence)
            if low < self.threshold:
                break
            count += 1
        evidence.unlocked[key] = count
        return count


def stepping_stones(items: Sequence[Item]) -> dict[str, list[Item]]:
    """Return the problems of each chain, easiest first: by falling pass rate, then unrated ones by turn."""
    chains: dict[str, list[Item]] = {}
    for item in items:
        chains.setdefault(item.chain_id, []).append(item)
    return {chain_id: sorted(chains[chain_id], key=_difficulty) for chain_id in sorted(chains)}


def _difficulty(item: Item) -> tuple[bool, float, int, str]:
    rated = item.pass_rate is not None and item.pass_rate.attempts > 0
    return (not rated, -item.pass_rate.rate if item.pass_rate and rated else 0.0, item.turn, item.id)
