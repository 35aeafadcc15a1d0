"""Shared n-grams between many texts and the items of a benchmark."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from stepsmith.curate.minhash import spans
from stepsmith.curate.ngrams import Hashes, Places, Rows, Vocabulary, among, ngrams
from stepsmith.curate.sketches import longest_run

ITEM_SHARE, FEWEST_ITEMS = 0.01, 2  # an n-gram of more items than both is the benchmark's boilerplate


class Overlap(NamedTuple):
    """A text that shares n-grams with an item. ``score`` is the share of the item's n-grams that the text has."""

    row: int
    item: int
    score: float


class ItemGrams:
    """The n-grams of a benchmark's items, without those that many of its items have.

    An item of fewer than ``n`` words is one n-gram as a whole.
    """

    def __init__(self, texts: Sequence[Sequence[str]], n: int, vocabulary: Vocabulary) -> None:
        self.n = n
        self._vocabulary = vocabulary
        found = ngrams(self._vocabulary.rows(texts), n)
        owners = found.rows()
        order = np.lexsort((owners, found.flat))
        grams, owners = found.flat[order], owners[order]
        first = np.ones(len(grams), dtype=np.bool_)
        first[1:] = (grams[1:] != grams[:-1]) | (owners[1:] != owners[:-1])
        grams, owners = grams[first], owners[first]
        _, places, counts = np.unique(grams, return_inverse=True, return_counts=True)
        rare = counts[places] <= max(FEWEST_ITEMS, ITEM_SHARE * len(texts))
        self._grams, self._owners = grams[rare], owners[rare]
        self.sizes: Places = np.bincount(self._owners, minlength=len(texts))

    def overlaps(self, words: Rows, least: float) -> Iterator[Overlap]:
        """Yield the overlaps of texts with a score of ``least``, by row; ``words`` are those of the vocabulary."""
        found = ngrams(words, self.n)
        mask = among(found.flat, self._grams)
        pairs = self._pairs(found.rows()[mask], found.flat[mask])
        for code, shared in zip(*np.unique(pairs, return_counts=True), strict=True):
            row, item = divmod(int(code), len(self.sizes))
            score = float(shared) / float(self.sizes[item])
            if score >= least:
                yield Overlap(row, item, score)

    def passage(self, words: Sequence[str], item: int) -> str:
        """Return the longest run of words that a text shares with an item."""
        found = ngrams(self._vocabulary.rows([words]), self.n)
        return longest_run(words, self.n, among(found.flat, self._of(item)))

    def _of(self, item: int) -> Hashes:
        found: Hashes = np.sort(self._grams[self._owners == item])
        return found

    def _pairs(self, rows: Places, grams: Hashes) -> Places:
        """Return row × items + item for each distinct n-gram that a row shares with an item."""
        order = np.lexsort((grams, rows))
        rows, grams = rows[order], grams[order]
        first = np.ones(len(rows), dtype=np.bool_)
        first[1:] = (rows[1:] != rows[:-1]) | (grams[1:] != grams[:-1])
        rows, grams = rows[first], grams[first]
        low, high = np.searchsorted(self._grams, grams), np.searchsorted(self._grams, grams, side="right")
        items = self._owners[spans(low, high)]
        return np.repeat(rows, high - low) * len(self.sizes) + items
