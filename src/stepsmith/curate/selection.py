"""A subset of a given size that covers as many features and pairs of features as it can, under quotas of the bands.

The objective is Σ over features and pairs of 1 + 1/2 + ... + 1/uses: a first use counts most, and repetitions count
less and less. It is monotone and submodular, so greedy choice reaches at least 1 - 1/e of the best value, and half of
it under quotas (Nemhauser, Wolsey and Fisher 1978). Lazy evaluation (Minoux 1978) makes it fast: a gain only falls.
"""

import heapq
import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction

from stepsmith.core.errors import CaseError

Element = tuple[str, ...]  # a feature, or two in alphabetic order

# A gain is good enough if it is at most this share below the best that is possible.
TOLERANCE = 0.02
NOTHING = (0.0, 0, 0)


def elements_of(features: Sequence[str]) -> tuple[Element, ...]:
    """Return the distinct features of a problem and the pairs of them."""
    names = sorted(set(features))
    return (*((name,) for name in names), *itertools.combinations(names, 2))


def select(features: Sequence[Sequence[str]], bands: Sequence[str], quotas: Mapping[str, int]) -> list[int]:
    """Return which problems to take, ascending: as many of each band as ``quotas`` says.

    ``features`` and ``bands`` have one element per problem. Of problems that add the same, the first is taken. Raises
    ``CaseError`` if a band has too few problems.
    """
    check_supply(Counter(bands), quotas)
    kinds = _Kinds()
    for row in range(len(bands) - 1, -1, -1):
        if quotas.get(bands[row], 0):
            kinds.add(row, features[row], bands[row])
    gains = [1.0] * len(kinds.numbers)  # of one more use of each element
    left = dict(quotas)
    heap = [(-float(len(kinds.elements[kind])), rows[-1], kind) for kind, rows in enumerate(kinds.waiting)]
    heapq.heapify(heap)
    chosen: list[int] = []
    size = sum(quotas.values())
    while len(chosen) < size:
        _, row, kind = heap[0]
        if not left[kinds.bands[kind]]:
            heapq.heappop(heap)
            continue
        gain = 0.0
        for element in kinds.elements[kind]:
            gain += gains[element]
        if gain < -min(heap[1:3], default=NOTHING)[0] * (1 - TOLERANCE):
            heapq.heapreplace(heap, (-gain, row, kind))
            continue
        rows = kinds.waiting[kind]
        chosen.append(rows.pop())
        left[kinds.bands[kind]] -= 1
        for element in kinds.elements[kind]:
            gains[element] = 1 / (1 / gains[element] + 1)
        if rows:
            heapq.heapreplace(heap, (-gain, rows[-1], kind))
        else:
            heapq.heappop(heap)
    return sorted(chosen)


class _Kinds:
    """Problems that add the same: equal elements, one band. ``waiting`` are their rows, the first one last."""

    def __init__(self) -> None:
        self.numbers: dict[Element, int] = {}
        self.elements: list[tuple[int, ...]] = []
        self.bands: list[str] = []
        self.waiting: list[list[int]] = []
        self._known: dict[tuple[str, ...], int] = {}

    def add(self, row: int, features: Sequence[str], band: str) -> None:
        """Add a row; rows come in descending order."""
        names = (band, *sorted(set(features)))
        kind = self._known.setdefault(names, len(self.waiting))
        if kind == len(self.waiting):
            numbers = self.numbers
            self.elements.append(tuple([numbers.setdefault(one, len(numbers)) for one in elements_of(features)]))
            self.bands.append(band)
            self.waiting.append([])
        self.waiting[kind].append(row)


def check_supply(supply: Mapping[str, int], quotas: Mapping[str, int]) -> None:
    """Raise ``CaseError`` if a quota is larger than what there is."""
    for band, wanted in quotas.items():
        if wanted > supply.get(band, 0):
            raise CaseError(
                f"the quota asks for {wanted} problems of band {band!r} and {supply.get(band, 0)} are left; select "
                "fewer, change the quotas, or measure more pass rates"
            )


def shared_out(shares: Mapping[str, float], size: int) -> dict[str, int]:
    """Return ``size`` shared out by ``shares``, which need not add up to 1, by largest remainders."""
    whole = sum(Fraction(share) for share in shares.values())
    exact = {band: Fraction(share) * size / whole for band, share in shares.items()}
    counts = {band: int(value) for band, value in exact.items()}
    order = sorted(shares, key=lambda band: (counts[band] - exact[band], band))
    for band in order[: size - sum(counts.values())]:
        counts[band] += 1
    return counts


def matched(supply: Mapping[str, int], model: Mapping[str, int], most: int | None = None) -> dict[str, int]:
    """Return the quotas of the largest subset (at most ``most``) whose bands have the proportions of ``model``.

    Raises ``CaseError`` if a band of ``model`` has no problem at all.
    """
    shares = {band: float(count) for band, count in model.items() if count}
    check_supply(supply, dict.fromkeys(shares, 1))
    total = sum(model.values())
    size = min(int(Fraction(supply[band] * total, model[band])) for band in shares)
    size = min(size, most) if most is not None else size
    while any(count > supply[band] for band, count in shared_out(shares, size).items()):
        size -= 1  # rounding may ask for one too many
    return shared_out(shares, size)
