"""The sampler: yields problem ids for RL, in groups, chosen by a curriculum; it can be resumed at any point."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from stepsmith.core.errors import ConfigError
from stepsmith.core.ids import content_id, derive_rng
from stepsmith.core.records import Record
from stepsmith.curriculum.curriculum import Cell, Curriculum, Moment
from stepsmith.curriculum.evidence import Evidence, Observation
from stepsmith.curriculum.mix import NEW, REAL, Mix
from stepsmith.curriculum.pool import Item, Pool
from stepsmith.curriculum.quotas import Quotas

HISTORY = 16  # batches that are kept after they were yielded, because a data loader reads ahead of the trainer


class Layout(Record, frozen=True, kw_only=True):
    """The order of the ids. The names in brackets are those of TRL's ``RepeatSampler``.

    A batch is ``groups`` problems (``batch_size``), each repeated ``group_size`` times in a row
    (``mini_repeat_count``: the completions of a GRPO group). The whole batch is repeated ``repeats`` times
    (``repeat_count``: the optimiser steps that use one generation). There are ``batches`` batches.
    """

    groups: int
    group_size: int
    batches: int
    repeats: int = 1

    def __post_init__(self) -> None:
        if min(self.groups, self.group_size, self.batches, self.repeats) < 1:
            raise ValueError("groups, group_size, batches and repeats must be at least 1")

    @property
    def batch_length(self) -> int:
        """Number of ids in one batch."""
        return self.groups * self.group_size * self.repeats


class SamplerState(msgspec.Struct, forbid_unknown_fields=True):
    """Everything that a sampler needs to continue as if it had never stopped."""

    setting: str  # content id of layout, curriculum, mix and seed
    problems: str  # content id of the pool
    drawn: int  # number of batches drawn, with the pending ones
    offset: int  # number of ids of the first pending batch that were yielded
    pending: list[list[str]]
    rounds: dict[str, int]
    quotas: Quotas
    evidence: Evidence
    extra: int = 0  # number of calls of `draw_more`
    weights: dict[str, float] = {}  # of the cells in the last batch


class Sampler:
    """An iterator over problem ids. A batch is drawn when its first id is asked for, with all observations until then.

    Every batch is mixed by ``mix``. In the curriculum's part, quotas keep the shares of environments and cells. The
    problems of a cell come in rotation (each once, in random order, before any is repeated), or at random where the
    cell has odds. The problems of a batch are different while there are enough. The same seed, problems and
    observations give the same ids; the order in which the problems are given does not matter. A new iteration continues
    where the last one stopped. Raises ``ConfigError`` when the problems do not fit the curriculum or the mix.
    """

    def __init__(
        self, items: Iterable[Item], curriculum: Curriculum, layout: Layout, *, mix: Mix | None = None, seed: int = 0
    ) -> None:
        self._pool = Pool(items)
        self._curriculum, self._layout, self._mix, self._seed = curriculum, layout, mix or Mix(), seed
        self._mix.check(self._pool)
        if self._mix.real < 1:
            for scope in self._mix.scopes():
                curriculum.check(self._items_in(scope), scope)
        self._evidence = Evidence(half_life=curriculum.half_life, fast_half_life=curriculum.fast_half_life)
        self._quotas = Quotas()
        self._rounds: dict[str, int] = {}
        self._drawn, self._offset, self._extra = 0, 0, 0
        self._queue: deque[list[str]] = deque()
        self._done: deque[list[str]] = deque(maxlen=HISTORY)
        self._weights: dict[str, float] = {}

    def __len__(self) -> int:
        """Number of ids in the whole training."""
        return self._layout.batches * self._layout.batch_length

    def __iter__(self) -> Iterator[str]:
        size = self._layout.group_size
        while self._queue or self._drawn < self._layout.batches:
            if not self._queue:
                self._queue.append(self._draw())
            batch = self._queue[0]
            while self._offset < self._layout.batch_length:
                group = self._offset // size % len(batch)
                self._offset += 1
                yield batch[group]
            self._done.append(self._queue.popleft())
            self._offset = 0

    @property
    def evidence(self) -> Evidence:
        """All observations so far. Read only."""
        return self._evidence

    @property
    def progress(self) -> float:
        """The share of all batches that were drawn, in [0, 1]."""
        return self._drawn / self._layout.batches

    @property
    def weights(self) -> dict[str, float]:
        """Weights of the cells in the last batch, by ``cell`` or ``environment/cell``. For logs."""
        return dict(self._weights)

    def observe(self, results: Iterable[Observation]) -> None:
        """Add the results of groups. Raises ``ConfigError`` for a problem that is not in the pool."""
        for result in results:
            if result.problem_id not in self._pool:
                raise ConfigError(f"observed {result.problem_id}, which is not in the training set")
            if result.attempts:
                self._evidence.observe(result, self.progress)

    def draw_more(self, count: int) -> list[str]:
        """Draw ``count`` more problems outside the batches, to replace groups that are sampled again."""
        self._extra += 1
        return self._choose(count, f"extra {self._extra}")

    def add(self, items: Iterable[Item]) -> None:
        """Add problems to the pool. To resume later, create the sampler with all of them."""
        self._pool.add(items)

    def state_dict(self, trained: int | None = None) -> dict[str, object]:
        """Return the state as JSON-able values.

        With ``trained``, return the state after so many whole batches, so that batches which the data loader has read
        ahead are yielded again after resumption. Raises ``ValueError`` if these batches are not kept any more.
        """
        pending, offset = list(self._queue), self._offset
        if trained is not None:
            known = [*self._done, *self._queue]
            first = self._drawn - len(known)
            if not first <= trained <= self._drawn:
                raise ValueError(
                    f"{trained} batches were trained, but only the states of {first} to {self._drawn} are kept"
                )
            pending, offset = known[trained - first :], 0
        state = SamplerState(
            setting=self._setting(),
            problems=self._problems(),
            drawn=self._drawn,
            offset=offset,
            pending=pending,
            rounds=self._rounds,
            quotas=self._quotas,
            evidence=self._evidence,
            extra=self._extra,
            weights=self._weights,
        )
        plain: dict[str, object] = msgspec.to_builtins(state)
        return plain

    def load_state_dict(self, plain: dict[str, object]) -> None:
        """Continue from a state. Raises ``ConfigError`` when it belongs to other problems or other settings."""
        try:
            state = msgspec.convert(plain, SamplerState)
        except msgspec.ValidationError as error:
            raise ConfigError(f"this is not the state of a sampler: {error}") from None
        if state.setting != self._setting():
            raise ConfigError(
                "the checkpoint was made with another curriculum, mix, seed or batch layout; use the same to resume"
            )
        if state.problems != self._problems():
            raise ConfigError("the checkpoint was made with other problems; use the same data set to resume")
        self._drawn, self._offset, self._extra = state.drawn, state.offset, state.extra
        self._queue, self._done = deque(state.pending), deque(maxlen=HISTORY)
        self._rounds, self._quotas, self._evidence = state.rounds, state.quotas, state.evidence
        self._weights = state.weights

    def _draw(self) -> list[str]:
        """Return the problems of the next batch."""
        chosen = self._choose(self._layout.groups, "draw")
        self._drawn += 1
        return chosen

    def _choose(self, groups: int, what: str) -> list[str]:
        """Choose the problems of so many groups; ``what`` is part of the random seed."""
        mastered = self._mastered()
        review = [self._pool[problem_id] for problem_id in sorted(mastered)]
        sources = self._mix.sources(any_mastered=bool(review))
        places: list[tuple[str, str]] = []  # source and environment of each group
        for _ in range(groups):
            source = self._quotas.pick("source", sources)
            places.append((source, self._quotas.pick("environment", self._mix.scopes()) if source == NEW else ""))
        scopes = dict.fromkeys(scope for source, scope in places if source == NEW)
        cells = {scope: self._cells(scope, places.count((NEW, scope))) for scope in scopes}
        self._weights = {
            f"{scope}/{name}" if scope else name: cell.weight for scope in cells for name, cell in cells[scope].items()
        }
        chosen: list[str] = []
        for source, scope in places:
            if source == NEW:
                weights = {name: cell.weight for name, cell in cells[scope].items()}
                cell = _without(cells[scope][self._quotas.pick(f"cell/{scope}", weights)], mastered)
            else:
                cell = Cell(1.0, self._pool.real() if source == REAL else review)
            chosen.append(self._take(cell, chosen, what))
        return chosen

    def _take(self, cell: Cell, chosen: Sequence[str], what: str) -> str:
        """Return a problem of a cell, if possible one that the batch does not have yet."""
        rng = derive_rng(self._seed, what, self._drawn, len(chosen))
        fresh = _without(cell, frozenset(chosen))
        if fresh.odds:
            return rng.choices(fresh.items, fresh.odds)[0].id
        last_round = max(self._rounds.get(item.id, 0) for item in cell.items)
        waiting = [item for item in fresh.items if self._rounds.get(item.id, 0) < last_round]
        if not waiting:  # problems added later do not make up for the rounds that they missed
            waiting, last_round = list(fresh.items), last_round + 1
        item = rng.choice(waiting)
        self._rounds[item.id] = last_round
        return item.id

    def _cells(self, scope: str, wanted: int) -> dict[str, Cell]:
        rng = derive_rng(self._seed, "cells", self._drawn, scope)
        return self._curriculum.cells(Moment(self.progress, scope, self._items_in(scope), self._evidence, wanted, rng))

    def _items_in(self, scope: str) -> list[Item]:
        return [item for item in self._pool.made() if scope in ("", item.environment)]

    def _mastered(self) -> frozenset[str]:
        if not self._mix.review:
            return frozenset()
        now, bar = self.progress, self._mix.mastered
        low = {i: self._evidence.counts(i, now).interval(0.95)[0] for i in self._evidence.slow}
        return frozenset(i for i in low if low[i] >= bar and not self._pool[i].real)

    def _setting(self) -> str:
        return content_id("sampling", self._layout, self._curriculum, self._mix, self._seed)

    def _problems(self) -> str:
        return content_id("pool", self._pool.made(), self._pool.real())


def _without(cell: Cell, ids: frozenset[str]) -> Cell:
    """Return a cell without some problems; the whole cell where none would be left."""
    kept = [k for k, item in enumerate(cell.items) if item.id not in ids]
    if not kept:
        return cell
    return Cell(cell.weight, [cell.items[k] for k in kept], [cell.odds[k] for k in kept] if cell.odds else ())
