"""Duplicates: which problems are dropped, which copy is kept, and the evidence.

Problems are compared from the best to the worst (``Ranking``). One is dropped if it is a duplicate of a kept problem.
So every dropped problem has a counterpart in the result, and small differences do not add up to a large one. Similar
problems of one chain are stepping stones: they are kept and linked.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from stepsmith.curate.likeness import Likeness, Resemblance
from stepsmith.curate.minhash import Candidates
from stepsmith.curate.ngrams import Places
from stepsmith.curate.problem_table import ProblemTable, chain_lengths

ROUNDS = 6


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A dropped problem, the one that is kept instead, and why that one is preferred."""

    row: int
    kept: int
    finding: Resemblance
    why: str


@dataclass(slots=True)
class Duplicates:
    """What was found in a table. ``links`` are alike problems of one chain, as (row, row, finding)."""

    dropped: dict[int, Duplicate] = field(default_factory=dict)
    links: list[tuple[int, int, Resemblance]] = field(default_factory=list)
    compared: int = 0  # pairs that were compared in full


class Ranking:
    """The order in which copies are preferred: the longer chain, then a measured pass rate, then the earlier place."""

    def __init__(self, table: ProblemTable) -> None:
        self._lengths, self._attempts = chain_lengths(table), table.attempts
        first: dict[str, int] = {}
        for row, chain in enumerate(table.chains):
            first.setdefault(chain, row)
        keys = [
            (-self._lengths[row], not self._attempts[row], first[table.chains[row]], row) for row in range(len(table))
        ]
        self.order: list[int] = sorted(range(len(table)), key=keys.__getitem__)

    def why(self, kept: int, dropped: int) -> str:
        """Say why ``kept`` is preferred."""
        if self._lengths[kept] != self._lengths[dropped]:
            return f"its chain has {self._lengths[kept]} problems, the other's {self._lengths[dropped]}"
        if bool(self._attempts[kept]) != bool(self._attempts[dropped]):
            return "it has a measured pass rate"
        return "it comes first"


Compare = Callable[[int, int], Likeness]
# Compares two rows that may be duplicates, given their likeness; returns the finding, or None.
Verify = Callable[[int, int, Likeness], Resemblance | None]


def exact_duplicates(table: ProblemTable, ranking: Ranking) -> Duplicates:
    """Find problems of equal content, wherever they are."""
    found = Duplicates()
    keys = table.content_keys()
    best: dict[bytes, int] = {}
    for row in ranking.order:
        kept = best.setdefault(keys[row], row)
        if kept != row:
            finding = Resemblance("exact", 1.0, "the same environment, statement, task and program")
            found.dropped[row] = Duplicate(row, kept, finding, ranking.why(kept, row))
    return found


class DuplicateSearch:
    """Finds duplicates among candidate pairs. ``found`` never names a counterpart that was itself dropped."""

    def __init__(
        self, table: ProblemTable, ranking: Ranking, found: Duplicates, likeness: Compare, verify: Verify
    ) -> None:
        self.found = found
        self._table, self._ranking, self._likeness, self._verify = table, ranking, likeness, verify
        self._seen: set[tuple[int, int]] = set()
        self._stand_for: defaultdict[int, list[int]] = defaultdict(list)  # kept row -> rows that were dropped for it
        self._place = np.empty(len(table), dtype=np.int64)
        self._place[ranking.order] = np.arange(len(table))

    def run(self, pairs: Callable[[Places], Sequence[Candidates]]) -> None:
        """Look at the candidates among the rows that are left.

        Where too many rows were alike to pair them all, the search is repeated on what is left then.
        """
        dropped = self.found.dropped
        for _ in range(ROUNDS):
            rows = np.array([row for row in range(len(self._table)) if row not in dropped], dtype=np.int64)
            candidates, before = pairs(rows), len(dropped)
            self._look_at(candidates)
            if not any(one.cut for one in candidates) or len(dropped) == before:
                break
        self.found.compared = len(self._seen)
        self.found.links = [link for link in self.found.links if not dropped.keys() & set(link[:2])]

    def _look_at(self, candidates: Sequence[Candidates]) -> None:
        place, dropped = self._place, self.found.dropped
        rivals: defaultdict[int, list[int]] = defaultdict(list)
        for left, right, _ in candidates:
            better = place[left] < place[right]
            good, bad = np.where(better, left, right), np.where(better, right, left)
            for one, other in zip(good.tolist(), bad.tolist(), strict=True):
                rivals[other].append(one)
        for row in sorted(rivals, key=place.__getitem__):
            for rival in sorted(set(rivals[row]), key=place.__getitem__):
                if rival in dropped or (rival, row) in self._seen:
                    continue
                finding = self._compared(row, rival)
                if finding is None:
                    continue
                if self._table.chains[row] == self._table.chains[rival]:
                    self.found.links.append((rival, row, finding))
                    continue
                self._drop(row, rival, finding)
                break

    def _compared(self, row: int, rival: int) -> Resemblance | None:
        self._seen.add((rival, row))
        return self._verify(row, rival, self._likeness(row, rival))

    def _drop(self, row: int, kept: int, finding: Resemblance) -> None:
        """Drop ``row`` for ``kept``. Rows that were dropped for ``row`` are compared with ``kept``; some come back."""
        self.found.dropped[row] = Duplicate(row, kept, finding, self._ranking.why(kept, row))
        self._stand_for[kept].append(row)
        for other in self._stand_for.pop(row, ()):
            again = self._compared(other, kept)
            if again is None or self._table.chains[other] == self._table.chains[kept]:
                del self.found.dropped[other]
            else:
                self._drop(other, kept, again)
