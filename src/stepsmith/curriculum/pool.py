"""The facts about a problem that a curriculum uses, and the pool of problems to draw from."""

from collections.abc import Iterable

from stepsmith.core.errors import ConfigError
from stepsmith.core.records import BANDS, Band, Environment, PassRate, Problem, Record
from stepsmith.core.stats import likely_band


class Item(Record, frozen=True, kw_only=True):
    """A problem as a curriculum sees it. ``real`` problems were written by people; the others are synthetic."""

    id: str
    environment: Environment
    chain_id: str
    turn: int
    pass_rate: PassRate | None = None  # before training
    real: bool = False
    features: int = 0  # number of algorithmic features; 0: not known

    @property
    def band(self) -> Band | None:
        """Band of the pass rate (see ``band_of``); None for an unrated problem."""
        return likely_band(self.pass_rate)


def item_of(problem: Problem, *, real: bool = False) -> Item:
    """Return the item of a problem."""
    return Item(
        id=problem.id,
        environment=problem.environment,
        chain_id=problem.lineage.chain_id,
        turn=problem.lineage.turn,
        pass_rate=problem.pass_rate,
        real=real,
        features=len(problem.features),
    )


class Pool:
    """Items by id, in order of their ids, so that no sequence depends on the order of a file."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._items: dict[str, Item] = {}
        self.add(items)

    def add(self, items: Iterable[Item]) -> None:
        """Add items. Raises ``ConfigError`` when an id is in the pool already; then none is added."""
        new: dict[str, Item] = {}
        for item in items:
            if item.id in self._items or item.id in new:
                raise ConfigError(f"problem {item.id} is in the training set twice; deduplicate it first")
            new[item.id] = item
        self._items = dict(sorted((self._items | new).items()))

    def __getitem__(self, problem_id: str) -> Item:
        return self._items[problem_id]

    def __contains__(self, problem_id: str) -> bool:
        return problem_id in self._items

    def __len__(self) -> int:
        return len(self._items)

    def made(self, environment: Environment | None = None) -> list[Item]:
        """Return the synthetic items, of one environment or of all."""
        return [i for i in self._items.values() if not i.real and environment in (None, i.environment)]

    def real(self) -> list[Item]:
        """Return the real items."""
        return [item for item in self._items.values() if item.real]


def band_counts(items: Iterable[Item]) -> dict[str, int]:
    """Return the number of items per band, easiest first; items without a pass rate, if any, count as "unrated"."""
    counts: dict[str, int] = dict.fromkeys(BANDS, 0)
    for item in items:
        band = item.band or "unrated"
        counts[band] = counts.get(band, 0) + 1
    return counts
